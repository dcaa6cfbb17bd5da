//! What handlers take from a request.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest};
use serde::de::DeserializeOwned;

use super::head::dialect_of;
use crate::adapters::claims::Claims;
use crate::adapters::extract::{ExtractorFault, ExtractorRefusal, check_set_up, guarded, planted};
use crate::audit::Asked;
use crate::http::{ANY_TOKEN, Anonymous};
use crate::require::{Guarded, Requires};
use crate::verify::VerifiedToken;

/// The token that the guard found good, or `None` where an [optional](crate::http::AuthLayer::optional) guard let the
/// request through without credentials.
///
/// 500, and an error in the log, when no layer guards the route: that is what `Option<VerifiedToken>` cannot tell from "no
/// token" in actix-web.
///
/// ```
/// use actix_web::web;
/// use portcullis::actix::MaybeVerified;
///
/// async fn shop(MaybeVerified(token): MaybeVerified) -> String {
///     token.as_ref().and_then(|token| token.subject()).map_or("hello".into(), |name| format!("hello {name}"))
/// }
/// # let _ = web::get().to(shop);
/// ```
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "taken apart in handlers, as actix-web's own extractors are")]
pub struct MaybeVerified(pub Option<VerifiedToken>);

/// The token that the guard found good.
///
/// 401 when an optional guard let the request through without credentials; 500, and an error in the log, when no layer
/// guards the route.
impl FromRequest for VerifiedToken {
    type Error = ExtractorRefusal;
    type Future = Ready<Result<Self, ExtractorRefusal>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(token(request))
    }
}

impl FromRequest for MaybeVerified {
    type Error = ExtractorRefusal;
    type Future = Ready<Result<Self, ExtractorRefusal>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(found(request).map(|found| Self(found.ok())))
    }
}

impl<T: DeserializeOwned + Send + Sync + 'static> FromRequest for Claims<T> {
    type Error = ExtractorRefusal;
    type Future = Ready<Result<Self, ExtractorRefusal>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let mismatch = |rejection| refusal(ExtractorFault::Rejected(rejection), request);
        ready(token(request).and_then(|token| token.claims().map(Self).map_err(mismatch)))
    }
}

/// A [mistake](crate::Requirement::mistake) in the requirement is one of the set-up: 500, and an error in the log.
impl<T: Requires> FromRequest for Guarded<T> {
    type Error = ExtractorRefusal;
    type Future = Ready<Result<Self, ExtractorRefusal>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let refused = |fault| refusal(fault, request);
        let set_up = check_set_up::<T>().map_err(refused);
        let guarded = |token| {
            let planted = request.extensions();
            let asked = || Asked { method: Some(request.method().as_str()), context: planted.get() };
            guarded(token, asked).map_err(refused)
        };
        ready(set_up.and_then(|()| token(request)).and_then(guarded))
    }
}

fn token(request: &HttpRequest) -> Result<VerifiedToken, ExtractorRefusal> {
    found(request)?.map_err(|anonymous| {
        let planted = request.extensions();
        let asked = || Asked { method: Some(request.method().as_str()), context: planted.get() };
        anonymous.tell_of_requirement(&ANY_TOKEN, asked);
        refusal(ExtractorFault::Anonymous, request)
    })
}

/// What the guard left in the request: a token or the marker.
fn found(request: &HttpRequest) -> Result<Result<VerifiedToken, Anonymous>, ExtractorRefusal> {
    let found = {
        let left = request.extensions();
        planted(left.get(), left.get())
    };
    found.map_err(|fault| refusal(fault, request))
}

fn refusal(fault: ExtractorFault, request: &HttpRequest) -> ExtractorRefusal {
    ExtractorRefusal::new(fault, dialect_of(request.head()))
}
