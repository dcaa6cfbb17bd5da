//! Finds an issuer's key set by its metadata:
//! [OpenID Connect Discovery](https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig), then
//! [RFC 8414](https://www.rfc-editor.org/rfc/rfc8414#section-3).

use std::fmt;
use std::time::Duration;

use serde::de::{Deserializer, MapAccess, Visitor};
use thiserror::Error;

use super::address::{self, Part};
use super::attempt::{RefreshError, get};
use super::cache_control;
use super::fetch::{Fetch, FetchRequest, FetchResponse};
use crate::jose::{Names, Reading, StrictValue, Text};

/// The address of the issuer's key set.
///
/// # Errors
/// [`RefreshError`]: no answer, or metadata that does not vouch for this issuer.
pub(super) async fn jwks_uri(fetch: &dyn Fetch, issuer: &str) -> Result<String, RefreshError> {
    let first =
        read_answer(&get(fetch, &FetchRequest::new(openid_url(issuer), MAX_METADATA_BYTES)).await?, issuer);
    let Err(denial) = first else { return Ok(first?) };
    let Some(url) = oauth_url(issuer).filter(|_| denial.denies()) else { return Err(denial.into()) };
    let second = get(fetch, &FetchRequest::new(url, MAX_METADATA_BYTES)).await?;
    // Where neither is, the first denial is the one to look into.
    Ok(read_answer(&second, issuer).map_err(|error| if error.denies() { denial } else { error })?)
}

fn read_answer(response: &FetchResponse, issuer: &str) -> Result<String, DiscoveryError> {
    match response.status() {
        200 => read_metadata(response.body(), issuer),
        status => Err(DiscoveryError::Status { status, retry_after: cache_control::retry_after(response) }),
    }
}

/// OpenID Connect Discovery, section 4: appended to the identifier, less one closing slash.
fn openid_url(issuer: &str) -> String {
    format!("{}/.well-known/openid-configuration", issuer.strip_suffix('/').unwrap_or(issuer))
}

/// RFC 8414, section 3: between the host and the path, less one closing slash.
fn oauth_url(issuer: &str) -> Option<String> {
    let (scheme, rest) = issuer.split_once("://")?;
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let path = path.strip_suffix('/').unwrap_or(path);
    let slash = if path.is_empty() { "" } else { "/" };
    Some(format!("{scheme}://{authority}/.well-known/oauth-authorization-server{slash}{path}"))
}

/// The `jwks_uri` of metadata that names exactly this issuer (RFC 8414, section 3.3). It may be on another host, but an
/// issuer elsewhere may not send us to a port of our own machine, where `http` would be allowed.
fn read_metadata(json: &[u8], issuer: &str) -> Result<String, DiscoveryError> {
    let mut pass = Pass::default();
    let mut input = serde_json::Deserializer::from_slice(json);
    let outcome = input.deserialize_map(MetadataVisitor(&mut pass)).and_then(|()| input.end());
    if let Err(error) = outcome {
        return Err(match pass.reading {
            Reading { repeated: true, .. } => DiscoveryError::Repeated,
            Reading { member: Some(member), .. } if error.is_data() => DiscoveryError::Member { member },
            _ if is_page(json) => DiscoveryError::Page,
            _ => DiscoveryError::Json,
        });
    }
    let Text(named) = pass.issuer.ok_or(DiscoveryError::Member { member: "issuer" })?;
    if named != issuer {
        return Err(DiscoveryError::IssuerMismatch);
    }
    let Text(jwks_uri) = pass.jwks_uri.ok_or(DiscoveryError::Member { member: "jwks_uri" })?;
    address::check(&jwks_uri, Part::Document).map_err(|reason| DiscoveryError::JwksUri { reason })?;
    if issuer.starts_with("https://") && !jwks_uri.starts_with("https://") {
        return Err(DiscoveryError::JwksUri { reason: "the keys of an issuer on https are on https" });
    }
    Ok(jwks_uri.into_owned())
}

/// Whether this is something else from its first letter on, and not a document that is spoilt.
fn is_page(json: &[u8]) -> bool {
    json.trim_ascii_start().first() != Some(&b'{')
}

#[derive(Default)]
struct Pass<'j> {
    issuer: Option<Text<'j>>,
    jwks_uri: Option<Text<'j>>,
    reading: Reading,
}

struct MetadataVisitor<'p, 'j>(&'p mut Pass<'j>);

impl<'j> Visitor<'j> for MetadataVisitor<'_, 'j> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("authorization server metadata")
    }

    fn visit_map<A: MapAccess<'j>>(self, mut members: A) -> Result<(), A::Error> {
        let pass = self.0;
        let mut others = Names::default();
        while let Some(Text(name)) = members.next_key()? {
            match &*name {
                "issuer" => {
                    pass.reading.enter("issuer", &mut pass.issuer.is_some())?;
                    pass.issuer = Some(members.next_value()?);
                }
                "jwks_uri" => {
                    pass.reading.enter("jwks_uri", &mut pass.jwks_uri.is_some())?;
                    pass.jwks_uri = Some(members.next_value()?);
                }
                _ => {
                    pass.reading.enter_unknown(name, &mut others)?;
                    members.next_value::<StrictValue<'_>>()?;
                }
            }
        }
        Ok(())
    }
}

