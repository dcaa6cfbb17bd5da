//! The service: routes that are guarded, and one that shows the metrics.

use std::error::Error;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use portcullis::http::require;
use portcullis::require::scope;
use portcullis::{VerifiedToken, Verifier};
use tokio::net::TcpListener;

/// Installs the recorder of the process, once, before the verifier is built.
///
/// Without buckets this exporter makes a summary of a histogram, of which no quantile over several instances can be had.
/// These reach from a token that is remembered, some hundred nanoseconds, to a request that waits for keys, 2 s.
pub(crate) fn exposition() -> Result<PrometheusHandle, BuildError> {
    PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &BUCKETS)?
        .install_recorder()
}

const BUCKETS: [f64; 18] = [
    2.5e-7, 5e-7, 1e-6, 2.5e-6, 1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 5e-3, 1e-2, 5e-2, 0.1, 0.5,
    1.0, 2.5,
];

/// What `/metrics` needs.
#[derive(Clone)]
struct Shown {
    verifier: Verifier,
    exposition: PrometheusHandle,
}

/// The layer guards what was added before it; what is added behind it is open.
fn routes(verifier: &Verifier, exposition: PrometheusHandle) -> Router {
    let shown = Shown { verifier: verifier.clone(), exposition };
    Router::new()
        .route("/me", get(async |token: VerifiedToken| token.subject().unwrap_or("nobody").to_owned()))
        .route("/orders", get(async || "an order").route_layer(require(scope("orders:read"))))
        .layer(verifier.layer())
        .route("/metrics", get(metrics).with_state(shown))
}

/// In production on a port of its own, which only Prometheus reaches.
async fn metrics(State(shown): State<Shown>) -> impl IntoResponse {
    // What was counted is handed to the recorder every few seconds; now, for exact values.
    shown.verifier.publish_metrics();
    ([(CONTENT_TYPE, "text/plain; version=0.0.4")], shown.exposition.render())
}

/// What was timed is kept one by one until somebody scrapes, so a service that nobody scrapes has to sum it up by itself.
async fn keep_up(exposition: PrometheusHandle) {
    loop {
        tokio::time::sleep(Duration::from_secs(5)).await;
        exposition.run_upkeep();
    }
}

/// The service, on a port of its own.
pub(crate) struct Service {
    address: SocketAddr,
}

impl Service {
    pub(crate) async fn start(
        place: SocketAddr,
        verifier: &Verifier,
        exposition: PrometheusHandle,
    ) -> Result<Self, Box<dyn Error>> {
        let listener = TcpListener::bind(place).await?;
        let address = listener.local_addr()?;
        let routes = routes(verifier, exposition.clone());
        tokio::spawn(keep_up(exposition));
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Ok(Self { address })
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }
}
