//! Extractors and a health handler for axum 0.8.

mod health;

pub use health::{HealthReport, healthz};

use std::ops::Deref;
use std::sync::Arc;

use axum_core::body::Body;
use axum_core::extract::{FromRequestParts, OptionalFromRequestParts};
use axum_core::response::{IntoResponse, Response};
use http::request::Parts;
use serde::de::DeserializeOwned;

use crate::error::{Error, Rejection};
use crate::http::{Anonymous, Dialect, Fault, Refusal};
use crate::require::{Guarded, Requires, with_requirement_of};
use crate::verify::VerifiedToken;

/// The claims of a request's token in the application's own shape, as an axum extractor.
///
/// A token whose claims do not have that shape is refused: 401, `claims_mismatch`. The shape is read once for a token,
/// however many extractors ask for it. For routes behind an [`AuthLayer`](crate::http::AuthLayer) that is not optional.
///
/// ```
/// use portcullis::Claims;
///
/// #[derive(serde::Deserialize)]
/// struct User { email: String }
///
/// async fn me(Claims(user): Claims<User>) -> String {
///     format!("you are {}", user.email)
/// }
/// # let _: axum::Router = axum::Router::new().route("/me", axum::routing::get(me));
/// ```
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "taken apart in handlers, as axum's own extractors are")]
pub struct Claims<T>(pub Arc<T>);

/// Why an extractor has nothing to give; turns into the response that says so.
#[derive(Clone, Debug)]
pub struct ExtractorRefusal {
    fault: ExtractorFault,
    dialect: Dialect,
}

#[derive(Clone, Debug)]
enum ExtractorFault {
    /// No layer guards the route, or it asks for what cannot be.
    Wiring,
    /// A token is needed and a layer let the request through without one.
    Anonymous,
    Rejected(Rejection),
}

impl ExtractorRefusal {
    /// What is wrong with the request; `None` when nothing is, as the set-up of the route is.
    #[must_use]
    pub fn rejection(&self) -> Option<&Rejection> {
        match &self.fault {
            ExtractorFault::Wiring => None,
            ExtractorFault::Anonymous => Some(&Rejection::CredentialsMissing),
            ExtractorFault::Rejected(rejection) => Some(rejection),
        }
    }

    fn new(fault: ExtractorFault, parts: &Parts) -> Self {
        Self { fault, dialect: Dialect::of(&parts.method, &parts.headers) }
    }
}

impl IntoResponse for ExtractorRefusal {
    fn into_response(self) -> Response {
        let fault = match self.rejection() {
            None => Fault::Wiring,
            Some(rejection) => Fault::Request(Error::Rejected(rejection.clone())),
        };
        Refusal::new(fault, self.dialect).unfinished::<Body>()
    }
}

/// What a handler that asked more of a token answers with, by `?`; the layer outside words it as its own refusals.
///
/// ```
/// use portcullis::{Error, VerifiedToken, scope};
///
/// async fn delete(token: VerifiedToken) -> Result<&'static str, Error> {
///     token.require(&scope("orders:delete"))?;
///     Ok("gone")
/// }
/// # let _: axum::Router = axum::Router::new().route("/", axum::routing::delete(delete));
/// ```
impl IntoResponse for Error {
    fn into_response(self) -> Response {
        Refusal::of(self, Dialect::Http).unfinished::<Body>()
    }
}

/// As an [`Error`] does.
impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        Error::from(self).into_response()
    }
}

/// The token that the layer found good.
///
/// 401 when an optional layer let the request through without credentials; 500, and an error in the log, when no layer
/// guards the route.
impl<S: Sync> FromRequestParts<S> for VerifiedToken {
    type Rejection = ExtractorRefusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ExtractorRefusal> {
        planted(parts)?.map_err(|_| ExtractorRefusal::new(ExtractorFault::Anonymous, parts))
    }
}