/// Why an issuer's metadata says nothing of its keys.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub(super) enum DiscoveryError {
    #[error("the issuer's metadata was answered with status {status}")]
    Status { status: u16, retry_after: Option<Duration> },
    #[error("the issuer's metadata is not a JSON object, but perhaps a page for people")]
    Page,
    #[error("the issuer's metadata is not a JSON object")]
    Json,
    #[error("the issuer's metadata has a member twice")]
    Repeated,
    #[error("member {member} of the issuer's metadata is missing or not a string")]
    Member { member: &'static str },
    #[error("the metadata names another issuer")]
    IssuerMismatch,
    #[error("jwks_uri refused: {reason}")]
    JwksUri { reason: &'static str },
}

impl DiscoveryError {
    /// The reason as a stable word.
    pub(super) const fn code(&self) -> &'static str {
        match self {
            Self::Status { .. } => "discovery_status",
            Self::Page | Self::Json => "discovery_not_json",
            Self::Repeated => "discovery_repeated_member",
            Self::Member { .. } => "discovery_member_missing",
            Self::IssuerMismatch => "discovery_issuer_mismatch",
            Self::JwksUri { .. } => "discovery_jwks_uri",
        }
    }

    /// Whether there seems to be no such document, so that the other is asked for: a refusal, or a page for people, as
    /// servers send that answer every address with the same application. A server in trouble is not asked twice.
    fn denies(&self) -> bool {
        match self {
            Self::Status { status, .. } => (400..500).contains(status) && !ASK_LATER.contains(status),
            Self::Page => true,
            _ => false,
        }
    }
}

/// 4xx that speak of the moment and not of the document: request timeout, too many requests.
const ASK_LATER: [u16; 2] = [408, 429];

/// Ten times what large issuers publish.
const MAX_METADATA_BYTES: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_well_known_addresses_keep_the_identifier_byte_for_byte() {
        for (issuer, openid, oauth) in [
            ("https://a.example", "https://a.example/.well-known/o", "https://a.example/.well-known/a"),
            ("https://a.example/", "https://a.example/.well-known/o", "https://a.example/.well-known/a"),
            (
                "https://a.example:8/T",
                "https://a.example:8/T/.well-known/o",
                "https://a.example:8/.well-known/a/T",
            ),
            (
                "https://a.example/t/",
                "https://a.example/t/.well-known/o",
                "https://a.example/.well-known/a/t",
            ),
            (
                "https://a.example/t//",
                "https://a.example/t//.well-known/o",
                "https://a.example/.well-known/a/t/",
            ),
        ] {
            let long = |short: &str| {
                short
                    .replace("known/o", "known/openid-configuration")
                    .replace("known/a", "known/oauth-authorization-server")
            };
            assert_eq!(openid_url(issuer), long(openid));
            assert_eq!(oauth_url(issuer), Some(long(oauth)));
        }
    }

    #[test]
    fn metadata_must_vouch_for_this_very_issuer() {
        let issuer = "https://id.example.com";
        let uri = "https://keys.example.net/jwks?v=1";
        let member = |member| Err(DiscoveryError::Member { member });
        for (json, want) in [
            (format!(r#"{{"issuer":"{issuer}","jwks_uri":"{uri}","x":[{{}}]}}"#), Ok(uri.to_owned())),
            (format!(r#"{{"issuer":"https:\/\/id.example.com","jwks_uri":"{uri}"}}"#), Ok(uri.to_owned())),
            (format!(r#"{{"issuer":"{issuer}/","jwks_uri":"{uri}"}}"#), Err(DiscoveryError::IssuerMismatch)),
            (
                format!(r#"{{"issuer":"https://ID.example.com","jwks_uri":"{uri}"}}"#),
                Err(DiscoveryError::IssuerMismatch),
            ),
            (format!(r#"{{"jwks_uri":"{uri}"}}"#), member("issuer")),
            (format!(r#"{{"issuer":null,"jwks_uri":"{uri}"}}"#), member("issuer")),
            (format!(r#"{{"issuer":["{issuer}"],"jwks_uri":"{uri}"}}"#), member("issuer")),
            (format!(r#"{{"issuer":"{issuer}"}}"#), member("jwks_uri")),
            (format!(r#"{{"issuer":"{issuer}","jwks_uri":7}}"#), member("jwks_uri")),
            (
                format!(r#"{{"issuer":"{issuer}","issuer":"{issuer}","jwks_uri":"{uri}"}}"#),
                Err(DiscoveryError::Repeated),
            ),
            (
                format!(r#"{{"issuer":"{issuer}","jwks_uri":"{uri}","a":{{"b":1,"b":1}}}}"#),
                Err(DiscoveryError::Json),
            ),
            (
                format!(r#"{{"issuer":"{issuer}","jwks_uri":"{uri}","a":1,"a":1}}"#),
                Err(DiscoveryError::Repeated),
            ),
            (format!(r#"{{"issuer":"{issuer}","jwks_uri":"{uri}"}}x"#), Err(DiscoveryError::Json)),
            ("<html>".to_owned(), Err(DiscoveryError::Page)),
            (String::new(), Err(DiscoveryError::Page)),
            ("[]".to_owned(), Err(DiscoveryError::Page)),
        ] {
            assert_eq!(read_metadata(json.as_bytes(), issuer), want, "{json}");
        }
        for uri in [
            "http://keys.example.net/",
            "http://localhost:8080/jwks",
            "https://u@keys.example.net/",
            "https://keys.example.net/#k",
            "/jwks",
        ] {
            let json = format!(r#"{{"issuer":"{issuer}","jwks_uri":"{uri}"}}"#);
            let code = read_metadata(json.as_bytes(), issuer).map_err(|error| error.code());
            assert_eq!(code, Err("discovery_jwks_uri"), "{uri}");
        }
        let (issuer, uri) = ("http://localhost:8080", "http://localhost:8080/jwks");
        let json = format!(r#"{{"issuer":"{issuer}","jwks_uri":"{uri}"}}"#);
        assert_eq!(read_metadata(json.as_bytes(), issuer), Ok(uri.to_owned()));
    }
}
