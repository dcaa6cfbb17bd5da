//! Extractors and responses for axum 0.8.

use axum_core::body::Body;
use axum_core::extract::{FromRequestParts, OptionalFromRequestParts};
use axum_core::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use http::request::Parts;
use serde::de::DeserializeOwned;

use super::claims::Claims;
use super::extract::{ExtractorFault, ExtractorRefusal, check_set_up, guarded, planted};
use super::health::HealthReport;
use crate::audit::Asked;
use crate::error::{Error, Rejection};
use crate::http::{ANY_TOKEN, Anonymous, Dialect, Refusal};
use crate::require::{Guarded, Requires};
use crate::verify::VerifiedToken;

impl IntoResponse for ExtractorRefusal {
    fn into_response(self) -> Response {
        self.into_refusal().unfinished::<Body>()
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
        found(parts)?.map_err(|anonymous| {
            anonymous.tell_of_requirement(&ANY_TOKEN, || asked(parts));
            refused(ExtractorFault::Anonymous, parts)
        })
    }
}

/// `None` says that the request came without credentials past an [optional](crate::http::AuthLayer::optional) layer.
impl<S: Sync> OptionalFromRequestParts<S> for VerifiedToken {
    type Rejection = ExtractorRefusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, ExtractorRefusal> {
        found(parts).map(Result::ok)
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
        let token = found(parts)?;
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
        check_set_up::<T>().map_err(|fault| refused(fault, parts))?;
        let token = <VerifiedToken as FromRequestParts<S>>::from_request_parts(parts, state).await?;
        guarded(token, || asked(parts)).map_err(|fault| refused(fault, parts))
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
        check_set_up::<T>().map_err(|fault| refused(fault, parts))?;
        let token = found(parts)?;
        let guarded = |token| guarded(token, || asked(parts)).map_err(|fault| refused(fault, parts));
        token.ok().map(guarded).transpose()
    }
}

/// What the audit says of the request.
fn asked(parts: &Parts) -> Asked<'_> {
    Asked::of(&parts.method, &parts.extensions)
}

impl<T: DeserializeOwned + Send + Sync + 'static> Claims<T> {
    fn read(token: &VerifiedToken, parts: &Parts) -> Result<Self, ExtractorRefusal> {
        token.claims().map(Self).map_err(|rejection| refused(ExtractorFault::Rejected(rejection), parts))
    }
}

/// What the layer left in the request: a token or the marker.
fn found(parts: &Parts) -> Result<Result<VerifiedToken, Anonymous>, ExtractorRefusal> {
    planted(parts.extensions.get(), parts.extensions.get()).map_err(|fault| refused(fault, parts))
}

fn refused(fault: ExtractorFault, parts: &Parts) -> ExtractorRefusal {
    ExtractorRefusal::new(fault, Dialect::of(&parts.method, &parts.headers))
}

impl IntoResponse for HealthReport {
    fn into_response(self) -> Response {
        let (status, body) = self.written();
        let headers = [
            (CONTENT_TYPE, HeaderValue::from_static("application/json")),
            (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        ];
        (status, headers, body).into_response()
    }
}
