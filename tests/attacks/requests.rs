//! Where a token may stand in a request, what else may stand there, and what comes back.

use std::convert::Infallible;

use http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use portcullis::Algorithm::EdDSA;
use portcullis::crypto::Backend;
use portcullis::http::AuthLayer;
use portcullis::{Error, Requirement, VerifiedToken, require, scope};
use serde_json::json;
use tower::{Layer, ServiceBuilder, ServiceExt, service_fn};

use crate::support::fixture::{claims, issuer, verifier, with};
use crate::support::mint::MintKey;

/// A layer on every backend, trusting one key.
fn layers(key: &MintKey) -> Vec<AuthLayer> {
    let layer = |backend: &Backend| verifier(*backend, [issuer([key.jwk()])]).layer();
    Backend::available().iter().map(layer).collect()
}

fn request(fields: &[(HeaderName, &str)]) -> Request<String> {
    let mut request = Request::new(String::new());
    for (name, value) in fields {
        request.headers_mut().append(name, HeaderValue::from_str(value).unwrap());
    }
    request
}

/// Says whose token reached the service.
async fn who(request: Request<String>) -> Result<Response<String>, Infallible> {
    let token = request.extensions().get::<VerifiedToken>();
    Ok(Response::new(token.and_then(VerifiedToken::subject).unwrap_or("nobody").to_owned()))
}

async fn sent(layer: &AuthLayer, request: Request<String>) -> (u16, &'static str, String) {
    let response = layer.layer(service_fn(who)).oneshot(request).await.unwrap();
    let code = response.extensions().get::<Error>().map_or("ok", Error::code);
    (response.status().as_u16(), code, response.into_body())
}

fn refused(status: u16, code: &'static str) -> (u16, &'static str, String) {
    (status, code, String::new())
}

fn served(subject: &str) -> (u16, &'static str, String) {
    (200, "ok", subject.to_owned())
}

#[tokio::test]
async fn a_token_in_two_headers() {
    let key = MintKey::new(EdDSA, "a");
    let ours = format!("Bearer {}", key.token(&claims()));
    let other = format!("Bearer {}", key.token(&with("sub", json!("admin"))));
    for layer in layers(&key) {
        assert_eq!(sent(&layer, request(&[(AUTHORIZATION, &ours)])).await, served("user-1"));
        for second in [&*ours, &other, "Bearer x", "Basic dXNlcjpwYXNz", "", "DPoP x"] {
            let both = request(&[(AUTHORIZATION, &ours), (AUTHORIZATION, second)]);
            assert_eq!(sent(&layer, both).await, refused(400, "credentials_repeated"), "{second}");
            let both = request(&[(AUTHORIZATION, second), (AUTHORIZATION, &ours)]);
            assert_eq!(sent(&layer, both).await, refused(400, "credentials_repeated"), "{second}");
        }
    }
}

/// Some proxies join repeated fields by commas.
#[tokio::test]
async fn credentials_joined_by_commas() {
    let key = MintKey::new(EdDSA, "a");
    let token = key.token(&claims());
    for layer in layers(&key) {
        let alone = format!("Bearer {token}");
        assert_eq!(sent(&layer, request(&[(AUTHORIZATION, &alone)])).await, served("user-1"));
        for value in [
            format!("{alone}, {alone}"),
            format!("{alone},{alone}"),
            format!("{alone}, Basic dXNlcjpwYXNz"),
            format!("{alone},"),
            format!(",{alone}"),
            format!("Bearer {token} {token}"),
            format!("Bearer {token}, realm=\"x\""),
            format!("Bearer token=\"{token}\""),
            format!("Bearer \"{token}\""),
            format!("Bearer <{token}>"),
            format!("Bearer\t{token}"),
            format!("Bearer {token}\t"),
            format!("Bearer: {token}"),
        ] {
            let refusal = sent(&layer, request(&[(AUTHORIZATION, &value)])).await;
            assert_eq!(refusal, refused(400, "credentials_malformed"), "{value}");
        }
    }
}

/// RFC 9700, section 4.3.2: addresses end up in logs, and cookies are sent by whoever makes the browser send them.
#[tokio::test]
async fn a_token_outside_of_its_header() {
    let key = MintKey::new(EdDSA, "a");
    let (ours, other) = (key.token(&claims()), key.token(&with("sub", json!("admin"))));
    for layer in layers(&key) {
        let everywhere = |authorization: Option<&str>| {
            let mut request = request(&[
                (COOKIE, &format!("access_token={other}; Authorization=Bearer {other}")),
                (CONTENT_TYPE, "application/x-www-form-urlencoded"),
                (HeaderName::from_static("proxy-authorization"), &format!("Bearer {other}")),
                (HeaderName::from_static("x-authorization"), &format!("Bearer {other}")),
                (HeaderName::from_static("x-forwarded-access-token"), &other),
                (HeaderName::from_static("sec-websocket-protocol"), &format!("bearer, {other}")),
            ]);
            *request.uri_mut() = format!("/orders?access_token={other}&token={other}").parse().unwrap();
            *request.body_mut() = format!("access_token={other}");
            if let Some(value) = authorization {
                request.headers_mut().insert(AUTHORIZATION, HeaderValue::from_str(value).unwrap());
            }
            request
        };
        assert_eq!(sent(&layer, everywhere(None)).await, refused(401, "credentials_missing"));
        let bearer = format!("Bearer {ours}");
        assert_eq!(
            sent(&layer, everywhere(Some(&bearer))).await,
            served("user-1"),
            "the header counts alone"
        );
    }
}

