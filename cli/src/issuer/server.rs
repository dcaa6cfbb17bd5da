//! The port on loopback, and how much it takes.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::routes::answer;
use super::site::Site;

/// A port that is taken, and not served yet.
pub(super) struct Server {
    listener: TcpListener,
    address: SocketAddr,
}

/// Serves until it is dropped; then the port and every connection are closed.
pub(super) struct Serving {
    _tasks: JoinSet<()>,
}

impl Server {
    /// Takes a port of 127.0.0.1, of no other address.
    pub(super) async fn bind(port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn serve(self, site: Arc<Site>) -> Serving {
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(self.listener, site));
        Serving { _tasks: tasks }
    }
}

async fn accept(listener: TcpListener, site: Arc<Site>) {
    let room = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    // Owned by this task, so that they end with it.
    let mut connections = JoinSet::new();
    loop {
        let Ok(place) = Arc::clone(&room).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) => {
                let site = Arc::clone(&site);
                connections.spawn(async move {
                    serve(stream, site).await;
                    drop(place);
                });
            }
            // Out of descriptors, or a connection that went away: neither is better by trying at once.
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(stream: TcpStream, site: Arc<Site>) {
    let service = service_fn(move |request| {
        let site = Arc::clone(&site);
        async move { Ok::<_, Infallible>(answer(&site, request).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(MAX_HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    // An error is a client that went away or took too long.
    let _ = timeout(CONNECTION_TIMEOUT, connection).await;
}

/// Connections at a time: a browser opens six, and a test suite some more.
const MAX_CONNECTIONS: usize = 64;
const MAX_HEAD_BYTES: usize = 32 * 1024;
/// For the head of a request, and for a connection to be idle.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// For all of a connection; a client opens another one then.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(10 * 60);
const PAUSE: Duration = Duration::from_millis(50);
