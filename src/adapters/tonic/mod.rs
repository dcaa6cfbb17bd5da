//! For tonic 0.14: errors as statuses, the token out of a request, an interceptor.
//!
//! The layers know no framework and guard a tonic server without this feature:
//! [`Verifier::layer`](crate::Verifier::layer) around the server or a service, [`methods`](crate::http::methods()) for what
//! single methods ask for.
//!
//! ```
//! # fn server(verifier: portcullis::Verifier) {
//! use portcullis::{http::methods, scope};
//! use tonic::transport::Server;
//!
//! let server = Server::builder()
//!     .layer(verifier.layer().grpc_details())
//!     .layer(methods().allow("/shop.Orders/Delete", scope("orders:delete")).allow_any_token("/shop.Profile/*"));
//! # let _ = server;
//! # }
//! ```
//!
//! This adds what speaks tonic's own types.
//!
//! ```
//! use portcullis::scope;
//! use portcullis::tonic::RequestExt;
//! use tonic::{Request, Response, Status};
//!
//! async fn delete(request: Request<String>) -> Result<Response<String>, Status> {
//!     let token = request.verified()?;
//!     token.require(&scope("orders:delete"))?;
//!     Ok(Response::new(format!("{} deleted {}", token.subject().unwrap_or("nobody"), request.get_ref())))
//! }
//! # let _ = delete;
//! ```
//!
//! `docs/grpc.md` has the recipes.

mod interceptor;
mod request;
mod status;

pub use interceptor::VerifierInterceptor;
pub use request::RequestExt;
pub use status::ERROR_DOMAIN;