/// A bound token is refused under any scheme, and a scheme that promises a proof is not served without one.
#[tokio::test]
async fn a_token_under_another_scheme() {
    let key = MintKey::new(EdDSA, "a");
    let token = key.token(&claims());
    for layer in layers(&key) {
        let any_case = format!("bEaReR {token}");
        assert_eq!(sent(&layer, request(&[(AUTHORIZATION, &any_case)])).await, served("user-1"));
        for scheme in ["DPoP", "Basic", "JWT", "Token", "Bearer2", "Bear", "GNAP", "PoP"] {
            let value = format!("{scheme} {token}");
            let refusal = sent(&layer, request(&[(AUTHORIZATION, &value)])).await;
            assert_eq!(refusal, refused(401, "scheme_unsupported"), "{scheme}");
        }
    }
}

/// What is sent back is one header of printable ASCII, whatever the realm, the scopes and the token hold.
#[tokio::test]
async fn a_header_split_through_a_challenge() {
    let key = MintKey::new(EdDSA, "a");
    let split = "x\"\r\nSet-Cookie: session=stolen\r\n\r\n<script>\u{2028}\\\", error=\"none";
    let token = key.token(&with("scope", json!(format!("orders:read {split}"))));
    for layer in layers(&key) {
        let layer = layer.realm(split);
        let route = require(scope("admin"));
        let service = ServiceBuilder::new().layer(&layer).layer(route).service(service_fn(who));
        let response =
            service.oneshot(request(&[(AUTHORIZATION, &format!("Bearer {token}"))])).await.unwrap();
        assert_eq!(response.extensions().get::<Error>().map(Error::code), Some("scope_missing"));
        let unsplit = one_challenge(response.headers());
        let want = "Bearer realm=\"x'??Set-Cookie: session=stolen????<script>?/', error='none\", \
                    error=\"insufficient_scope\", error_description=\"scope missing, needed: admin\", \
                    reason=\"scope_missing\", scope=\"admin\"";
        assert_eq!(unsplit, want);
        let passed = sent(&layer, request(&[(AUTHORIZATION, &format!("Bearer {token}"))])).await;
        assert_eq!(passed, served("user-1"));
    }
}

/// The only `WWW-Authenticate`, in a response that sets nothing else but the ban on caching.
fn one_challenge(headers: &HeaderMap) -> &str {
    let values: Vec<_> = headers.get_all(WWW_AUTHENTICATE).iter().collect();
    assert_eq!((values.len(), headers.len()), (1, 2), "{headers:?}");
    values[0].to_str().unwrap()
}

/// CVE-2019-7644 was an error that told the right signature. Nothing of a token, and nothing its sender chose, comes back.
#[tokio::test]
async fn a_refusal_that_says_too_much() {
    let (key, stranger) = (MintKey::new(EdDSA, "a"), MintKey::new(EdDSA, "marker-kid"));
    let good = key.token(&claims());
    let forged = format!("{}.{}", good.rsplit_once('.').unwrap().0, "A".repeat(86));
    for layer in layers(&key) {
        let bearer = format!("Bearer {good}");
        assert_eq!(sent(&layer, request(&[(AUTHORIZATION, &bearer)])).await, served("user-1"));
        for (token, code) in [
            (forged.clone(), "signature_invalid"),
            (stranger.token(&claims()), "key_unknown"),
            (key.token(&with("aud", json!("marker-aud"))), "audience_mismatch"),
            (key.token(&with("exp", json!("marker-exp"))), "claim_type"),
            (key.token_of_texts(r#"{"alg":"marker-alg"}"#, "{}"), "algorithm_unknown"),
            ("marker-token".to_owned(), "token_malformed"),
        ] {
            let sent = request(&[(AUTHORIZATION, &format!("Bearer {token}"))]);
            let response = layer.layer(service_fn(who)).oneshot(sent).await.unwrap();
            let error = response.extensions().get::<Error>().unwrap();
            assert_eq!(error.code(), code);
            let shown = format!("{:?} {error} {error:?} {}", response.headers(), response.body());
            for part in token.split('.').chain(good.split('.')).chain(["marker"]) {
                assert!(part.is_empty() || !shown.contains(part), "{part} in {shown}");
            }
        }
    }
}

/// Scopes are compared whole, in their own case, and split at spaces alone.
#[tokio::test]
async fn scopes_that_look_like_the_one_asked_for() {
    let key = MintKey::new(EdDSA, "a");
    let asked: Requirement = scope("orders:read");
    for layer in layers(&key) {
        let route = require(asked.clone());
        let with_scope = async |granted: &str| {
            let token = key.token(&with("scope", json!(granted)));
            let service = ServiceBuilder::new().layer(&layer).layer(&route).service(service_fn(who));
            let sent = request(&[(AUTHORIZATION, &format!("Bearer {token}"))]);
            let response = service.oneshot(sent).await.unwrap();
            response.extensions().get::<Error>().map_or("ok", Error::code)
        };
        assert_eq!(with_scope("a orders:read b").await, "ok");
        for granted in [
            "",
            "orders",
            "orders:",
            "orders:*",
            "*",
            "orders:rea",
            "orders:readonly",
            "Orders:Read",
            "orders:read\tadmin",
            "orders:read\u{a0}admin",
            "orders:read,admin",
            "orders:read\0",
            "orders:re\u{430}d",
            "xorders:read",
        ] {
            assert_eq!(with_scope(granted).await, "scope_missing", "{granted:?}");
        }
    }
}
