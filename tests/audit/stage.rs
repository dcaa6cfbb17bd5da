//! A book that events are written into, and verifiers that write.

use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Router, middleware};
use portcullis::audit::{Audit, AuditEvent, AuditSink, RequestContext};
use portcullis::testkit::Mint;
use portcullis::{Issuer, Verifier, VerifierBuilder};
use serde_json::Value;
use tower::ServiceExt;

/// Keeps the lines of events.
#[derive(Clone, Default)]
pub(crate) struct Book(Arc<Mutex<Vec<String>>>);

impl AuditSink for Book {
    fn record(&self, event: &AuditEvent<'_>) {
        self.0.lock().unwrap().push(event.to_json());
    }
}

impl Book {
    /// What came since it was asked last.
    pub(crate) fn lines(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }

    pub(crate) fn events(&self) -> Vec<Value> {
        self.lines().iter().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The one event that came since it was asked last.
    pub(crate) fn event(&self) -> Value {
        let events = self.events();
        let [event] = &events[..] else { panic!("one event, and not {events:#?}") };
        event.clone()
    }

    pub(crate) fn audit(&self) -> Audit {
        Audit::new(self.clone(), vec![7; 32]).unwrap()
    }
}

pub(crate) const ID: &str = "https://id.example.com";

pub(crate) fn builder(mint: &Mint) -> VerifierBuilder {
    let issuer = Issuer::new(mint.identifier(), mint.jwks()).audience(mint.audience());
    Verifier::builder().issuer(issuer).clock(mint.clock())
}

/// A mint, and a verifier of its tokens that writes into a book.
pub(crate) fn audited() -> (Mint, Verifier, Book) {
    let (mint, book) = (Mint::new(ID), Book::default());
    let verifier = builder(&mint).audit(book.audit()).build().unwrap();
    (mint, verifier, book)
}

/// A text of an event.
pub(crate) fn text<'e>(event: &'e Value, member: &str) -> &'e str {
    event[member].as_str().unwrap_or("-")
}

/// Kind, outcome and reason of an event.
pub(crate) fn verdict(event: &Value) -> [&str; 3] {
    ["event", "outcome", "reason"].map(|member| text(event, member))
}

/// Plants what a service knows of a request.
pub(crate) async fn plant(mut request: Request, next: middleware::Next) -> axum::response::Response {
    let context = RequestContext::default()
        .route("/orders/{id}")
        .request_id("req-1")
        .peer_socket("192.0.2.7:4711".parse().unwrap());
    request.extensions_mut().insert(context);
    next.run(request).await
}

/// A guarded service behind the middleware that plants.
pub(crate) fn app(guarded: Router) -> Router {
    guarded.layer(middleware::from_fn(plant))
}

pub(crate) fn plain(verifier: &Verifier) -> Router {
    app(Router::new().route("/orders/1", get(|| async { "orders" })).layer(verifier.layer()))
}

/// The status of the answer.
pub(crate) async fn ask(app: &Router, headers: &[(&str, &str)]) -> StatusCode {
    let mut request = http::Request::get("/orders/1");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    app.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap().status()
}

pub(crate) async fn ask_with(app: &Router, token: &str) -> StatusCode {
    ask(app, &[("authorization", &format!("Bearer {token}"))]).await
}
