//! Where spans go. A service can take this file as it is.
//!
//! What not to record: headers (`TraceLayer` leaves them out; keep it so), the address with its query, the body, the token.
//! Spans are kept for long, and read by many. Those of portcullis hold no token text, no claim and no user; audit events
//! name users, so they are kept out of the traces here.

use std::error::Error;

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// What becomes a span, or an event in one. Decisions are at level `DEBUG`, as one of them is made at each request, and so is
/// what a route asked of a good token: `info` alone shows neither.
pub const TRACED: &str =
    "info,portcullis::decision=debug,portcullis::requirement=debug,portcullis::audit=off";

/// What is logged. Each layer has a filter of its own, so decisions need not flood the log to be in the traces. A collector that
/// cannot be reached, or refuses, is a line of `opentelemetry` here, and nothing else tells of it.
const LOGGED: &str = "warn";

/// Installs the subscriber of the process. Without `collector` the environment says where spans go:
/// `OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4318`, to which `/v1/traces` is added; `OTEL_EXPORTER_OTLP_HEADERS` has the
/// collector's credentials, and `OTEL_TRACES_SAMPLER` which traces are kept.
///
/// The default sampler does as the caller's `traceparent` says, so a caller decides whether it is traced. That suits services
/// behind a gateway; on the open internet let the gateway set the header, or take `always_on` or `traceidratio`.
///
/// # Errors
/// If the exporter cannot be set up, or there is a subscriber already. With portcullis' feature `ring` and without `aws-lc` its
/// client finds no TLS provider: install one of rustls before.
pub fn install(collector: Option<&str>) -> Result<SdkTracerProvider, Box<dyn Error>> {
    let exporter = SpanExporter::builder().with_http();
    let exporter = match collector {
        Some(address) => exporter.with_endpoint(format!("{address}/v1/traces")),
        None => exporter,
    };
    let provider = SdkTracerProvider::builder()
        .with_batch_exporter(exporter.build()?)
        .with_resource(Resource::builder().with_service_name("orders").build())
        .build();

    let traces = tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("orders"))
        .with_location(false) // paths of the machine that compiled it
        .with_threads(false)
        .with_filter(TRACED.parse::<Targets>()?);
    let log =
        tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_filter(LOGGED.parse::<Targets>()?);
    tracing_subscriber::registry().with(traces).with(log).try_init()?;
    Ok(provider)
}

/// Sends what is left. Call it when the server has ended: the span of a request ends with its response's body.
///
/// # Errors
/// If that takes more than 5 s. What the collector refuses is lost with no more than a line in the log.
pub async fn flush(provider: SdkTracerProvider) -> Result<(), Box<dyn Error>> {
    // Waits for the collector, which must not hold up a thread of the runtime.
    tokio::task::spawn_blocking(move || provider.shutdown()).await??;
    Ok(())
}
