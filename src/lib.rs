//! Decides whether the credential on an API request is good.
//!
//! portcullis verifies JWT access tokens for Rust services: signature, issuer, audience, time, scopes. It finds the
//! issuer's keys by itself and keeps them current, survives the issuer's outages without letting anyone in, and says
//! exactly why a token was refused. It works behind any [tower](https://docs.rs/tower) service: axum, tonic, hyper; and in actix-web.
//!
#![cfg_attr(all(feature = "axum", feature = "reqwest"), doc = "```no_run")]
#![cfg_attr(not(all(feature = "axum", feature = "reqwest")), doc = "```ignore")]
//! use axum::{Router, routing::{get, post}};
//! use portcullis::{Claims, Issuer, VerifiedToken, Verifier, require, scope};
//!
//! #[derive(serde::Deserialize)]
//! struct User { email: String }
//!
//! async fn list(token: VerifiedToken) -> String {
//!     format!("orders of {}", token.subject().unwrap_or("nobody"))
//! }
//!
//! async fn create(Claims(user): Claims<User>) -> String {
//!     format!("{} ordered", user.email)
//! }
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let verifier = Verifier::builder()
//!     .issuer(Issuer::discover("https://id.example.com")?.audience("https://api.example.com"))
//!     .build()?;
//!
//! let app = Router::new()
//!     .route("/orders", get(list).route_layer(require(scope("orders:read"))))
//!     .route("/orders", post(create).route_layer(require(scope("orders:read").and(scope("orders:write")))))
//!     .layer(verifier.layer());
//!
//! axum::serve(tokio::net::TcpListener::bind("127.0.0.1:8080").await?, app).await?;
//! # Ok(())
//! # }
//! ```
//!
//! Providers that do not mark their access tokens with `typ: at+jwt` need one line more,
//! [`.profile(Profile::Lenient)`](Profile::Lenient). The refusal `type_not_allowed` tells.
//!
//! # The main types
//!
//! - [`Issuer`]: an authorization server that you trust, and the rules for its tokens. [`Profile`] says how it marks
//!   access tokens; [`keys`] where its keys come from.
//! - [`providers`]: presets for Auth0, Okta, Entra ID, Google, Firebase, Cognito, Keycloak, Zitadel, Hydra, GitHub Actions,
//!   GitLab CI and Kubernetes, and the shapes of their claims.
#![cfg_attr(
    feature = "remote",
    doc = "- [`tenants`]: issuers that a resolver of yours finds when a token names them."
)]
//! - [`Verifier`]: decides. [`verify`](Verifier::verify) is all that a service without tower needs;
//!   [`health`](Verifier::health) tells probes and [`status`](Verifier::status) operators how the keys are.
//! - [`audit`]: a record of each decision, without the token.
#![cfg_attr(
    feature = "metrics",
    doc = "- [`Metrics`]: decisions, cache and keys as numbers for the `metrics` facade."
)]
//! - [`mod@explain`]: why a token is accepted or refused, check by check, for the developer who got a 401.
//! - [`VerifiedToken`]: the evidence. Only a verifier can make one. [`SubjectHasher`] has a stand-in for its subject in logs.
//! - [`Error`]: [`Rejection`] when the token is at fault (400, 401, 403), [`Unavailable`] when nothing could be decided
//!   (503). Each has a [`code`](Error::code) that never changes. [`ConfigError`] refuses a set-up that could not be safe.
#![cfg_attr(
    feature = "tower",
    doc = "- [`http`]: the tower layer, challenges by RFC 6750, gRPC refusals, [`require()`] for routes."
)]
//! - [`mod@require`]: what a route may ask for, as values: [`scope`](scope()) and many more. [`Guarded`] has one in the
//!   signature of a handler.
#![cfg_attr(
    any(feature = "actix", feature = "axum"),
    doc = "- [`Claims`], [`Guarded`] and [`VerifiedToken`] are extractors of axum and actix-web, [`healthz`] is a handler for probes."
)]
#![cfg_attr(feature = "actix", doc = "- [`actix`]: the layers are middleware of actix-web 4 as they are.")]
#![cfg_attr(
    feature = "jsonwebtoken",
    doc = "- [`jsonwebtoken`]: what becomes of that crate's keys and rules, for services that come from there."
)]
#![cfg_attr(
    feature = "tonic",
    doc = "- [`mod@tonic`]: errors as gRPC statuses with details, [`tonic::RequestExt`], an interceptor."
)]
#![cfg_attr(
    feature = "settings",
    doc = "- [`settings`]: a verifier described by TOML, JSON or environment variables."
)]
#![cfg_attr(
    feature = "testkit",
    doc = "- [`testkit`]: an authorization server and a mint for your own tests."
)]
//!
//! Guides for axum, actix-web, gRPC, hyper and MCP, for providers, for operation and for those who come from elsewhere are in
//! [`docs`](https://github.com/portcullis-rs/portcullis/tree/HEAD/docs).
//!
//! # What is checked, in this order
//!
//! 1. at most 16 KiB, exactly three segments of canonical base64url;
//! 2. a header without repeated members and without `crit`, an algorithm of the table (`none` is not in it);
//! 3. the issuer, by exact comparison, and then by that issuer's rules the algorithm and `typ`;
//! 4. a key of that issuer, by `kid`, made for that algorithm;
//! 5. the signature, over the exact bytes received;
//! 6. `iss`, `aud`, `exp`, `nbf`, each of its JSON type, with 60 s of skew; what the [`Profile`] and the issuer's own
//!    rules ask for;
//! 7. `cnf`: a token that is bound to a key is refused, as possession is not checked;
//! 8. [revocation](revoke), if you give it a check;
//! 9. what the route [requires](mod@require): scopes, roles, claims, how and when the user authenticated.
//!
//! A token that was verified before is not verified again while its key, its issuer and the rules are the same:
//! [`VerifierBuilder::token_cache`]. Its times and its revocation are judged for every request.
//!
//! # What it does not do
//!
//! It does not issue tokens, log users in or keep sessions. It does not look for tokens in bodies, nor in cookies, WebSocket
//! protocols or query strings unless it is told to. Encrypted tokens and opaque tokens are refused. It keeps no list of
//! revoked tokens, but asks [yours](VerifierBuilder::revocation). DPoP and client certificates are not checked; a token
//! bound to a key is refused, never treated as a plain bearer token.
//!
//! # Features
//!
//! | feature | default | what it adds |
//! |---|---|---|
//! | `aws-lc` | yes | signatures by AWS-LC: every algorithm, keys parsed once; needs a C compiler |
//! | `ring` | | signatures by ring: smaller build, no ES512, ES256K, ML-DSA; both may be compiled in |
//! | `reqwest` | yes | keys over HTTPS: discovery and key set addresses |
//! | `remote` | by `reqwest` | keys that renew themselves through a client of your own, or from a file; brings in tokio |
//! | `tower` | yes | the layer, requirements on routes, challenges |
//! | `axum` | | extractors and a health handler for axum 0.8 |
//! | `jsonwebtoken` | | keys and rules of the jsonwebtoken crate, version 11, turn into ours |
//! | `settings` | | verifier, layer and requirements described by TOML, JSON or environment variables |
//! | `tonic` | | errors as `tonic::Status` with details, the token out of a request, an interceptor for tonic 0.14 |
//! | `actix` | | middleware, extractors and a health handler for actix-web 4 |
//! | `metrics` | | decisions, cache and keys as numbers for a recorder of the `metrics` facade |
//! | `testkit` | | a scriptable authorization server for tests |
//!
//! Features only add: turning one on never changes what is accepted or refused. Without any but a backend the tree holds
//! neither tokio nor reqwest nor tower, and [`Verifier::verify_cached`] judges tokens by [fixed](keys::Keys::fixed) keys.

