//! What single routes ask for, beyond a good token.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::{Request, Response};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use super::dialect::Dialect;
use super::layer::Anonymous;
use super::refusal::{Fault, Refusal};
use crate::error::Rejection;
use crate::require::Requirement;
use crate::stripes::Spread;
use crate::verify::VerifiedToken;

/// Lets requests pass whose token meets `requirement`. For routes behind an [`AuthLayer`](super::AuthLayer).
///
/// | what the layer outside planted | answer |
/// |---|---|
/// | a token that meets the requirement | passes |
/// | a token that does not | 403, `insufficient_scope` with the scopes that would do |
/// | the [`Anonymous`] marker | 401, a challenge without `error` |
/// | nothing: no layer guards the route | 500 and an error in the log |
///
/// A [misnamed scope](Requirement::misnamed_scope) in the requirement is a mistake in the set-up as well: 500 for every
/// request, and an error in the log here and then.
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
pub fn require(requirement: impl Into<Requirement>) -> RequireLayer {
    let requirement = requirement.into();
    if let Some(name) = requirement.misnamed_scope() {
        tracing::error!(scope = name, "a route asks for a scope that cannot exist and will answer 500");
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
    requirement: Requirement,
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
    pub(crate) fn check(
        &self,
        token: Option<&VerifiedToken>,
        is_anonymous: impl FnOnce() -> bool,
    ) -> Result<(), Fault> {
        if self.requirement.misnamed_scope().is_some() {
            tracing::error!(requirement = %self.requirement, "a route asks for a scope that cannot exist");
            return Err(Fault::Wiring);
        }
        if let Some(token) = token {
            let met = self.requirement.check(token);
            return met.map_err(|rejection| Fault::Request(rejection.into()));
        }
        if !is_anonymous() {
            tracing::error!(requirement = %self.requirement, "no AuthLayer guards this route");
            return Err(Fault::Wiring);
        }
        Err(Fault::Request(Rejection::CredentialsMissing.into()))
    }
}

impl<S, B, R> Service<Request<B>> for Require<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    R: Default,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = RequireFuture<S::Future, R>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> RequireFuture<S::Future, R> {
        let planted = request.extensions();
        let is_anonymous = || planted.get::<Anonymous>().is_some();
        let state = match self.terms.check(planted.get(), is_anonymous) {
            Ok(()) => State::Running { response: self.inner.call(request) },
            Err(fault) => {
                let refusal = Refusal::new(fault, Dialect::of(request.method(), request.headers()));
                State::Refused { response: Some(refusal.unfinished()) }
            }
        };
        RequireFuture { state }
    }
}

pin_project! {
    /// Response future of [`Require`].
    #[must_use = "futures do nothing unless polled"]
    pub struct RequireFuture<F, R> {
        #[pin]
        state: State<F, R>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<F, R> {
        Running { #[pin] response: F },
        Refused { response: Option<Response<R>> },
    }
}

impl<F, R, E> Future for RequireFuture<F, R>
where
    F: Future<Output = Result<Response<R>, E>>,
{
    type Output = Result<Response<R>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProjection::Running { response } => response.poll(cx),
            StateProjection::Refused { response } => {
                response.take().map_or(Poll::Pending, |response| Poll::Ready(Ok(response)))
            }
        }
    }
}

impl<F, R> fmt::Debug for RequireFuture<F, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match &self.state {
            State::Running { .. } => "running",
            State::Refused { .. } => "refused",
        };
        f.debug_struct("RequireFuture").field("state", &state).finish()
    }
}
