//! Server-sent events behind the layer. Browsers' `EventSource` can send no headers, so the token comes in a cookie, and
//! what comes from other sites is turned away. The stream ends when the token does.
//!
//! ```text
//! cargo run --example axum_sse
//! ```
//!
//! Starts an authorization server and the service on loopback ports, listens in every way, prints a line for each, and
//! fails if any answer is not as it must be.

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::convert::Infallible;
use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures_util::stream::{self, Stream, StreamExt};
use portcullis::http::TokenSource;
use portcullis::testkit::{TestClock, TestIssuer};
use portcullis::{Issuer, VerifiedToken, Verifier, require, scope};

const AUDIENCE: &str = "https://orders.example.com";
/// Set by whoever logs users in, with `HttpOnly; Secure; SameSite=Strict; Path=/`.
const COOKIE: &str = "__Host-token";

/// Browsers add cookies to requests that other sites make them send. They also say so, in a header that pages cannot
/// change; what has none is no browser, or one that is too old to be let in by a cookie.
async fn same_site(request: Request, next: Next) -> Response {
    match request.headers().get("sec-fetch-site").map(|site| site.as_bytes()) {
        Some(b"same-origin") => next.run(request).await,
        _ => StatusCode::FORBIDDEN.into_response(),
    }
}

/// The guard has seen the request and nothing after it, so the stream must not outlive the token. `EventSource` connects
/// anew by itself when a stream ends, and is told 401 if there is no new cookie by then.
async fn orders(token: VerifiedToken) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let left = token.time_left();
    let name = token.subject().unwrap_or("nobody").to_owned();
    let events = stream::unfold(1_u32, move |number| {
        let event = Event::default().id(number.to_string()).data(format!("order {number} of {name}"));
        async move {
            // Orders do not come more often.
            let pause = if number == 1 { Duration::ZERO } else { Duration::from_millis(400) };
            tokio::time::sleep(pause).await;
            Some((Ok(event), number.saturating_add(1)))
        }
    });
    Sse::new(events.take_until(tokio::time::sleep(left))).keep_alive(KeepAlive::default())
}

fn routes(verifier: &Verifier) -> Result<Router, Box<dyn Error>> {
    let guard = verifier.layer().token_sources([TokenSource::cookie(COOKIE)?]);
    Ok(Router::new()
        .route("/orders", get(orders).route_layer(require(scope("orders:read"))))
        .layer(guard)
        .layer(from_fn(same_site)))
}

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    // An authorization server to play with; a real service has one already.
    let server = TestIssuer::builder().audience(AUDIENCE).clock(TestClock::system()).start().await;
    let issuer = Issuer::discover(server.identifier())?.audience(AUDIENCE);
    let verifier = Verifier::builder().issuer(issuer).build()?;
    verifier.ready(Duration::from_secs(5)).await?;

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = format!("http://{}/orders", listener.local_addr()?);
    let routes = routes(&verifier)?;
    tokio::spawn(async move { axum::serve(listener, routes).await });

    let alice = || server.token().subject("alice").scope("orders:read");
    let cookie = |token: String| Some(format!("theme=dark; {COOKIE}={token}"));
    let late = alice().expired_for(Duration::from_secs(600)).mint();
    let short = alice().expires_in(Duration::from_secs(2)).mint();
    let here = Some("same-origin");
    let mut wrong = 0;
    for (what, cookie, site, want) in [
        ("a page of our own", cookie(alice().mint()), here, "200, order 1 of alice"),
        ("a page of another site", cookie(alice().mint()), Some("cross-site"), "403"),
        ("a neighbouring host", cookie(alice().mint()), Some("same-site"), "403"),
        ("no word on where from", cookie(alice().mint()), None, "403"),
        ("no cookie", None, here, "401"),
        ("an expired token", cookie(late), here, "401 token_expired"),
        ("a token without the scope", cookie(server.token().mint()), here, "403 scope_missing"),
        ("a token that ends meanwhile", cookie(short), here, "200, order 1 of alice, the end"),
    ] {
        let got = listen(&address, cookie, site, what.ends_with("meanwhile")).await?;
        let verdict = if got == want { "ok" } else { "WRONG" };
        wrong += usize::from(got != want);
        println!("{what:28} -> {got:34} {verdict}");
    }
    Ok(if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The status, with the reason of a refusal or the first event, and whether the stream ended by itself.
async fn listen(
    address: &str,
    cookie: Option<String>,
    site: Option<&str>,
    to_the_end: bool,
) -> Result<String, Box<dyn Error>> {
    let mut request = reqwest::Client::builder().no_proxy().build()?.get(address);
    for (name, value) in [("cookie", cookie.as_deref()), ("sec-fetch-site", site)] {
        if let Some(value) = value {
            request = request.header(name, value);
        }
    }
    let mut response = request.send().await?;
    let status = response.status().as_u16();
    if status != 200 {
        let challenge = response.headers().get("www-authenticate").map_or(Ok(""), |value| value.to_str())?;
        let reason = challenge.split_once("reason=\"").and_then(|(_, rest)| rest.split_once('"'));
        return Ok(reason.map_or(status.to_string(), |(reason, _)| format!("{status} {reason}")));
    }
    let first = response.chunk().await?.unwrap_or_default();
    let first = String::from_utf8_lossy(&first).into_owned();
    let data = first.lines().find_map(|line| line.strip_prefix("data: ")).unwrap_or("no event");
    if !to_the_end {
        return Ok(format!("{status}, {data}"));
    }
    while response.chunk().await?.is_some() {}
    Ok(format!("{status}, {data}, the end"))
}
