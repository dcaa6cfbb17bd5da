//! What the Model Context Protocol asks of the authorization of a server, revision 2026-07-28: see docs/mcp.md.
//!
//! The server behind the guard is a stand-in; `examples/mcp` guards a real one.

#![cfg(all(feature = "axum", feature = "testkit"))]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may panic"
)]

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::request::Builder;
use axum::http::{Request, Response};
use axum::routing::{get, post};
use portcullis::http::{AuthLayer, Detail};
use portcullis::testkit::{Mint, TokenBuilder};
use portcullis::{Issuer, Scope, VerifiedToken, Verifier, require, scope};
use serde_json::{Value, json};
use tower::ServiceExt;

const SERVER: &str = "https://mcp.example.com/mcp";
const DOCUMENT: &str = "/.well-known/oauth-protected-resource/mcp";

static MINT: LazyLock<Mint> =
    LazyLock::new(|| Mint::builder("https://id.example.com").audience(SERVER).build());

fn verifier(audience: &str) -> Verifier {
    let issuer = Issuer::new(MINT.identifier(), MINT.jwks()).audience(audience);
    Verifier::builder().issuer(issuer).clock(MINT.clock()).build().unwrap()
}

fn named(name: &str) -> Scope {
    Scope::new(name).unwrap()
}

/// A server at this address, as docs/mcp.md sets one up.
fn server(address: &str, manner: impl FnOnce(AuthLayer) -> AuthLayer) -> Router {
    let verifier = verifier(address);
    let resource = verifier.protected_resource().unwrap().scopes([named("files:read")]);
    let guard = verifier.layer().protected_resource(&resource).challenge_scopes([named("files:read")]);
    Router::new()
        .route("/mcp", post(async |token: VerifiedToken| token.subject().unwrap().to_owned()))
        .route("/write", post(async || "written").route_layer(require(scope("files:write"))))
        .route(
            "/both",
            get(async || "both").route_layer(require(scope("files:read").and(scope("files:write")))),
        )
        .layer(manner(guard))
        .layer(resource.layer())
}

fn plain() -> Router {
    server(SERVER, |guard| guard)
}

fn token(scope: &str) -> TokenBuilder {
    MINT.token().subject("ada").scope(scope)
}

async fn sent(server: Router, request: Builder) -> Response<Body> {
    server.oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
}

fn bearing(token: &str) -> Builder {
    Request::post("/mcp").header("authorization", format!("Bearer {token}"))
}

async fn json_of(response: Response<Body>) -> Value {
    serde_json::from_slice(&to_bytes(response.into_body(), 10_000).await.unwrap()).unwrap()
}

fn challenge(response: &Response<Body>) -> BTreeMap<String, String> {
    parameters(response.headers()["www-authenticate"].to_str().unwrap())
}

/// Reads the parameters of a challenge, however its lines are folded.
fn parameters(challenge: &str) -> BTreeMap<String, String> {
    let mut rest = challenge.strip_prefix("Bearer ").unwrap().trim_start();
    let mut parameters = BTreeMap::new();
    while let Some((name, after)) = rest.split_once("=\"") {
        let (value, after) = after.split_once('"').unwrap();
        assert!(parameters.insert(name.to_owned(), value.to_owned()).is_none(), "{name} twice: {challenge}");
        rest = after.trim_start_matches([',', ' ', '\n']);
    }
    assert_eq!(rest, "");
    parameters
}

