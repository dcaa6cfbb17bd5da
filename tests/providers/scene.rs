//! A provider played by a script: its documents, and a token that differs from a good one in one place.

use std::sync::{Arc, LazyLock};

use portcullis::keys::remote::{Fetch, FetchFuture, FetchRequest, FetchResponse};
use portcullis::tenants::{IssuerPattern, ResolveError, Tenant, Tenants};
use portcullis::{Algorithm, ConfigError, Issuer, VerifiedToken, Verifier};
use serde_json::{Value, json};

use crate::support::fixture::NOW;
use crate::support::mint::MintKey;
use crate::support::{standing_at, vectors};

/// The provider's key, as most sign with.
pub(crate) static RSA: LazyLock<MintKey> = LazyLock::new(|| MintKey::new(Algorithm::RS256, "provider-1"));
/// In every set too, for an algorithm that is allowed by default and that no provider uses.
pub(crate) static OTHER: LazyLock<MintKey> = LazyLock::new(|| MintKey::new(Algorithm::PS256, "provider-2"));

/// A token before it is signed.
#[derive(Clone)]
pub(crate) struct Draft {
    pub(crate) header: Value,
    pub(crate) claims: Value,
    pub(crate) key: &'static LazyLock<MintKey>,
}

impl Draft {
    /// A token of this header and these claims, with the key's algorithm and id, issued a minute ago for ten.
    pub(crate) fn new(header: Value, mut claims: Value) -> Self {
        let mut header = header;
        header["alg"] = json!(RSA.algorithm.name());
        header["kid"] = json!(RSA.id);
        claims["iat"] = json!(NOW - 60);
        claims["exp"] = json!(NOW + 600);
        Self { header, claims, key: &RSA }
    }

    pub(crate) fn remove(&mut self, claim: &str) {
        self.claims.as_object_mut().unwrap().remove(claim).unwrap();
    }

    /// In place of its claims, others that the provider signs at the same time.
    pub(crate) fn replace(&mut self, claims: Value) {
        *self = Self::new(self.header.clone(), claims);
    }

    fn sign_with(&mut self, key: &'static LazyLock<MintKey>) {
        self.header["alg"] = json!(key.algorithm.name());
        self.header["kid"] = json!(key.id);
        self.key = key;
    }

    fn token(&self) -> String {
        self.key.token_of_texts(&self.header.to_string(), &self.claims.to_string())
    }
}

/// A verifier of a preset, and the token that it accepts.
pub(crate) struct Scene {
    verifier: Verifier,
    draft: Draft,
}

