//! Pictures of where keys come from, and tenants.

use std::sync::{Arc, Mutex};

use portcullis::keys::Keys;
use portcullis::keys::remote::{
    Fetch, FetchError, FetchFuture, FetchRequest, FetchResponse, HttpFetch, Remote,
};
use portcullis::tenants::{IssuerPattern, ResolveError, Tenant, Tenants};
use portcullis::{ConfigError, Verifier};
use serde_json::json;

use crate::album::Album;
use crate::hostile::{self, CHOSEN, ISSUER, secret, signed, with};
use crate::operators;

/// Serves one body under every address but those of metadata.
struct Hostile(String);

impl Fetch for Hostile {
    fn fetch<'f>(&'f self, request: &'f FetchRequest) -> FetchFuture<'f> {
        let metadata = format!(r#"{{"issuer":"{ISSUER}","jwks_uri":"https://id.example.com/jwks"}}"#);
        let body = if request.url().contains("/.well-known/") { metadata } else { self.0.clone() };
        Box::pin(async move { Ok(FetchResponse::new(200, body).with_header("cache-control", CHOSEN[0])) })
    }
}

/// Sources of keys after hostile answers.
pub(crate) async fn of_keys(album: &mut Album) {
    let response = FetchResponse::new(200, secret()).with_header("cache-control", CHOSEN[1]);
    album.debug("FetchResponse", &response);
    let hidden = format!("https://id.example.com/keys?code={}", CHOSEN[2]);
    album.debug("FetchRequest", &FetchRequest::new(hidden.as_str(), 1));
    album.debug("Remote", &Remote::jwks_url_with(hidden.as_str(), Hostile(String::new())).unwrap());
    album.debug("Keys", &Keys::from(Remote::jwks_url_with(hidden.as_str(), Hostile(String::new())).unwrap()));
    let errors = [
        FetchError::Connect,
        FetchError::Tls,
        FetchError::Timeout,
        FetchError::Broken,
        FetchError::TooLarge { limit: 1 },
        FetchError::Address { reason: "a reason" },
        FetchError::File(std::io::ErrorKind::NotFound),
        FetchError::Other { reason: "a reason" },
    ];
    errors.iter().for_each(|error| album.error("FetchError", error));
    match HttpFetch::new() {
        Ok(client) => album.debug("HttpFetch", &client),
        // A machine without root certificates; the loopback host needs none.
        Err(error) => {
            album.error("ConfigError", &error);
            album.put("HttpFetch", "HttpFetch { .. }".to_owned());
        }
    }
    let bad_metadata = [
        json!({"issuer": CHOSEN[3], "jwks_uri": "https://id.example.com/jwks"}),
        json!({"issuer": ISSUER, "jwks_uri": format!("https://{}@id.example.com", CHOSEN[4])}),
        json!({"issuer": [CHOSEN[4]]}),
    ];
    for metadata in bad_metadata {
        let remote = Remote::discover_with(ISSUER, Fixed(metadata.to_string())).unwrap();
        operators::statuses(album, remote).await;
    }
    for document in hostile::key_sets() {
        operators::statuses(album, Remote::discover_with(ISSUER, Hostile(document)).unwrap()).await;
    }
}

/// Tenants of a resolver that holds a secret. What is shown of one is its name, which has matched the pattern.
pub(crate) async fn of_tenants(album: &mut Album) {
    let pattern = IssuerPattern::new("https://id.example.com/{tenant}").unwrap();
    album.debug("IssuerPattern", &pattern);
    let held = secret();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let notes = Arc::clone(&seen);
    let resolver = move |tenant: Tenant| {
        let _ = held.len();
        notes.lock().unwrap().push(tenant);
        std::future::ready(Err(ResolveError::no_answer("a reason")))
    };
    let tenants = Tenants::matching(pattern, resolver);
    album.debug("Tenants", &tenants);
    let verifier = Verifier::builder().tenants(tenants).build().unwrap();
    for issuer in ["https://id.example.com/acme".to_owned(), format!("https://id.example.com/{}/", CHOSEN[0])]
    {
        let claims = with(hostile::claims(), "iss", json!(issuer));
        let error =
            verifier.verify(&signed(hostile::header().to_string(), claims.to_string())).await.unwrap_err();
        album.error("Error", &error);
    }
    album.debug("Tenant", &*seen.lock().unwrap());
    album.debug("Verifier", &verifier);
    album.error("ResolveError", &ResolveError::no_answer("a reason"));
    album.error("ResolveError", &ResolveError::from(ConfigError::NoIssuer));
    let refused =
        IssuerPattern::new(format!("https://user:{}@id.example.com/{{tenant}}", CHOSEN[1])).unwrap_err();
    album.error("ConfigError", &refused);
}

/// Serves one body under every address.
struct Fixed(String);

impl Fetch for Fixed {
    fn fetch<'f>(&'f self, _: &'f FetchRequest) -> FetchFuture<'f> {
        Box::pin(async { Ok(FetchResponse::new(200, self.0.as_str())) })
    }
}