#[tokio::test]
async fn challenges_have_all_that_the_examples_of_the_specification_have() {
    // basic/authorization, "Scope Selection Strategy" and "Runtime Insufficient Scope Errors", of a server at the root.
    let unauthorized = r#"Bearer resource_metadata="https://mcp.example.com/.well-known/oauth-protected-resource",
                         scope="files:read""#;
    let forbidden = r#"Bearer error="insufficient_scope",
                         scope="files:write",
                         resource_metadata="https://mcp.example.com/.well-known/oauth-protected-resource""#;
    for detail in [Detail::Full, Detail::Code, Detail::Bare] {
        let root = || server("https://mcp.example.com", |guard| guard.detail(detail));
        let none = sent(root(), Request::post("/mcp")).await;
        let token = token("files:read").audience("https://mcp.example.com").mint();
        let less =
            sent(root(), Request::post("/write").header("authorization", format!("Bearer {token}"))).await;
        for (response, status, wanted) in [(none, 401, unauthorized), (less, 403, forbidden)] {
            assert_eq!(response.status(), status);
            let ours = challenge(&response);
            for (name, value) in parameters(wanted) {
                assert_eq!(ours.get(&name), Some(&value), "{name}");
            }
            assert_eq!(ours.contains_key("error_description"), status == 403 && detail == Detail::Full);
        }
    }
}

#[tokio::test]
async fn a_challenge_names_all_scopes_of_the_operation_at_once() {
    let request =
        Request::get("/both").header("authorization", format!("Bearer {}", token("profile").mint()));
    let response = sent(plain(), request).await;
    assert_eq!(
        (response.status().as_u16(), challenge(&response)["scope"].as_str()),
        (403, "files:read files:write")
    );
}

#[tokio::test]
async fn the_document_is_at_its_well_known_place_and_the_challenge_leads_there() {
    let refused = sent(plain(), Request::post("/mcp")).await;
    let address = challenge(&refused)["resource_metadata"].clone();
    assert_eq!(address, format!("https://mcp.example.com{DOCUMENT}"));
    let found = sent(plain(), Request::get(address.strip_prefix("https://mcp.example.com").unwrap())).await;
    assert_eq!(found.status(), 200);
    assert_eq!(found.headers()["content-type"], "application/json");
    let document = json_of(found).await;
    assert_eq!(document["resource"], SERVER);
    assert_eq!(document["authorization_servers"], json!(["https://id.example.com"]), "at least one");
    assert_eq!(document["scopes_supported"], json!(["files:read"]), "those to start with");
    // A guess at another place is no document, and its refusal leads to the right one.
    for elsewhere in ["/.well-known/oauth-protected-resource", "/.well-known/oauth-protected-resource/mcp/"] {
        let refused = sent(plain(), Request::get(elsewhere)).await;
        assert_eq!(
            (refused.status().as_u16(), challenge(&refused)["resource_metadata"].as_str()),
            (401, &*address)
        );
    }
}

#[tokio::test]
async fn a_browser_may_ask_for_the_document_with_the_version_of_the_protocol() {
    let preflight = || {
        Request::options(DOCUMENT)
            .header("origin", "https://inspector.example.com")
            .header("access-control-request-method", "GET")
            .header("access-control-request-headers", "mcp-protocol-version")
    };
    let allowed = sent(plain(), preflight()).await;
    assert_eq!(allowed.status(), 204);
    assert_eq!(allowed.headers()["access-control-allow-origin"], "*");
    assert_eq!(allowed.headers()["access-control-allow-methods"], "GET, HEAD");
    // For requests without credentials, as this one is, "*" is any header: Fetch, section 3.2.3.
    assert_eq!(allowed.headers()["access-control-allow-headers"], "*");
    assert!(!allowed.headers().contains_key("access-control-allow-credentials"));
    let asked = Request::get(DOCUMENT)
        .header("origin", "https://inspector.example.com")
        .header("mcp-protocol-version", "2026-07-28");
    assert_eq!(sent(plain(), asked).await.headers()["access-control-allow-origin"], "*");
    // The server itself is not for every page.
    let refused = sent(plain(), preflight().uri("/mcp")).await;
    assert_eq!(refused.status(), 401);
    assert!(!refused.headers().contains_key("access-control-allow-origin"));
}

