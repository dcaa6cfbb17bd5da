//! What single routes ask for, beyond a good token.

use std::fmt;
use std::task::{Context, Poll};

use http::{Request, Response};
use tower_layer::Layer;
use tower_service::Service;

use super::early::EarlyFuture;
use super::layer::Anonymous;
use super::refusal::Fault;
use crate::audit::Asked;
use crate::error::Rejection;
use crate::require::Requirement;
use crate::stripes::Spread;
use crate::verify::VerifiedToken;

/// Lets requests pass whose token meets `requirement`. For routes behind an [`AuthLayer`](super::AuthLayer).
///
/// | what the layer outside planted | answer |
/// |---|---|
/// | a token that meets the requirement | passes |
/// | a token that does not | 403 or 401, [as the requirement says](mod@crate::require#what-is-answered) |
/// | the [`Anonymous`] marker | 401, a challenge without `error` |
/// | nothing: no layer guards the route | 500 and an error in the log |
///
/// A [mistake](Requirement::mistake) in the requirement is one of the set-up: 500 for every request, and an error in the log
/// here and then.
///
/// ```
/// # #[cfg(feature = "axum")]
/// # fn app(verifier: portcullis::Verifier) -> axum::Router {
/// use axum::{Router, routing::{get, post}};
/// use portcullis::{require, scope};
///
/// # async fn list() {}
/// # async fn create() {}
/// Router::new()
///     .route("/orders", get(list).route_layer(require(scope("orders:read"))))
///     .route("/orders", post(create).route_layer(require(scope("orders:read").and(scope("orders:write")))))
///     .layer(verifier.layer())
/// # }
/// ```
#[doc(alias = "authorize")]
pub fn require(requirement: impl Into<Requirement>) -> RequireLayer {
    let requirement = requirement.into();
    if let Some(mistake) = requirement.mistake() {
        tracing::error!(%mistake, "a route asks for what cannot be and will answer 500");
    }
    RequireLayer { terms: Spread::of(|| Terms { requirement: requirement.clone() }) }
}

/// Asks more of a route's requests than a good token; made by [`require`](fn@require).
#[derive(Debug)]
#[must_use = "a layer guards nothing until it is around a service"]
pub struct RequireLayer {
    pub(crate) terms: Spread<Terms>,
}

/// A service behind a [`RequireLayer`].
#[derive(Clone, Debug)]
pub struct Require<S> {
    inner: S,
    terms: Spread<Terms>,
}

/// What a route asks for.
#[derive(Clone, Debug)]
pub(crate) struct Terms {
    pub(super) requirement: Requirement,
}

impl Clone for RequireLayer {
    fn clone(&self) -> Self {
        Self { terms: self.terms.rooted() }
    }
}

impl<S> Layer<S> for RequireLayer {
    type Service = Require<S>;

    fn layer(&self, inner: S) -> Require<S> {
        Require { inner, terms: self.terms.rooted() }
    }
}

impl Terms {
    /// # Errors
    /// Whose fault it is that the request may not pass.
    pub(crate) fn check<'a>(
        &self,
        token: Option<&VerifiedToken>,
        anonymous: impl FnOnce() -> Option<Anonymous>,
        asked: impl FnOnce() -> Asked<'a>,
    ) -> Result<(), Fault> {
        if self.requirement.mistake().is_some() {
            tracing::error!(requirement = %self.requirement, "a route asks for what cannot be");
            return Err(Fault::Wiring);
        }
        if let Some(token) = token {
            let met = self.requirement.check_for(token, asked);
            return met.map_err(|rejection| Fault::Request(rejection.into()));
        }
        Err(tokenless(anonymous(), &self.requirement, asked))
    }
}

/// What is asked for where nothing else is.
pub(crate) const ANY_TOKEN: &str = "any good token";

/// Why a request without a token may not pass where one is asked for.
pub(super) fn tokenless<'a>(
    anonymous: Option<Anonymous>,
    requirement: &dyn fmt::Display,
    asked: impl FnOnce() -> Asked<'a>,
) -> Fault {
    let Some(anonymous) = anonymous else {
        tracing::error!(%requirement, "no AuthLayer guards this route: put verifier.layer() around it");
        return Fault::Wiring;
    };
    anonymous.tell_of_requirement(requirement, asked);
    Fault::Request(Rejection::CredentialsMissing.into())
}

impl<S, B, R> Service<Request<B>> for Require<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    R: Default,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = EarlyFuture<S::Future, R>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> EarlyFuture<S::Future, R> {
        let planted = request.extensions();
        let anonymous = || planted.get().cloned();
        let asked = || Asked::of(request.method(), planted);
        match self.terms.check(planted.get(), anonymous, asked) {
            Ok(()) => EarlyFuture::running(self.inner.call(request)),
            Err(fault) => EarlyFuture::refused(fault, &request),
        }
    }
}
