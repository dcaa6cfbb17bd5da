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
    let explanation = site.verifier().explain(token).await;
    serde_json::to_value(explanation).map_err(|error| error.to_string())
}
