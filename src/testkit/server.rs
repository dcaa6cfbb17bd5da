//! The server of a test issuer: HTTP/1.1 on a loopback port.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hyper::body::Incoming;
use hyper::header::HeaderValue;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use super::answer::{Answer, ScriptedBody};
use super::mint::Mint;

/// What the server serves, and under which paths.
pub(super) struct Site {
    pub(super) mint: Mint,
    /// The path of the identifier, without a slash at its end.
    pub(super) base: String,
    pub(super) script: watch::Sender<Script>,
}

/// What a test has asked for, and what it can count.
#[derive(Default)]
pub(super) struct Script {
    pub(super) keys: Endpoint,
    pub(super) discovery: Endpoint,
    pub(super) cache_control: Option<HeaderValue>,
}

#[derive(Default)]
pub(super) struct Endpoint {
    pub(super) answer: Answer,
    pub(super) requests: u64,
}

#[derive(Clone, Copy)]
enum Document {
    Keys,
    Discovery,
}

impl Script {
    const fn endpoint(&self, document: Document) -> &Endpoint {
        match document {
            Document::Keys => &self.keys,
            Document::Discovery => &self.discovery,
        }
    }

    const fn endpoint_mut(&mut self, document: Document) -> &mut Endpoint {
        match document {
            Document::Keys => &mut self.keys,
            Document::Discovery => &mut self.discovery,
        }
    }
}

impl Site {
    async fn answer(self: Arc<Self>, request: Request<Incoming>) -> io::Result<Response<ScriptedBody>> {
        let Some(document) = self.route(request.uri().path()) else {
            return Ok(refusal(StatusCode::NOT_FOUND));
        };
        if request.method() != Method::GET {
            return Ok(refusal(StatusCode::METHOD_NOT_ALLOWED));
        }
        self.script.send_modify(|script| script.endpoint_mut(document).requests += 1);
        let mut changes = self.script.subscribe();
        // The sender lives in `self`, so waiting ends with a change or with the connection's task.
        let _ = changes.wait_for(|script| !script.endpoint(document).answer.is_hang()).await;
        let (answer, cache_control) = {
            let script = changes.borrow_and_update();
            (script.endpoint(document).answer.clone(), script.cache_control.clone())
        };
        let given = answer.clone();
        let changed = async move {
            let _ = changes.wait_for(|script| script.endpoint(document).answer != given).await;
        };
        answer.response(self.text(document), cache_control, changed)
    }

    fn route(&self, path: &str) -> Option<Document> {
        let base = &self.base;
        if path == format!("{base}/jwks") {
            Some(Document::Keys)
        } else if path == format!("{base}/.well-known/openid-configuration")
            || path == format!("/.well-known/oauth-authorization-server{base}")
        {
            Some(Document::Discovery)
        } else {
            None
        }
    }

    fn text(&self, document: Document) -> String {
        match document {
            Document::Keys => self.mint.jwks_json(),
            Document::Discovery => {
                let issuer = self.mint.identifier();
                let root = issuer.trim_end_matches('/');
                let metadata = json!({
                    "issuer": issuer,
                    "jwks_uri": format!("{root}/jwks"),
                    "authorization_endpoint": format!("{root}/authorize"),
                    "token_endpoint": format!("{root}/token"),
                    "response_types_supported": ["code"],
                    "subject_types_supported": ["public"],
                    "id_token_signing_alg_values_supported": [self.mint.signing_key().algorithm().name()],
                });
                metadata.to_string()
            }
        }
    }
}

fn refusal(status: StatusCode) -> Response<ScriptedBody> {
    let mut response = Response::new(ScriptedBody::whole(""));
    *response.status_mut() = status;
    response
}

/// A port of the loopback interface: open, or held back so that nobody else gets it.
pub(super) struct Port {
    address: SocketAddr,
    door: Mutex<Door>,
    connections: Arc<Mutex<JoinSet<()>>>,
}

enum Door {
    Open(JoinHandle<()>),
    /// Bound and not listening: connections are refused, and no other test is given the port.
    Closed(TcpSocket),
    /// Between the two.
    Moving,
}

impl Port {
    pub(super) fn reserve() -> io::Result<Self> {
        let socket = bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
        let address = socket.local_addr()?;
        Ok(Self { address, door: Mutex::new(Door::Closed(socket)), connections: Arc::default() })
    }

    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Opens the port; does nothing when it is open.
    pub(super) fn open(&self, site: &Arc<Site>) -> io::Result<()> {
        let mut door = lock(&self.door);
        let socket = match std::mem::replace(&mut *door, Door::Moving) {
            Door::Open(task) => {
                *door = Door::Open(task);
                return Ok(());
            }
            Door::Closed(socket) => socket,
            Door::Moving => bind(self.address)?,
        };
        let listener = socket.listen(BACKLOG)?;
        let accepting = accept(listener, Arc::clone(site), Arc::clone(&self.connections));
        *door = Door::Open(tokio::spawn(accepting));
        Ok(())
    }

    /// Closes the port and every connection; does nothing when it is closed.
    pub(super) async fn close(&self) -> io::Result<()> {
        let task = {
            let mut door = lock(&self.door);
            match std::mem::replace(&mut *door, Door::Moving) {
                Door::Open(task) => task,
                other => {
                    *door = other;
                    return Ok(());
                }
            }
        };
        task.abort();
        // Aborted, so the result says nothing; what counts is that the listener is gone.
        let _ = task.await;
        let mut connections = std::mem::take(&mut *lock(&self.connections));
        connections.shutdown().await;
        let socket = bind(self.address)?;
        *lock(&self.door) = Door::Closed(socket);
        Ok(())
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        if let Door::Open(task) = &*lock(&self.door) {
            task.abort();
        }
        lock(&self.connections).abort_all();
    }
}

fn bind(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    // Else connections of the past, still in TIME_WAIT, would keep the port from being opened again. On Windows the
    // option means something else.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

async fn accept(listener: TcpListener, site: Arc<Site>, connections: Arc<Mutex<JoinSet<()>>>) {
    loop {
        // An error concerns the one connection that was about to be accepted.
        let Ok((stream, _)) = listener.accept().await else { continue };
        let mut connections = lock(&connections);
        while connections.try_join_next().is_some() {}
        connections.spawn(serve(stream, Arc::clone(&site)));
    }
}

async fn serve(stream: TcpStream, site: Arc<Site>) {
    let service = service_fn(move |request| Arc::clone(&site).answer(request));
    // An error is what the test asked for, or a client that went away.
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

const BACKLOG: u32 = 1_024;