#[cfg(any(feature = "actix", feature = "axum", feature = "jsonwebtoken", feature = "tonic"))]
mod adapters;
pub mod audit;
pub mod claims;
pub mod crypto;
mod error;
#[cfg(doctest)]
mod guides;
#[cfg(feature = "tower")]
pub mod http;
pub mod jose;
pub mod keys;
pub mod providers;
pub mod require;
pub mod revoke;
#[cfg(feature = "settings")]
pub mod settings;
mod shown;
mod stripes;
mod telemetry;
#[cfg(test)]
mod testing;
#[cfg(feature = "testkit")]
pub mod testkit;
mod time;
mod verify;

#[cfg(feature = "tower")]
#[doc(inline)]
pub use self::http::require;
#[cfg(feature = "actix")]
pub use adapters::actix;
#[cfg(feature = "jsonwebtoken")]
pub use adapters::jsonwebtoken;
#[cfg(feature = "tonic")]
pub use adapters::tonic;
#[cfg(any(feature = "actix", feature = "axum"))]
pub use adapters::{
    claims::Claims,
    extract::ExtractorRefusal,
    health::{HealthReport, healthz},
};
pub use audit::{SubjectHash, SubjectHasher};
#[doc(inline)]
pub use claims::{Profile, Scope};
pub use error::{
    ConfigError, Error, KeyError, MemberFault, Rejection, Segment, Status, TokenFault, Unavailable, Unmet,
};
#[doc(inline)]
pub use jose::{Algorithm, Jwk, JwkSet};
#[doc(inline)]
pub use require::{Guarded, Requirement, Requires, scope};
#[cfg(feature = "settings")]
#[doc(inline)]
pub use settings::{Settings, SettingsError};
#[cfg(feature = "metrics")]
pub use telemetry::Metrics;
pub use time::{Clock, SystemClock, UnixTime};
#[cfg(feature = "remote")]
pub use verify::HealthWatch;
pub use verify::explain;
#[cfg(feature = "remote")]
pub use verify::tenants;
pub use verify::{Health, Issuer, TokenCacheStatus, VerifiedToken, Verifier, VerifierBuilder};
