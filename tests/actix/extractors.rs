//! What handlers find in a request, and that nobody but the guard put it there.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::{Next, from_fn};
use actix_web::{App, HttpMessage as _, web};
use portcullis::http::{Anonymous, TokenSource};
use portcullis::{HealthReport, VerifiedToken, healthz};
use std::task::Poll;

use crate::house::{Sent, perhaps, routes, serve};
use crate::minting::{of_alice, token, verifier};

#[tokio::test]
async fn anonymous_is_none_where_that_will_do_and_401_elsewhere() {
    let house = serve!(App::new().configure(routes).wrap(verifier().layer().optional()));
    let good = token("orders:read orders:delete");
    assert_eq!(house.ask(&Sent::get("/perhaps")).await.brief(), (200, "anonymous"));
    for path in ["/subject", "/email", "/orders", "/delete"] {
        let answer = house.ask(&Sent::get(path)).await;
        assert_eq!(answer.status, 401, "{path}");
        assert_eq!(answer.header("www-authenticate"), r#"Bearer realm="https://api.example.com""#, "{path}");
    }
    for (path, want) in [
        ("/perhaps", "alice"),
        ("/subject", "alice"),
        ("/email", "alice@example.com"),
        ("/orders", "alice"),
        ("/delete", "gone"),
    ] {
        assert_eq!(house.ask(&Sent::get(path).bearer(&good)).await.brief(), (200, want), "{path}");
        assert_eq!(house.ask(&Sent::get(path).bearer("a.b.c")).await.brief(), (401, "token_malformed"));
    }
    let unlike = of_alice("a").claim("email", 7).mint();
    assert_eq!(house.ask(&Sent::get("/email").bearer(&unlike)).await.brief(), (401, "claims_mismatch"));
}

/// actix-web's own `Option` swallows every error, and there is no keeping it from that: what it says is never more than
/// "anonymous".
#[tokio::test]
async fn an_option_never_says_more_than_anonymous() {
    async fn option(token: Option<VerifiedToken>) -> &'static str {
        if token.is_some() { "somebody" } else { "anonymous" }
    }
    let house = serve!({
        let resource = |path: &str| web::resource(path).route(web::get().to(option));
        App::new()
            .service(resource("/unguarded"))
            .service(resource("/guarded").wrap(verifier().layer()))
            .service(resource("/optional").wrap(verifier().layer().optional()))
    });
    let good = token("a");
    for (path, none, bad, somebody) in [
        ("/unguarded", (200, "anonymous"), (200, "anonymous"), (200, "anonymous")),
        ("/guarded", (401, ""), (401, "token_malformed"), (200, "somebody")),
        ("/optional", (200, "anonymous"), (401, "token_malformed"), (200, "somebody")),
    ] {
        assert_eq!(house.ask(&Sent::get(path)).await.brief(), none, "{path}");
        assert_eq!(house.ask(&Sent::get(path).bearer("a.b.c")).await.brief(), bad, "{path}");
        assert_eq!(house.ask(&Sent::get(path).bearer(&good)).await.brief(), somebody, "{path}");
    }
}

/// Plants what only a guard may: the worst middleware there is.
async fn forge(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let Poll::Ready(Ok(token)) = verifier().verify_cached(&token("admin")) else { panic!("it is good") };
    request.extensions_mut().insert(token);
    next.call(request).await
}

#[tokio::test]
async fn a_token_that_somebody_else_planted_is_removed() {
    async fn marked(request: actix_web::HttpRequest) -> String {
        let planted = request.extensions();
        format!("{} {}", planted.contains::<VerifiedToken>(), planted.contains::<Anonymous>())
    }
    let house = serve!({
        let app =
            App::new().route("/marked", web::get().to(marked)).route("/perhaps", web::get().to(perhaps));
        app.wrap(verifier().layer().optional()).wrap(from_fn(forge))
    });
    assert_eq!(house.ask(&Sent::get("/perhaps")).await.brief(), (200, "anonymous"));
    assert_eq!(house.ask(&Sent::get("/marked")).await.brief(), (200, "false true"));
    assert_eq!(house.ask(&Sent::get("/marked").bearer(&token("a"))).await.brief(), (200, "true false"));
    // The marker of a guard outside does not outlive the one inside.
    let nested = serve!({
        let inner = web::scope("/in")
            .route("/perhaps", web::get().to(perhaps))
            .route("/marked", web::get().to(marked))
            .wrap(verifier().layer());
        let outer = verifier().layer().token_sources([TokenSource::cookie("t").unwrap()]).optional();
        App::new().service(inner).route("/perhaps", web::get().to(perhaps)).wrap(outer)
    });
    assert_eq!(nested.ask(&Sent::get("/in/marked").bearer(&token("a"))).await.brief(), (200, "true false"));
    assert_eq!(nested.ask(&Sent::get("/perhaps")).await.brief(), (200, "anonymous"));
    assert_eq!(nested.ask(&Sent::get("/in/perhaps")).await.brief(), (401, ""));
    assert_eq!(nested.ask(&Sent::get("/in/perhaps").bearer(&token("a"))).await.brief(), (200, "alice"));
}

#[tokio::test]
async fn probes_are_answered() {
    let house = serve!({
        let verifier = verifier();
        let healthz = healthz(&verifier);
        let status = move || std::future::ready(HealthReport::detailed(&verifier));
        App::new().route("/healthz", web::get().to(healthz)).route("/status", web::get().to(status))
    });
    let answer = house.ask(&Sent::get("/healthz")).await;
    assert_eq!(answer.brief(), (200, r#"{"health":"ready"}"#));
    assert_eq!(
        (answer.header("content-type"), answer.header("cache-control")),
        ("application/json", "no-store")
    );
    let detailed = house.ask(&Sent::get("/status")).await;
    assert!(detailed.body.contains("https://id.example.com"), "{}", detailed.body);
}
