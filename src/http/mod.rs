//! From a request to a decision, and from a decision to a response.
//!
//! [`AuthLayer`] guards a whole service; [`require()`] asks more of single routes behind it, [`methods()`] of
//! gRPC methods by their paths. None knows a framework: they are [`tower`](https://docs.rs/tower) layers over any request
//! body, and any response body that is `Default`.
//!
//! ```
//! use portcullis::http::{Detail, TokenSource};
//! use portcullis::{ConfigError, Verifier, require, scope};
//! use tower::ServiceBuilder;
//!
//! # fn guard(verifier: &Verifier) -> Result<(), ConfigError> {
//! // Everything after `layer()` is a choice.
//! let guard = verifier.layer()
//!     .problem_details()
//!     .detail(Detail::Code)
//!     .token_sources([TokenSource::bearer(), TokenSource::cookie("__Host-token")?]);
//! let orders = ServiceBuilder::new().layer(guard.clone()).layer(require(scope("orders:read")));
//! let front = ServiceBuilder::new().layer(guard.optional());      // those without credentials pass
//! # let _ = (orders, front);
//! # Ok(())
//! # }
//! ```
//!
//! Behind the guard the token is in the request's extensions, as a [`VerifiedToken`](crate::VerifiedToken).
//!
//! | decision | over HTTP | over gRPC |
//! |---|---|---|
//! | no `Authorization` header, or another scheme | 401, a challenge without `error` | 16 `UNAUTHENTICATED` |
//! | two `Authorization` headers, or a malformed one | 400, `invalid_request` | 16 |
//! | the token is not good | 401, `invalid_token` | 16 |
//! | the token is good and grants too little | 403, `insufficient_scope` and the scopes | 7 `PERMISSION_DENIED` |
//! | nothing can be decided, for want of keys | 503 and `Retry-After`, no challenge | 14 `UNAVAILABLE` |
//! | a route asks for a token and no layer guards it | 500 and a log line: our fault, not the caller's | 13 `INTERNAL` |
//!
//! gRPC is a `POST` of its content type; any other method is answered over HTTP, whatever type it names.
//!
//! So the status alone decides nothing about a `POST`. Where a proxy asks this service whether a request may pass ("forward
//! auth") and goes by the status, say so: [`AuthLayer::forward_auth`]. A client that names gRPC's content type would turn its
//! 401 into 200 otherwise, and be let in, where the proxy keeps the method, as Envoy's `ext_authz` does.
//!
//! A refusal is a response and not an error of the stack. It has no body unless the layer is told to write one, is not to
//! be stored by caches, and carries the typed [`Error`](crate::Error) in its extensions, for a layer outside that logs or
//! counts. A challenge with an
//! `error` also has the parameter `reason`: the stable word of [`Error::code`](crate::Error::code).
//!
//! Count refusals by that typed error and not by the status: a client chooses by its content type in which way it is
//! told, and gRPC's refusals have status 200.

mod body;
mod challenge;
mod credentials;
#[cfg(test)]
#[cfg(feature = "settings")]
mod described;
mod dialect;
mod early;
mod guard;
mod layer;
mod manner;
mod metadata;
mod methods;
mod refusal;
mod route;
mod source;

pub use body::{NoBody, Problem, ProblemDetails, RefusalBody, Refused};
pub use credentials::bearer_token;
pub use early::EarlyFuture;
pub use layer::{Anonymous, Auth, AuthLayer, ResponseFuture};
pub use manner::Detail;
pub use metadata::{Metadata, MetadataLayer, ProtectedResource};
pub use methods::{ByMethod, MethodTable, methods};
pub use refusal::refuse;
pub use route::{Require, RequireLayer, require};
pub use source::TokenSource;

#[cfg(any(feature = "actix", feature = "axum"))]
pub(crate) use dialect::Dialect;
#[cfg(feature = "actix")]
pub(crate) use guard::{Admission, Check, Denial, Finishing, Guard};
#[cfg(feature = "actix")]
pub(crate) use metadata::Page;
#[cfg(any(feature = "actix", feature = "axum"))]
pub(crate) use refusal::{Fault, Refusal};
#[cfg(feature = "actix")]
pub(crate) use refusal::{Unfinished, first_words, is_disguised};
#[cfg(feature = "tonic")]
pub(crate) use refusal::{grpc_status, grpc_words};
#[cfg(any(feature = "actix", feature = "axum"))]
pub(crate) use route::ANY_TOKEN;
#[cfg(feature = "actix")]
pub(crate) use route::Terms;
#[cfg(feature = "actix")]
pub(crate) use source::Head;
