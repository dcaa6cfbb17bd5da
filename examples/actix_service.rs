//! Guards an actix-web service: a public page, an optional one, and orders that need scopes.
//!
//! ```text
//! cargo run --example actix_service
//! ```
//!
//! Starts an authorization server and the service on loopback ports, sends requests, prints a line for each answer, and
//! fails if one is not as it must be.

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use actix_web::{App, HttpServer, web};
use http_body_util::{BodyExt, Empty};
use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use hyper::{Method, Request};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use portcullis::actix::MaybeVerified;
use portcullis::testkit::{Flaw, TestClock, TestIssuer};
use portcullis::{Claims, Issuer, VerifiedToken, Verifier, healthz, require, scope};
use serde::Deserialize;

const AUDIENCE: &str = "https://api.example.com";
/// To a client that sent nothing, no error is told.
const CHALLENGE: &str = r#"Bearer realm="https://api.example.com""#;

/// The claims in the application's own shape.
#[derive(Deserialize)]
struct User {
    email: String,
}

async fn me(Claims(user): Claims<User>) -> String {
    user.email.clone()
}

async fn list(token: VerifiedToken) -> String {
    format!("orders of {}", token.subject().unwrap_or("nobody"))
}

/// Asks for more once it knows what is to be deleted.
async fn delete(token: VerifiedToken, order: web::Path<u32>) -> Result<String, portcullis::Error> {
    token.require(&scope("orders:write"))?;
    Ok(format!("order {order} is gone"))
}

async fn shop(MaybeVerified(token): MaybeVerified) -> &'static str {
    if token.is_some() { "welcome back" } else { "welcome" }
}

#[actix_web::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    // An authorization server to play with; a real service has one already.
    let issuer = TestIssuer::builder().audience(AUDIENCE).clock(TestClock::system()).start().await;
    let trusted = Issuer::discover(issuer.identifier())?.audience(AUDIENCE);
    let verifier = Verifier::builder().issuer(trusted).build()?;
    verifier.ready(Duration::from_secs(5)).await?;

    let (guard, open) = (verifier.layer().problem_details(), verifier.layer().optional());
    let server = HttpServer::new(move || {
        let orders = web::scope("/orders")
            .route("", web::get().to(list))
            .route("/{order}", web::delete().to(delete))
            .wrap(require(scope("orders:read")));
        let api = web::scope("/api").route("/me", web::get().to(me)).service(orders).wrap(guard.clone());
        App::new()
            .route("/healthz", web::get().to(healthz(&verifier)))
            .service(web::resource("/shop").route(web::get().to(shop)).wrap(open.clone()))
            .service(api)
    });
    let server = server.workers(2).disable_signals().bind(("127.0.0.1", 0))?;
    let address = *server.addrs().first().ok_or("no address")?;
    actix_web::rt::spawn(server.run());

    let mint = |scopes: &str| {
        Some(issuer.token().subject("alice").claim("email", "alice@example.com").scope(scopes).mint())
    };
    let nameless = Some(issuer.token().subject("alice").scope("orders:read").mint());
    let expired = Some(issuer.token().scope("orders:read").flawed(Flaw::Expired));
    let client = Client::builder(TokioExecutor::new()).build_http::<Empty<Bytes>>();
    let mut wrong = 0;
    println!("{:44} {:>6}  answer\n{}", "request", "status", "-".repeat(105));
    for (name, method, path, token, status, want) in [
        ("a probe", Method::GET, "/healthz", None, 200, r#"{"health":"ready"}"#),
        ("the shop, without token", Method::GET, "/shop", None, 200, "welcome"),
        ("the shop, with one", Method::GET, "/shop", mint("profile"), 200, "welcome back"),
        ("the shop, with an expired one", Method::GET, "/shop", expired.clone(), 401, "token_expired"),
        ("my claims", Method::GET, "/api/me", mint("profile"), 200, "alice@example.com"),
        ("claims of another shape", Method::GET, "/api/me", nameless, 401, "claims_mismatch"),
        ("orders", Method::GET, "/api/orders", mint("orders:read"), 200, "orders of alice"),
        ("orders, without token", Method::GET, "/api/orders", None, 401, CHALLENGE),
        ("orders, without the scope", Method::GET, "/api/orders", mint("profile"), 403, "scope_missing"),
        ("orders, with an expired token", Method::GET, "/api/orders", expired, 401, "token_expired"),
        (
            "delete, to read is not enough",
            Method::DELETE,
            "/api/orders/7",
            mint("orders:read"),
            403,
            "scope_missing",
        ),
        ("delete", Method::DELETE, "/api/orders/7", mint("orders:read orders:write"), 200, "order 7 is gone"),
    ] {
        let mut request = Request::builder().method(method).uri(format!("http://{address}{path}"));
        if let Some(token) = token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        let (parts, body) = client.request(request.body(Empty::new())?).await?.into_parts();
        let body = String::from_utf8(body.collect().await?.to_bytes().to_vec())?;
        let challenge = parts.headers.get(WWW_AUTHENTICATE).map_or(Ok(""), |value| value.to_str())?;
        let reason = challenge.split_once("reason=\"").and_then(|(_, rest)| rest.split_once('"'));
        let said = match reason {
            Some((reason, _)) => reason,
            None if challenge.is_empty() => &body,
            None => challenge,
        };
        let right = parts.status == status && said == want && challenge.is_empty() == (status == 200);
        wrong += u32::from(!right);
        let verdict = if right { "ok" } else { "WRONG" };
        println!("{name:44} {:>6}  {said:44}  {verdict}", parts.status.as_u16());
    }
    println!("{}\n{wrong} answers are wrong.", "-".repeat(105));
    Ok(if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
