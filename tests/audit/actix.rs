//! The same behind actix-web.

use actix_web::dev::Service as _;
use actix_web::test::{TestRequest, call_service, init_service};
use actix_web::{App, HttpMessage as _, web};
use portcullis::audit::RequestContext;
use portcullis::{Guarded, Requirement, Requires, VerifiedToken, require, scope};

use crate::stage::{audited, text, verdict};

struct Write;

impl Requires for Write {
    fn requirement() -> Requirement {
        scope("orders:write")
    }
}

/// Plants what a service knows of a request, outside of the guard.
macro_rules! served {
    ($guard:expr, $routes:expr) => {
        init_service(App::new().service($routes.wrap($guard)).wrap_fn(|request, next| {
            let context = RequestContext::default().route("/orders/{id}").request_id("req-1");
            request.extensions_mut().insert(context.peer("192.0.2.7".parse().unwrap()));
            next.call(request)
        }))
        .await
    };
}

#[actix_web::test]
async fn each_decision_is_one_event_with_its_request() {
    let (mint, verifier, book) = audited();
    let routes = || {
        web::scope("")
            .route("/free", web::get().to(|| async { "free" }))
            .route("/wanted", web::get().to(|_: VerifiedToken| async { "wanted" }))
            .route("/guarded", web::get().to(|_: Guarded<Write>| async { "guarded" }))
            .service(
                web::resource("/layered").wrap(require(scope("orders:write"))).to(|| async { "layered" }),
            )
    };
    let app = served!(verifier.layer().optional(), routes());
    let good = format!("Bearer {}", mint.token().subject("alice").scope("orders:read").mint());
    for (path, credentials, status, want) in [
        ("/free", None, 200, vec![["authentication", "anonymous", "-"]]),
        ("/free", Some(&*good), 200, vec![["authentication", "accepted", "-"]]),
        ("/free", Some("Bearer a.b.c"), 401, vec![["authentication", "refused", "token_malformed"]]),
        (
            "/wanted",
            None,
            401,
            vec![["authentication", "anonymous", "-"], ["authorization", "refused", "credentials_missing"]],
        ),
        (
            "/guarded",
            Some(&*good),
            403,
            vec![["authentication", "accepted", "-"], ["authorization", "refused", "scope_missing"]],
        ),
        (
            "/layered",
            Some(&*good),
            403,
            vec![["authentication", "accepted", "-"], ["authorization", "refused", "scope_missing"]],
        ),
        (
            "/layered",
            None,
            401,
            vec![["authentication", "anonymous", "-"], ["authorization", "refused", "credentials_missing"]],
        ),
    ] {
        let mut request = TestRequest::get().uri(path);
        if let Some(credentials) = credentials {
            request = request.insert_header(("authorization", credentials));
        }
        let response = call_service(&app, request.to_request()).await;
        assert_eq!(response.status(), status, "{path}");
        let events = book.events();
        let told: Vec<_> = events.iter().map(verdict).collect();
        assert_eq!(told, want, "{path}");
        let prints: Vec<_> = events.iter().map(|event| event.get("token_fingerprint")).collect();
        assert!(prints.iter().all(|print| *print == prints[0]), "{path}");
        for event in &events {
            let of_request = ["method", "route", "request_id", "peer"].map(|member| text(event, member));
            assert_eq!(of_request, ["GET", "/orders/{id}", "req-1", "192.0.2.7"], "{path}");
        }
    }
}

#[actix_web::test]
async fn a_credential_that_is_no_text_is_on_record() {
    let (_, verifier, book) = audited();
    let app = served!(verifier.layer(), web::scope("").route("/free", web::get().to(|| async { "free" })));
    let value = actix_web::http::header::HeaderValue::from_bytes(b"Bearer \xff").unwrap();
    let request = TestRequest::get().uri("/free").insert_header(("authorization", value)).to_request();
    assert!(call_service(&app, request).await.status().is_client_error());
    let event = book.event();
    assert_eq!(verdict(&event), ["authentication", "refused", "credentials_malformed"]);
    assert_eq!(text(&event, "request_id"), "req-1");
}