impl Scene {
    pub(crate) fn new(
        issuer: Result<Issuer, ConfigError>,
        documents: impl IntoIterator<Item = (&'static str, Value)>,
        draft: Draft,
    ) -> Self {
        let documents = documents.into_iter().map(|(url, document)| (url.to_owned(), document.to_string()));
        let issuer = issuer.unwrap().fetched_by(Script(documents.collect()));
        let verifier = Verifier::builder().issuer(issuer).clock(standing_at(NOW)).build().unwrap();
        Self { verifier, draft }
    }

    /// A verifier of tenants, each of them a preset, whose documents are these.
    pub(crate) fn of_tenants(
        pattern: IssuerPattern,
        preset: impl Fn(&str) -> Option<Result<Issuer, ConfigError>> + Send + Sync + 'static,
        documents: impl IntoIterator<Item = (&'static str, Value)>,
        draft: Draft,
    ) -> Self {
        let documents = documents.into_iter().map(|(url, document)| (url.to_owned(), document.to_string()));
        let script = Arc::new(Script(documents.collect()));
        let tenants = Tenants::matching(pattern, move |tenant: Tenant| {
            let issuer = tenant.parameter().and_then(&preset).transpose();
            let issuer = issuer.map(|found| found.map(|issuer| issuer.fetched_by(Arc::clone(&script))));
            async move { Ok::<_, ResolveError>(issuer?) }
        });
        let verifier = Verifier::builder().tenants(tenants).clock(standing_at(NOW)).build().unwrap();
        Self { verifier, draft }
    }

    /// The token as the provider issues it, with a change that makes no difference.
    pub(crate) async fn accepts(&self, name: &str, change: impl FnOnce(&mut Draft)) -> VerifiedToken {
        let mut draft = self.draft.clone();
        change(&mut draft);
        let decided = self.verifier.verify(&draft.token()).await;
        decided.unwrap_or_else(|error| panic!("{name}: {}, {:?}", error.code(), self.verifier.status()))
    }

    /// The token with a change for which it is refused, and exactly why.
    pub(crate) async fn refuses(&self, name: &str, code: &str, change: impl FnOnce(&mut Draft)) {
        let mut draft = self.draft.clone();
        change(&mut draft);
        let got = self.verifier.verify(&draft.token()).await.map_or_else(|error| error.code(), |_| "ok");
        assert_eq!(got, code, "{name}");
    }

    /// What no preset may let through: another issuer, another audience, none, another algorithm, an expired token.
    pub(crate) async fn refuses_the_usual(&self, other_issuer: &str) {
        self.accepts("as issued", |_| ()).await;
        self.refuses("another issuer", "issuer_unknown", |draft| draft.claims["iss"] = json!(other_issuer))
            .await;
        self.refuses("another audience", "audience_mismatch", |draft| {
            draft.claims["aud"] = json!("https://other.example.com");
        })
        .await;
        self.refuses("another algorithm", "algorithm_not_allowed", |draft| draft.sign_with(&OTHER)).await;
        self.refuses("expired", "token_expired", |draft| draft.claims["exp"] = json!(NOW - 60)).await;
        self.refuses("changed", "signature_invalid", |draft| {
            draft.key = &OTHER;
        })
        .await;
        self.refuses("a key that nobody published", "key_unknown", |draft| {
            draft.header["kid"] = json!("other")
        })
        .await;
    }

    /// What an ID token is refused for besides.
    pub(crate) async fn refuses_what_no_id_token_is(&self) {
        for (name, value) in [("scope", json!("a")), ("token_use", json!("access")), ("events", json!({}))] {
            self.refuses(name, "not_id_token", |draft| draft.claims[name] = value).await;
        }
        self.refuses("an access token", "type_not_allowed", |draft| draft.header["typ"] = json!("at+jwt"))
            .await;
        self.refuses("no subject", "claim_missing", |draft| draft.remove("sub")).await;
        self.refuses("no time of issue", "claim_missing", |draft| draft.remove("iat")).await;
        self.refuses("no audience", "claim_missing", |draft| draft.remove("aud")).await;
        self.refuses("an audience beside ours", "audience_mismatch", |draft| {
            let ours = draft.claims["aud"].take();
            let ours = ours.as_array().cloned().unwrap_or_else(|| vec![ours]);
            draft.claims["aud"] = json!([ours, vec![json!("https://other.example.com")]].concat());
        })
        .await;
    }

    /// What an access token is refused for besides.
    pub(crate) async fn refuses_id_tokens(&self) {
        for claim in ["at_hash", "c_hash"] {
            self.refuses(claim, "not_access_token", |draft| draft.claims[claim] = json!("x")).await;
        }
        self.refuses("a logout token", "type_not_allowed", |draft| draft.header["typ"] = json!("logout+jwt"))
            .await;
    }
}

/// The provider's keys: those that it really published, if we have them, and ours with members as it writes them.
pub(crate) fn jwks(real: Option<&str>, members: Value) -> Value {
    let mut keys: Vec<Value> = real
        .map(|id| row("realworld/jwks.json", id)["jwks"]["keys"].clone())
        .map_or_else(Vec::new, |keys| keys.as_array().unwrap().clone());
    for key in [&RSA, &OTHER] {
        let mut jwk = key.public_json();
        for (name, value) in members.as_object().unwrap() {
            jwk[name] = value.clone();
        }
        if !jwk["alg"].is_null() {
            jwk["alg"] = json!(key.algorithm.name());
        }
        keys.push(jwk);
    }
    json!({ "keys": keys })
}

/// A document that a provider really published.
pub(crate) fn published(id: &str) -> Value {
    row("realworld/discovery.json", id)["document"].clone()
}

fn row(file: &str, id: &str) -> Value {
    let file = vectors(file);
    file["cases"].as_array().unwrap().iter().find(|row| row["id"] == id).expect(id).clone()
}

/// Documents by address, and 404 everywhere else.
struct Script(Vec<(String, String)>);

impl Fetch for Script {
    fn fetch<'f>(&'f self, request: &'f FetchRequest) -> FetchFuture<'f> {
        let found = self.0.iter().find(|(url, _)| url == request.url());
        let response = match found {
            Some((_, document)) => FetchResponse::new(200, document.as_str()),
            None => FetchResponse::new(404, ""),
        };
        Box::pin(async move { Ok(response) })
    }
}
