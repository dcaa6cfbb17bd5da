//! Tokens that are good, and whatever a test wants to change about them.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde_json::{Map, Value};

use super::clock::earlier;
use super::key::SigningKey;
use super::mint::Mint;
use crate::jose::Algorithm;
use crate::time::{Clock, UnixTime};

/// A token in the making; from [`Mint::token`].
///
/// As it comes it is a perfect access token of [RFC 9068](https://www.rfc-editor.org/rfc/rfc9068): `typ` is `at+jwt`,
/// `sub` is `user-1`, `client_id` is `client-1`, `jti` differs from token to token, and it is valid for five minutes from
/// the issuer's present. Dates are in whole seconds. Of two settings of the same thing the later one counts.
///
/// ```
/// use std::time::Duration;
/// use portcullis::testkit::Mint;
///
/// let mint = Mint::new("https://id.example.com");
/// let token = mint.token().subject("ada").scope("orders:read").claim("tenant", 7).mint();
/// let expired = mint.token().expired_for(Duration::from_secs(61)).mint();
/// # assert!(token != expired);
/// ```
#[derive(Clone)]
#[must_use]
pub struct TokenBuilder {
    mint: Mint,
    now: UnixTime,
    pub(super) key: Arc<SigningKey>,
    pub(super) header: Map<String, Value>,
    pub(super) claims: Map<String, Value>,
}

impl TokenBuilder {
    pub(super) fn new(mint: Mint, number: u64) -> Self {
        let now = mint.clock().now();
        let (key, issuer, audience) =
            (mint.signing_key(), mint.identifier().to_owned(), mint.audience().to_owned());
        let token = Self { mint, now, key: Arc::clone(&key), header: Map::new(), claims: Map::new() };
        token
            .signed_by(key)
            .header("typ", "at+jwt")
            .claim("iss", issuer)
            .subject("user-1")
            .audience(audience)
            .client_id("client-1")
            .claim("jti", format!("token-{number}"))
            .issued_at(now)
            .expires_in(LIFETIME)
    }

    /// Says whom the token is about, `sub`.
    pub fn subject(self, subject: impl Into<String>) -> Self {
        self.claim("sub", subject.into())
    }

    /// Means the token for this audience alone, `aud` as a string.
    pub fn audience(self, audience: impl Into<String>) -> Self {
        self.claim("aud", audience.into())
    }

    /// Means the token for these audiences, `aud` as an array.
    pub fn audiences<A: Into<String>>(self, audiences: impl IntoIterator<Item = A>) -> Self {
        self.claim("aud", audiences.into_iter().map(Into::into).collect::<Vec<String>>())
    }

    /// Grants scopes, separated by spaces.
    pub fn scope(self, scopes: impl Into<String>) -> Self {
        self.claim("scope", scopes.into())
    }

    /// Names the client that got the token, `client_id`.
    pub fn client_id(self, client: impl Into<String>) -> Self {
        self.claim("client_id", client.into())
    }

    /// Lets the token expire this long after the issuer's present. Default: 5 min.
    pub fn expires_in(self, lifetime: Duration) -> Self {
        let exp = self.now.saturating_add(lifetime);
        self.claim("exp", exp.seconds())
    }

    /// Lets the token have expired this long ago, after a life of five minutes.
    pub fn expired_for(self, ago: Duration) -> Self {
        let exp = earlier(self.now, ago);
        self.claim("exp", exp.seconds()).issued_at(earlier(exp, LIFETIME))
    }

    /// Makes the token valid only from this long after the issuer's present, `nbf`, and for five minutes then.
    pub fn not_before_in(self, wait: Duration) -> Self {
        let nbf = self.now.saturating_add(wait);
        self.claim("nbf", nbf.seconds()).claim("exp", nbf.saturating_add(LIFETIME).seconds())
    }

    /// Dates the token, `iat`, and nothing else of it. Default: the issuer's present.
    pub fn issued_at(self, time: UnixTime) -> Self {
        self.claim("iat", time.seconds())
    }

    /// Sets a claim, whatever it is.
    ///
    /// # Panics
    /// When the value cannot be written as JSON, such as a map whose keys are not strings.
    pub fn claim(mut self, name: impl Into<String>, value: impl Serialize) -> Self {
        self.claims.insert(name.into(), json(value));
        self
    }

    /// Leaves a claim out.
    pub fn without(mut self, claim: &str) -> Self {
        self.claims.remove(claim);
        self
    }

    /// Sets a member of the header, whatever it is; the key that signs stays the same.
    ///
    /// # Panics
    /// When the value cannot be written as JSON.
    pub fn header(mut self, name: impl Into<String>, value: impl Serialize) -> Self {
        self.header.insert(name.into(), json(value));
        self
    }

    /// Leaves a member of the header out.
    pub fn without_header(mut self, name: &str) -> Self {
        self.header.remove(name);
        self
    }

    /// Signs with the newest key of the set that is for this algorithm.
    ///
    /// # Panics
    /// When there is none; [`Mint::add_key`] makes one.
    pub fn algorithm(self, algorithm: Algorithm) -> Self {
        let key = self.mint.key_for(algorithm).expect("the set has a key for the algorithm");
        self.signed_by(key)
    }

    /// Signs with the key of this id, be it in the set or withdrawn.
    ///
    /// # Panics
    /// When the issuer never had such a key.
    pub fn key(self, key_id: &str) -> Self {
        let key = self.mint.key_by_id(key_id).expect("the issuer has made a key of this id");
        self.signed_by(key)
    }

    /// The token.
    #[must_use]
    pub fn mint(self) -> String {
        sign(&text(&self.header), &text(&self.claims), &self.key)
    }

    /// Signs with this key and says so in `alg` and `kid`.
    pub(super) fn signed_by(mut self, key: Arc<SigningKey>) -> Self {
        self.key = Arc::clone(&key);
        self.header("alg", key.algorithm().name()).header("kid", key.key_id())
    }
}

/// Shows who signs and how many claims there are: they are the token's, and a test may put anything into them.
impl fmt::Debug for TokenBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenBuilder")
            .field("mint", &self.mint)
            .field("key", &self.key)
            .field("claims", &self.claims.len())
            .finish_non_exhaustive()
    }
}

/// The compact form of a header and a payload, signed.
pub(super) fn sign(header: &str, payload: &str, key: &SigningKey) -> String {
    sign_encoded(&format!("{}.{}", encode(header), encode(payload)), key)
}

/// The compact form of what is encoded already, signed.
pub(super) fn sign_encoded(input: &str, key: &SigningKey) -> String {
    format!("{input}.{}", encode(key.sign(input.as_bytes())))
}

pub(super) fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(super) fn text(members: &Map<String, Value>) -> String {
    serde_json::to_string(members).expect("a JSON object can be written")
}

fn json(value: impl Serialize) -> Value {
    serde_json::to_value(value).expect("the value can be written as JSON")
}

const LIFETIME: Duration = Duration::from_secs(300);
