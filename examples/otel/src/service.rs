//! The service, with a span around each request. A service can take this file, but for its routes.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::http::Method;
use axum::response::Response;
use axum::routing::get;
use opentelemetry::propagation::TextMapPropagator as _;
use opentelemetry_http::HeaderExtractor;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use portcullis::{VerifiedToken, Verifier, require, scope};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tower_http::trace::TraceLayer;
use tracing::Span;
use tracing::field::Empty;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

/// The routes, guarded. What stands last is outermost: the request's span is open when the guard decides, so the span
/// `decision` becomes its child.
pub fn routes(verifier: &Verifier) -> Router {
    Router::new()
        .route("/orders", get(async |_: VerifiedToken| "an order"))
        .route("/refunds", get(async || "a refund").route_layer(require(scope("refunds:read"))))
        .layer(verifier.layer())
        .layer(TraceLayer::new_for_http().make_span_with(span_of).on_response(answered))
}

/// The span of a request, in the trace of its caller if there is one.
///
/// It names the route and not the address, which may hold a token (`?access_token=…`) or a user's name. `TraceLayer`'s own
/// span records the whole address. `tracestate` is continued as well, so up to 32 members of it, in the caller's words, are
/// exported: strip it at the gateway if strangers send it.
fn span_of(request: &Request) -> Span {
    let method = known(request.method());
    let route = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    let span = tracing::info_span!(
        "request",
        otel.name = route.map_or_else(|| method.to_owned(), |route| format!("{method} {route}")),
        otel.kind = "server",
        http.request.method = method,
        http.route = route,
        http.response.status_code = Empty,
    );
    let caller = TraceContextPropagator::new().extract(&HeaderExtractor(request.headers()));
    // Fails where no layer exports this span: then there is nothing to continue.
    let _ = span.set_parent(caller);
    span
}

/// A method is the caller's choice too, and attributes should have few values.
fn known(method: &Method) -> &str {
    match *method {
        Method::GET | Method::HEAD | Method::POST | Method::PUT | Method::PATCH | Method::DELETE => {
            method.as_str()
        }
        Method::OPTIONS | Method::CONNECT | Method::TRACE => method.as_str(),
        _ => "_OTHER",
    }
}

fn answered(response: &Response, _: Duration, span: &Span) {
    span.record("http.response.status_code", response.status().as_u16());
}

/// The service while it runs.
pub struct Service {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    server: JoinHandle<std::io::Result<()>>,
}

impl Service {
    /// # Errors
    /// If there is no free port.
    pub async fn start(verifier: &Verifier) -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel();
        let server = axum::serve(listener, routes(verifier)).with_graceful_shutdown(async {
            // An error says that whoever could stop it is gone, which is a reason to stop too.
            let _ = stopped.await;
        });
        Ok(Self { address, stop, server: tokio::spawn(server.into_future()) })
    }

    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes no more requests, and waits for those that it has.
    ///
    /// # Errors
    /// If the server failed.
    pub async fn stop(self) -> Result<(), Box<dyn std::error::Error>> {
        // It ended by itself: what it says then is below.
        let _ = self.stop.send(());
        Ok(self.server.await??)
    }
}