#[tokio::test]
async fn only_tokens_for_this_server_are_taken() {
    let read = || token("files:read");
    assert_eq!(sent(plain(), bearing(&read().mint())).await.status(), 200);
    assert_eq!(
        sent(plain(), bearing(&read().audiences(["https://a.example", SERVER]).mint())).await.status(),
        200
    );
    for (sent_as, token, reason) in [
        ("for another API", read().audience("https://api.example.com"), "audience_mismatch"),
        ("for the host", read().audience("https://mcp.example.com"), "audience_mismatch"),
        ("for what is below", read().audience("https://mcp.example.com/mcp/tools"), "audience_mismatch"),
        ("with a slash", read().audience("https://mcp.example.com/mcp/"), "audience_mismatch"),
        ("in other case", read().audience("https://MCP.example.com/mcp"), "audience_mismatch"),
        ("for nobody", read().without("aud"), "claim_missing"),
        ("of another issuer", read().claim("iss", "https://id.example.net"), "issuer_unknown"),
        ("expired", read().expired_for(Duration::from_secs(61)), "token_expired"),
    ] {
        let response = sent(plain(), bearing(&token.mint())).await;
        let told = challenge(&response);
        let told = (response.status().as_u16(), told["error"].as_str(), told["reason"].as_str());
        assert_eq!(told, (401, "invalid_token", reason), "{sent_as}");
    }
}

#[tokio::test]
async fn every_request_needs_a_token_in_its_head() {
    let good = token("files:read").mint();
    for (sent_as, request, status) in [
        ("in the query", Request::post(format!("/mcp?access_token={good}")), 401),
        ("a session id", Request::post("/mcp").header("mcp-session-id", "3f2a"), 401),
        ("a cookie", Request::post("/mcp").header("cookie", format!("access_token={good}")), 401),
        ("twice", bearing(&good).header("authorization", format!("Bearer {good}")), 400),
        ("malformed", Request::post("/mcp").header("authorization", format!("Bearer {good} {good}")), 400),
    ] {
        let response = sent(plain(), request).await;
        assert_eq!(response.status(), status, "{sent_as}");
        let error = challenge(&response).get("error").cloned();
        assert_eq!(error.as_deref(), (status == 400).then_some("invalid_request"), "{sent_as}");
    }
}

/// The blocks of Rust in the guide.
fn blocks() -> Vec<&'static str> {
    let guide = include_str!("../docs/mcp.md").split("\n```rust,ignore\n").skip(1);
    guide.map(|rest| rest.split_once("\n```").expect("the end of a block").0).collect()
}

#[test]
fn the_guide_quotes_the_example() {
    let source = include_str!("../examples/mcp/src/server.rs").split_once("\n\n").unwrap().1;
    let service = include_str!("../examples/mcp/src/bin/service.rs");
    // The example's packages share the server by a path; a service of its own does not need one.
    let (_, main) = service.split_once("\n#[path = \"../server.rs\"]\n").unwrap();
    let blocks = blocks();
    assert_eq!(blocks.len(), 2);
    assert_eq!(blocks[0], main.trim_end());
    assert_eq!(blocks[1], source.trim_end());
}

#[test]
fn the_guide_names_tests_and_checks_that_exist() {
    let tests = include_str!("mcp.rs");
    let checks =
        [include_str!("../examples/mcp/src/way_in.rs"), include_str!("../examples/mcp/src/attempts.rs")]
            .concat();
    let rules = include_str!("../docs/mcp.md").split_once("\n## Rule by rule\n").unwrap().1;
    let rules = rules.split_once("\n## ").unwrap().0;
    let mut named = Vec::new();
    for row in rules.lines().filter(|line| line.starts_with('|')).skip(2) {
        let cell = row.trim_end_matches([' ', '|']).rsplit_once('|').unwrap().1.trim();
        assert!(cell == "-" || cell.contains(['`', '“']), "{row}");
        for test in cell.split('`').skip(1).step_by(2) {
            assert!(tests.contains(&format!("fn {test}(")), "no test {test}");
            named.push(test);
        }
        for check in cell.split('“').skip(1).map(|rest| rest.split_once('”').unwrap().0) {
            assert!(checks.contains(&format!("\"{check}")), "no check {check}");
        }
    }
    for rest in tests.split("#[tokio::test]\nasync fn ").skip(1) {
        let test = rest.split_once('(').unwrap().0;
        assert!(named.contains(&test), "the guide does not name {test}");
    }
}
