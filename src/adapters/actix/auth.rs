//! The guard as middleware.

use std::fmt;
use std::future::{Ready, ready};
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{Error, HttpMessage as _};

use super::future::{AuthFuture, Waiting};
use super::head::{HeadCopy, Query};
use super::response::{Wording, refused};
use crate::http::{Admission, Anonymous, AuthLayer, Denial, Dialect, Guard, NoBody, RefusalBody};
use crate::stripes::Spread;
use crate::verify::VerifiedToken;

/// A service of actix-web behind an [`AuthLayer`].
///
/// Its errors are those of the inner service: a refusal is a response. Ready when the inner service is.
pub struct AuthMiddleware<S, W = NoBody> {
    inner: Rc<S>,
    guard: Spread<Guard<W>>,
}

impl<S, B, W> Transform<S, ServiceRequest> for AuthLayer<W>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody + 'static,
    W: RefusalBody<String> + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Transform = AuthMiddleware<S, W>;
    type InitError = ();
    type Future = Ready<Result<AuthMiddleware<S, W>, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        ready(Ok(AuthMiddleware { inner: Rc::new(service), guard: self.guard.rooted() }))
    }
}

impl<S, B, W> Service<ServiceRequest> for AuthMiddleware<S, W>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody + 'static,
    W: RefusalBody<String> + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Future = AuthFuture<S, W>;

    fn poll_ready(&self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&self, mut request: ServiceRequest) -> AuthFuture<S, W> {
        // Whatever came along, from another middleware or a careless one: only this one says who is asking.
        request.extensions_mut().remove::<VerifiedToken>();
        request.extensions_mut().remove::<Anonymous>();
        if self.guard.has_foreign_content() {
            request.headers_mut().remove(CONTENT_TYPE);
        }
        let query = if self.guard.reads_query() { Query::Read } else { Query::Ignored };
        let mut head = match HeadCopy::of(request.head(), query) {
            Ok(head) => head,
            Err(rejection) => {
                self.guard.tell_unread(&rejection);
                let written = self.guard.refuse(Denial::first(rejection.into()), Dialect::Http);
                return AuthFuture::answered(refused(request, written));
            }
        };
        match self.guard.admit(head.head()) {
            Admission::Verified(token, way, ()) => {
                head.clear(&self.guard, way, &mut request);
                request.extensions_mut().insert(token);
                let wording = Wording::of(&self.guard, &head);
                AuthFuture::running(self.inner.call(request), wording)
            }
            Admission::Anonymous(marker) => {
                request.extensions_mut().insert(marker);
                let wording = Wording::Ours { guard: self.guard.clone(), dialect: head.dialect() };
                AuthFuture::running(self.inner.call(request), wording)
            }
            Admission::Refused(denial) => {
                let written = self.guard.refuse(denial, head.dialect());
                AuthFuture::answered(refused(request, written))
            }
            Admission::Undecided(check) => {
                let (service, guard) = (Rc::clone(&self.inner), self.guard.clone());
                AuthFuture::checking(Waiting { check, service, request, head, guard })
            }
        }
    }
}

/// Not derived, as the inner service need not be `Debug`.
impl<S, W> fmt::Debug for AuthMiddleware<S, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthMiddleware").field("guard", &self.guard).finish_non_exhaustive()
    }
}
