//! Nothing that is told of a bad token holds any of it.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use axum::routing::get;
use portcullis::http::TokenSource;
use portcullis::testkit::{Flaw, Mint};
use portcullis::{Algorithm, Error, Issuer, Jwk, Metrics, VerifiedToken, Verifier, require, scope};
use tower::ServiceExt;

use crate::recorder::Kept;
use crate::scribe::Scribe;

/// What stands in tokens and must stand nowhere else.
const SECRETS: [&str; 4] = ["alice-4711", "alice@example.com", "shop-client-0815", "t0ken-id-2342"];
const HMAC_SECRET: &[u8] = b"an HMAC secret of more than 32 bytes";

fn bad_tokens(mint: &Mint) -> Vec<(String, String)> {
    let token = || {
        mint.token()
            .subject(SECRETS[0])
            .claim("email", SECRETS[1])
            .client_id(SECRETS[2])
            .claim("jti", SECRETS[3])
    };
    let mut bad: Vec<_> = Flaw::ALL.iter().map(|flaw| (format!("{flaw:?}"), token().flawed(*flaw))).collect();
    let good = token().mint();
    let parts: Vec<_> = good.split('.').collect();
    let (header, payload, signature) = (parts[0], parts[1], parts[2]);
    let mut add = |name: &str, token: String| bad.push((name.to_owned(), token));
    add("behind a blank", format!(" {good}"));
    add("before a line's end", format!("{good}\n"));
    add("twice", format!("{good}.{good}"));
    add("header alone", header.to_owned());
    add("payload first", format!("{payload}.{header}.{signature}"));
    add("signature first", format!("{signature}.{payload}.{header}"));
    add("standard alphabet", format!("{header}.{payload}+.{signature}"));
    add("in quotes", format!("\"{good}\""));
    add("reversed", good.chars().rev().collect());
    add("no dots", good.replace('.', ""));
    add("not text", format!("{header}.{payload}.\u{fffd}{signature}"));
    add("key id of a stranger", token().header("kid", "k".repeat(300)).mint());
    add("key id with ends of lines", token().header("kid", "a\r\nx: y").mint());
    add("key id is a number", token().header("kid", 7).mint());
    add("algorithm unknown", token().header("alg", "XS256").mint());
    add("algorithm is an object", token().header("alg", serde_json::json!({"a": 1})).mint());
    add("expiry is text", token().claim("exp", "soon").mint());
    add("audience is a number", token().claim("aud", 5).mint());
    add("issuer is a list", token().claim("iss", ["https://id.example.com"]).mint());
    add("issued in the future", token().claim("iat", 1e300).mint());
    add("scope is an object", token().claim("scope", serde_json::json!({"orders": true})).mint());
    add("expired for long", token().expired_for(Duration::from_secs(1_000_000)).mint());
    add("not for years", token().not_before_in(Duration::from_secs(1_000_000_000)).mint());
    add("compressed", token().header("zip", "DEF").mint());
    add("unencoded payload", token().header("b64", false).mint());
    bad
}

/// All parts of a token that are long enough to be told from words that anybody may write.
fn pieces(token: &str) -> BTreeSet<&str> {
    let parts = token.split(['.', ' ', '"', '\n']).filter(|part| part.is_ascii() && part.len() >= 12);
    parts.flat_map(|part| (0..=part.len() - 12).step_by(4).map(move |at| &part[at..at + 12])).collect()
}

async fn subject(token: VerifiedToken) -> String {
    token.subject().map_or(0, str::len).to_string()
}

/// Sends a token in each way that the service knows; what came back, but for what HTTP itself adds.
async fn answers(app: &Router, token: &str, said: &mut String) {
    let ways = [
        ("/", "authorization", format!("Bearer {token}")),
        ("/admin", "authorization", format!("Bearer {token}")),
        ("/", "authorization", format!("bearer  {token}")),
        ("/", "authorization", format!("Basic {token}")),
        ("/", "cookie", format!("t={token}")),
    ];
    for (path, name, value) in ways {
        // What no header can hold comes no further than the server.
        let Ok(request) = Request::get(path).header(name, value).body(Body::empty()) else { continue };
        let response = app.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let error = parts.extensions.get::<Error>();
        let body = to_bytes(body, 100_000).await.unwrap();
        writeln!(
            said,
            "{:?} {error:?} {}",
            parts.headers,
            error.map(ToString::to_string).unwrap_or_default()
        )
        .unwrap();
        writeln!(said, "{}", String::from_utf8_lossy(&body)).unwrap();
    }
}

#[tokio::test]
async fn nothing_that_is_told_of_fifty_kinds_of_bad_tokens_holds_any_of_them() {
    let mint = Mint::new("https://id.example.com");
    let keyed = Mint::builder("https://hmac.example.com").build();
    let secret = Jwk::from_secret(HMAC_SECRET, Algorithm::HS256).unwrap();
    let issuers = [
        Issuer::new(mint.identifier(), mint.jwks())
            .audience(mint.audience())
            .max_token_age(Duration::from_secs(3_600)),
        Issuer::new(keyed.identifier(), secret).audience(keyed.audience()).algorithms([Algorithm::HS256]),
    ];
    let builder = issuers.into_iter().fold(Verifier::builder(), |builder, issuer| builder.issuer(issuer));
    let verifier = builder.clock(mint.clock()).metrics(Metrics::new()).build().unwrap();
    let sources = [TokenSource::bearer(), TokenSource::cookie("t").unwrap()];
    let app = Router::new()
        .route("/", get(subject))
        .route("/admin", get(subject).route_layer(require(scope("admin"))))
        .layer(verifier.layer().token_sources(sources).problem_details());
    let kept = Kept::default();
    let (scribe, _listening) = Scribe::listening();
    let (mut said, mut kinds, mut codes) = (String::new(), 0, BTreeSet::new());
    for (kind, token) in bad_tokens(&mint) {
        let before = said.len();
        let decision = verifier.verify(&token).await;
        let error = decision.expect_err(&kind);
        codes.insert(error.code());
        writeln!(said, "{error} {error:?}").unwrap();
        answers(&app, &token, &mut said).await;
        kept.hear(&verifier);
        writeln!(said, "{:#?} {verifier:?}", scribe.entries()).unwrap();
        for piece in pieces(&token) {
            assert!(!said[before..].contains(piece), "{kind}: {piece} was told");
        }
        kinds += 1;
    }
    said.extend(kept.series());
    for secret in SECRETS.iter().copied().chain([std::str::from_utf8(HMAC_SECRET).unwrap()]) {
        assert!(!said.contains(secret), "{secret} was told");
    }
    assert!(kinds >= 50 && codes.len() >= 15, "{kinds} kinds of {codes:?}");
    assert!(said.contains("token_malformed") && said.contains("portcullis_decisions_total"));
}