/// `None` says that the request came without credentials past an [optional](crate::http::AuthLayer::optional) layer.
impl<S: Sync> OptionalFromRequestParts<S> for VerifiedToken {
    type Rejection = ExtractorRefusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, ExtractorRefusal> {
        planted(parts).map(Result::ok)
    }
}

impl<S, T> FromRequestParts<S> for Claims<T>
where
    S: Sync,
    T: DeserializeOwned + Send + Sync + 'static,
{
    type Rejection = ExtractorRefusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ExtractorRefusal> {
        let token = <VerifiedToken as FromRequestParts<S>>::from_request_parts(parts, state).await?;
        Self::read(&token, parts)
    }
}

/// `None` as for [`VerifiedToken`]; claims of another shape are refused.
impl<S, T> OptionalFromRequestParts<S> for Claims<T>
where
    S: Sync,
    T: DeserializeOwned + Send + Sync + 'static,
{
    type Rejection = ExtractorRefusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, ExtractorRefusal> {
        let token = planted(parts)?;
        token.ok().map(|token| Self::read(&token, parts)).transpose()
    }
}

/// A [mistake](crate::Requirement::mistake) in the requirement is one of the set-up: 500, and an error in the log.
impl<S, T> FromRequestParts<S> for Guarded<T>
where
    S: Sync,
    T: Requires,
{
    type Rejection = ExtractorRefusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ExtractorRefusal> {
        check_set_up::<T>(parts)?;
        let token = <VerifiedToken as FromRequestParts<S>>::from_request_parts(parts, state).await?;
        meets(token, parts)
    }
}

/// `None` as for [`VerifiedToken`]. A token that does not meet the requirement is refused, not overlooked: its sender would
/// be told less than what is there, without learning why.
impl<S, T> OptionalFromRequestParts<S> for Guarded<T>
where
    S: Sync,
    T: Requires,
{
    type Rejection = ExtractorRefusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, ExtractorRefusal> {
        check_set_up::<T>(parts)?;
        let token = planted(parts)?;
        token.ok().map(|token| meets(token, parts)).transpose()
    }
}

impl<T: DeserializeOwned + Send + Sync + 'static> Claims<T> {
    fn read(token: &VerifiedToken, parts: &Parts) -> Result<Self, ExtractorRefusal> {
        let mismatch = |rejection| ExtractorRefusal::new(ExtractorFault::Rejected(rejection), parts);
        token.claims().map(Self).map_err(mismatch)
    }
}

fn check_set_up<T: Requires>(parts: &Parts) -> Result<(), ExtractorRefusal> {
    let mistake = with_requirement_of::<T, _>(|requirement| requirement.mistake().cloned());
    let Some(mistake) = mistake else { return Ok(()) };
    tracing::error!(%mistake, "a handler asks for what cannot be");
    Err(ExtractorRefusal::new(ExtractorFault::Wiring, parts))
}

fn meets<T: Requires>(token: VerifiedToken, parts: &Parts) -> Result<Guarded<T>, ExtractorRefusal> {
    let unmet = |rejection| ExtractorRefusal::new(ExtractorFault::Rejected(rejection), parts);
    Guarded::check(token).map_err(unmet)
}

impl<T> Deref for Claims<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// Not derived, as `T` need not be `Clone`.
impl<T> Clone for Claims<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// What the layer left in the request: a token or the marker.
fn planted(parts: &Parts) -> Result<Result<VerifiedToken, Anonymous>, ExtractorRefusal> {
    if let Some(token) = parts.extensions.get::<VerifiedToken>() {
        return Ok(Ok(token.clone()));
    }
    if let Some(anonymous) = parts.extensions.get::<Anonymous>() {
        return Ok(Err(anonymous.clone()));
    }
    tracing::error!("an extractor wants a token and no AuthLayer guards its route");
    Err(ExtractorRefusal::new(ExtractorFault::Wiring, parts))
}
