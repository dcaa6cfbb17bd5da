//! What only the service knows of a request.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// What a service tells the audit of a request: an extension that a middleware outside of the guard plants.
///
/// Without it events say nothing of these. All of it is what the service makes of the request: give the pattern of the
/// route and not the path, and a peer that a proxy of yours names, not any header's.
///
/// ```
/// use std::net::{IpAddr, Ipv4Addr};
/// use portcullis::audit::RequestContext;
///
/// let context = RequestContext::default()
///     .route("/orders/{id}")
///     .request_id("01J0Z3J1Z9")
///     .peer(IpAddr::V4(Ipv4Addr::LOCALHOST));
/// # #[cfg(feature = "tower")] {
/// let mut request = http::Request::new(());
/// request.extensions_mut().insert(context);
/// # }
/// ```
#[derive(Clone, Default)]
pub struct RequestContext {
    pub(super) route: Option<Arc<str>>,
    pub(super) request_id: Option<Arc<str>>,
    pub(super) peer: Option<IpAddr>,
    pub(super) peer_port: Option<u16>,
}

impl RequestContext {
    /// The pattern of the route, such as `/orders/{id}`. A path may name people, and is another one for each of them.
    #[must_use]
    pub fn route(self, pattern: impl Into<Arc<str>>) -> Self {
        Self { route: Some(pattern.into()), ..self }
    }

    /// The id that the request has in logs and traces. A client may have chosen it.
    #[must_use]
    pub fn request_id(self, id: impl Into<Arc<str>>) -> Self {
        Self { request_id: Some(id.into()), ..self }
    }

    /// The address of who sent it.
    #[must_use]
    pub fn peer(self, address: IpAddr) -> Self {
        Self { peer: Some(address), ..self }
    }

    /// The address and port of who sent it: many share an address behind a carrier's NAT.
    #[must_use]
    pub fn peer_socket(self, address: SocketAddr) -> Self {
        Self { peer: Some(address.ip()), peer_port: Some(address.port()), ..self }
    }
}

/// Shows the route alone: the rest is of the sender.
impl fmt::Debug for RequestContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestContext").field("route", &self.route).finish_non_exhaustive()
    }
}
