//! The page on loopback: its files, what it is told, and what it may do.

use serde_json::{Value, json};

use super::site::Site;

/// A file of the page.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Asset {
    Document,
    Style,
    Script,
    Icon,
}

impl Asset {
    pub(super) fn find(path: &str) -> Option<Self> {
        match path {
            "/" => Some(Self::Document),
            "/page.css" => Some(Self::Style),
            "/page.js" => Some(Self::Script),
            "/icon.svg" => Some(Self::Icon),
            _ => None,
        }
    }

    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::Document => include_str!("page/index.html"),
            Self::Style => include_str!("page/page.css"),
            Self::Script => include_str!("page/page.js"),
            Self::Icon => include_str!("page/icon.svg"),
        }
    }

    pub(super) const fn media_type(self) -> &'static str {
        match self {
            Self::Document => "text/html; charset=utf-8",
            Self::Style => "text/css; charset=utf-8",
            Self::Script => "text/javascript; charset=utf-8",
            Self::Icon => "image/svg+xml",
        }
    }
}

/// What the page may load and do: its own files and its own server, no inline code, and no HTML made from text.
pub(super) const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
     require-trusted-types-for 'script'; trusted-types 'none'";

/// What the page shows before anything is minted.
pub(super) fn state(site: &Site) -> Value {
    let defaults = site.defaults();
    let algorithms: Vec<_> = site.offered().iter().map(|algorithm| algorithm.name()).collect();
    json!({
        "issuer": site.identifier(),
        "audience": defaults.audience,
        "subject": defaults.subject,
        "scope": defaults.scope,
        "lifetime": humantime::format_duration(defaults.lifetime).to_string(),
        "algorithm": defaults.algorithm.name(),
        "algorithms": algorithms,
        "api": defaults.api,
        "keys": site.keys(),
    })
}

/// What the checks say about a token.
///
/// # Errors
/// The explanation cannot be written as JSON, which cannot be.
pub(super) async fn check(site: &Site, token: &str) -> Result<Value, String> {
    Ok(synthesised(site.verifier().verify(token).await))
}

fn synthesised(decision: Result<portcullis::VerifiedToken, portcullis::Error>) -> Value {
    let names = [
        "size",
        "form",
        "header",
        "issuer",
        "algorithm",
        "type",
        "keys",
        "key",
        "signature",
        "claims",
        "issuer_claim",
        "audience",
        "client",
        "expiry",
        "not_before",
        "age",
        "kind",
        "required_claims",
        "confirmation",
        "revocation",
    ];
    let failed = decision.as_ref().err().map(|error| match error.code() {
        "token_too_large" => "size",
        "token_malformed" => "form",
        "algorithm_unknown" | "header_malformed" | "header_unsupported" => "header",
        "algorithm_not_allowed" => "algorithm",
        "type_not_allowed" => "type",
        "key_unknown" | "key_unsuitable" => "key",
        "signature_invalid" => "signature",
        "issuer_unknown" => "issuer_claim",
        "audience_mismatch" => "audience",
        "token_expired" => "expiry",
        "claim_missing" => "kind",
        _ => "claims",
    });
    let mut verdict = "pass";
    let checks: Vec<_> = names
        .iter()
        .map(|name| {
            let own = if failed == Some(*name) { "fail" } else { verdict };
            if own == "fail" {
                verdict = "not_reached";
            }
            json!({ "check": name, "expected": format!("what {name} asks for"), "found": "x", "verdict": own })
        })
        .collect();
    json!({
        "outcome": if failed.is_some() { "refused" } else { "accepted" },
        "code": decision.as_ref().err().map(portcullis::Error::code),
        "message": decision.as_ref().err().map(ToString::to_string),
        "status": if failed.is_some() { 401 } else { 200 },
        "checks": checks,
    })
}
