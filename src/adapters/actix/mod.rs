//! Middleware, extractors and responses for actix-web 4.
//!
//! The layers of this crate are actix-web middleware as they stand, with all their settings:
//! [`AuthLayer`](crate::http::AuthLayer), [`RequireLayer`](crate::http::RequireLayer) and
//! [`MetadataLayer`](crate::http::MetadataLayer) go into `wrap`, of an `App`, a scope, a resource or a route. What they
//! answer is what they answer under tower, [header by header](crate::http).
//!
//! ```no_run
//! # #[cfg(feature = "reqwest")]
//! # mod service {
//! use actix_web::{App, HttpServer, web};
//! use portcullis::{Claims, Issuer, VerifiedToken, Verifier, actix::MaybeVerified, require, scope};
//!
//! #[derive(serde::Deserialize)]
//! struct User { email: String }
//!
//! async fn list(token: VerifiedToken) -> String {
//!     format!("orders of {}", token.subject().unwrap_or("nobody"))
//! }
//!
//! async fn me(Claims(user): Claims<User>) -> String {
//!     user.email.clone()
//! }
//!
//! // For routes behind a layer that is `.optional()`.
//! async fn shop(MaybeVerified(token): MaybeVerified) -> &'static str {
//!     if token.is_some() { "welcome back" } else { "welcome" }
//! }
//!
//! #[actix_web::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let verifier = Verifier::builder()
//!         .issuer(Issuer::discover("https://id.example.com")?.audience("https://api.example.com"))
//!         .build()?;
//!     let (guard, open) = (verifier.layer(), verifier.layer().optional());
//!
//!     HttpServer::new(move || {
//!         let orders = web::resource("/orders").route(web::get().to(list)).wrap(require(scope("orders:read")));
//!         App::new()
//!             .service(web::resource("/shop").route(web::get().to(shop)).wrap(open.clone()))
//!             .service(web::scope("/api").service(orders).route("/me", web::get().to(me)).wrap(guard.clone()))
//!     })
//!     .bind("127.0.0.1:8080")?
//!     .run()
//!     .await?;
//!     Ok(())
//! }
//! # }
//! ```
//!
//! Rules:
//!
//! 1. A handler that returns an [`Error`](crate::Error), a [`Rejection`](crate::Rejection) or an
//!    [`ExtractorRefusal`](crate::ExtractorRefusal) by `?` refuses the request, and the guard outside words it.
//!    The typed error is where actix-web keeps errors, in `HttpResponse::error`, and in the response's extensions. An error
//!    type of your own returns our `error_response()` from its own; the status alone has no challenge.
//! 2. For an optional route take [`MaybeVerified`]. `Option<VerifiedToken>` compiles as well, by an implementation of
//!    actix-web's own for every extractor, and turns each error into `None`: on a route that no layer guards it says
//!    "anonymous" to all, where `MaybeVerified` answers 500. It never says more than it should. The same goes for an
//!    `Option` of [`Claims`](crate::Claims) or [`Guarded`](crate::Guarded): ask `token.claims::<T>()?` or
//!    `token.require(…)?` of what `MaybeVerified` holds.
//! 3. Bodies of refusals are text: [`body`](crate::http::AuthLayer::body) takes a closure that returns a `String`.
//! 4. actix-web has `http` types of its own, of version 0.2. Of a request the guard copies what it looks at: the method,
//!    the query where a token may stand in it, and the few headers that say who is asking.
//! 5. With [`TokenSource::websocket_protocol`](crate::http::TokenSource::websocket_protocol) and with
//!    [`credentials_removed`](crate::http::AuthLayer::credentials_removed) the guard changes headers of the request. As everything in actix-web that does, it panics where a middleware outside holds a clone of the
//!    `HttpRequest`; routing behind such a middleware does so anyway.
//!
//! `docs/actix.md` has the recipes.

mod auth;
mod extract;
mod future;
mod head;
mod metadata;
mod require;
mod response;

pub use auth::AuthMiddleware;
pub use extract::MaybeVerified;
pub use future::{AuthFuture, EarlyFuture};
pub use metadata::MetadataMiddleware;
pub use require::RequireMiddleware;
