//! From what somebody wishes to a token.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use portcullis::testkit::SigningKey;
use portcullis::{Algorithm, UnixTime};
use serde::{Deserialize, Serialize};

use super::lifetime;
use super::site::Defaults;

/// What a token shall say; what is left open is as the program was started.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wish {
    #[serde(default)]
    pub(super) subject: Option<String>,
    #[serde(default)]
    pub(super) client: Option<String>,
    /// An empty text grants nothing.
    #[serde(default)]
    pub(super) scope: Option<String>,
    #[serde(default)]
    pub(super) audience: Option<String>,
    #[serde(default, deserialize_with = "read_algorithm")]
    pub(super) algorithm: Option<Algorithm>,
    /// `typ` of the header; an empty text leaves it out.
    #[serde(default, rename = "type")]
    pub(super) kind: Option<String>,
    #[serde(default, rename = "lifetime")]
    pub(super) life: Life,
}

/// When a token is good.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(try_from = "String")]
pub(super) enum Life {
    #[default]
    AsStarted,
    For(Duration),
    /// It was good until an hour ago.
    Over,
}

impl TryFrom<String> for Life {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        lifetime(&text).map(Self::For)
    }
}

/// A token, and what is told beside it.
#[derive(Debug, Serialize)]
pub(super) struct Minted {
    pub(super) token: String,
    pub(super) subject: String,
    pub(super) scope: String,
    pub(super) audience: String,
    /// How long it is good, in seconds; 0 if it never is.
    pub(super) expires_in: u64,
    pub(super) algorithm: &'static str,
    pub(super) key_id: String,
}

/// A header and a payload that somebody wrote, to be signed as they are.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Draft {
    pub(super) header: String,
    pub(super) payload: String,
}

impl Draft {
    /// What the header says about key and algorithm, as far as it can be read.
    pub(super) fn hints(&self) -> (Option<String>, Option<Algorithm>) {
        #[derive(Default, Deserialize)]
        struct Hints {
            kid: Option<String>,
            alg: Option<String>,
        }
        let Hints { kid, alg } = serde_json::from_str(&self.header).unwrap_or_default();
        (kid, alg.as_deref().and_then(Algorithm::from_name))
    }

    pub(super) fn sign(&self, key: &SigningKey) -> String {
        sign(&self.header, &self.payload, key)
    }
}

/// Members in the order in which people read them.
#[derive(Serialize)]
struct Header<'a> {
    alg: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    typ: &'a str,
    kid: &'a str,
}

/// The claims of an access token by RFC 9068, section 2.2.
#[derive(Serialize)]
struct Payload<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    client_id: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    scope: &'a str,
    iat: i64,
    exp: i64,
    jti: String,
}

/// Who mints, and when.
pub(super) struct Desk<'a> {
    pub(super) identifier: &'a str,
    pub(super) defaults: &'a Defaults,
    pub(super) now: UnixTime,
    pub(super) number: u64,
}

impl Desk<'_> {
    /// # Errors
    /// The wish cannot be written as JSON.
    pub(super) fn mint(&self, wish: &Wish, key: &Arc<SigningKey>) -> Result<Minted, String> {
        let Defaults { audience, scope, subject, lifetime, .. } = self.defaults;
        let Wish { subject: wanted, client, scope: scopes, audience: other, algorithm: _, kind, life } = wish;
        let (subject, audience) = (filled(wanted, subject), filled(other, audience));
        let scope = scopes.as_deref().unwrap_or(scope);
        let lifetime = match life {
            Life::AsStarted => Some(*lifetime),
            Life::For(lifetime) => Some(*lifetime),
            Life::Over => None,
        };
        let (issued, expires) = match lifetime {
            Some(lifetime) => (self.now, self.now.saturating_add(lifetime)),
            None => (self.now.saturating_sub(2 * HOUR), self.now.saturating_sub(HOUR)),
        };
        let algorithm = key.algorithm().name();
        let header = Header { alg: algorithm, typ: kind.as_deref().unwrap_or("at+jwt"), kid: key.key_id() };
        let payload = Payload {
            iss: self.identifier,
            sub: subject,
            aud: audience,
            client_id: filled(client, DEFAULT_CLIENT),
            scope,
            iat: issued.seconds(),
            exp: expires.seconds(),
            jti: format!("{}-{}", key.key_id(), self.number),
        };
        Ok(Minted {
            token: sign(&json(&header)?, &json(&payload)?, key),
            subject: subject.to_owned(),
            scope: scope.to_owned(),
            audience: audience.to_owned(),
            expires_in: lifetime.unwrap_or_default().as_secs(),
            algorithm,
            key_id: key.key_id().to_owned(),
        })
    }
}

fn filled<'a>(wanted: &'a Option<String>, default: &'a str) -> &'a str {
    wanted.as_deref().filter(|text| !text.is_empty()).unwrap_or(default)
}

fn sign(header: &str, payload: &str, key: &SigningKey) -> String {
    let input = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
    let signature = URL_SAFE_NO_PAD.encode(key.sign(input.as_bytes()));
    format!("{input}.{signature}")
}

fn json(value: &impl Serialize) -> Result<String, String> {
    serde_json::to_string(value).map_err(|error| error.to_string())
}

fn read_algorithm<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Algorithm>, D::Error> {
    let Some(name) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
    super::algorithm(&name).map(Some).map_err(serde::de::Error::custom)
}

/// The client of tokens that nobody asked for over the token endpoint.
pub(super) const DEFAULT_CLIENT: &str = "dev-client";
const HOUR: Duration = Duration::from_secs(60 * 60);
