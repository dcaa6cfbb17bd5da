//! The service: axum, one route, on a runtime of its own.

use std::net::SocketAddr;

use axum::Router;
use axum::routing::get;
use portcullis::Verifier;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

/// Dropping it ends it.
pub(crate) struct Service {
    address: SocketAddr,
    _runtime: Runtime,
}

impl Service {
    /// Listens on a loopback port, behind the layer of `verifier` if there is one.
    pub(crate) fn start(threads: usize, verifier: Option<&Verifier>) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(threads).enable_all().build().unwrap();
        let router = Router::new().route("/orders", get(async || "three orders\n"));
        let router = match verifier {
            Some(verifier) => router.layer(verifier.layer()),
            None => router,
        };
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        runtime.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, _runtime: runtime }
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }
}
