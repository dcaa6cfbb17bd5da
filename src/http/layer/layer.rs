//! What is asked of every request.

use std::fmt;
use std::sync::Arc;
use std::task::Poll;

use http::{HeaderMap, Request};
use tower_layer::Layer;

use super::future::Check;
use super::service::Auth;
use crate::error::{Error, Rejection};
use crate::http::challenge::DEFAULT_REALM;
use crate::http::credentials::{check_form, sent_token};
use crate::http::refusal::{Dialect, Fault, Refusal};
use crate::stripes::Spread;
use crate::verify::{VerifiedToken, Verifier};

/// Guards a service: a request with a good token reaches it, every other is refused.
///
/// Made by [`Verifier::layer`]. The service finds the [`VerifiedToken`] in the request's extensions. Cheap to clone.
///
/// ```
/// # #[cfg(feature = "aws-lc")]
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use http::{Request, Response};
/// use portcullis::{Issuer, VerifiedToken, Verifier, jose::Jwk};
/// use tower::{ServiceBuilder, ServiceExt, service_fn};
///
/// async fn hello(request: Request<String>) -> Result<Response<String>, std::convert::Infallible> {
///     let token = request.extensions().get::<VerifiedToken>();
///     Ok(Response::new(format!("hello {:?}", token.and_then(VerifiedToken::subject))))
/// }
///
/// let key = Jwk::parse(r#"{"kty":"OKP","crv":"Ed25519","kid":"a","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#)?;
/// let issuer = Issuer::new("https://id.example.com", key).audience("https://api.example.com");
/// let verifier = Verifier::builder().issuer(issuer).build()?;
/// let service = ServiceBuilder::new().layer(verifier.layer()).service(service_fn(hello));
///
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let response = service.oneshot(Request::new(String::new())).await?;
/// assert_eq!(response.status(), 401);
/// assert_eq!(response.headers()["www-authenticate"], "Bearer realm=\"https://api.example.com\"");
/// # Ok(()) })
/// # }
/// # #[cfg(not(feature = "aws-lc"))] fn main() {}
/// ```
#[derive(Debug)]
#[must_use = "a layer guards nothing until it is around a service"]
pub struct AuthLayer {
    guard: Spread<Guard>,
}

/// Marks a request that an [optional](AuthLayer::optional) layer let through without credentials.
///
/// Tells "sent no token" from "no layer looked": only [`AuthLayer`] plants it.
#[derive(Clone, Debug)]
pub struct Anonymous {
    realm: Arc<str>,
}

impl Verifier {
    /// The layer that lets requests pass whose token this verifier finds good.
    pub fn layer(&self) -> AuthLayer {
        let realm = self.resource().unwrap_or(DEFAULT_REALM);
        AuthLayer::of(self, realm, Absence::Refused)
    }
}

impl AuthLayer {
    fn of(verifier: &Verifier, realm: &str, absence: Absence) -> Self {
        let guard = || Guard { verifier: verifier.clone(), realm: Arc::from(realm), absence };
        Self { guard: Spread::of(guard) }
    }

    /// Lets requests without any `Authorization` header pass as anonymous, with the [`Anonymous`] marker in their
    /// extensions. Credentials that are sent must still be good.
    pub fn optional(self) -> Self {
        Self::of(&self.guard.verifier, &self.guard.realm, Absence::Anonymous)
    }

    /// Names the protected resource in challenges. Default: the first audience of the verifier's first issuer.
    ///
    /// Characters outside printable ASCII, quotes and backslashes are replaced when it is sent.
    pub fn realm(self, realm: impl Into<Arc<str>>) -> Self {
        Self::of(&self.guard.verifier, &realm.into(), self.guard.absence)
    }
}

impl<S> Layer<S> for AuthLayer {
    type Service = Auth<S>;

    fn layer(&self, inner: S) -> Auth<S> {
        Auth::new(inner, self.guard.rooted())
    }
}

impl Clone for AuthLayer {
    fn clone(&self) -> Self {
        Self { guard: self.guard.rooted() }
    }
}

impl Anonymous {
    /// The realm of the layer that let the request through.
    pub(crate) fn realm(&self) -> &Arc<str> {
        &self.realm
    }
}

/// Settings of a layer, shared by its services.
pub(super) struct Guard {
    verifier: Verifier,
    realm: Arc<str>,
    absence: Absence,
}

/// What becomes of a request without any credentials.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Absence {
    Refused,
    Anonymous,
}

/// What the headers of a request lead to.
pub(super) enum Admission {
    Verified(VerifiedToken),
    Anonymous(Anonymous),
    Refused(Error),
    /// Open until the check has ended.
    Undecided(Check),
}

impl Guard {
    pub(super) fn admit(&self, headers: &HeaderMap) -> Admission {
        let token = match sent_token(headers) {
            Ok(token) => token,
            Err(Rejection::CredentialsMissing) if self.absence == Absence::Anonymous => {
                return Admission::Anonymous(Anonymous { realm: Arc::clone(&self.realm) });
            }
            Err(rejection) => return Admission::Refused(rejection.into()),
        };
        match self.verifier.verify_bytes_cached(token) {
            Poll::Ready(Ok(token)) => Admission::Verified(token),
            // No text of another form is a good token, so the form is looked at where there is something to say of it.
            Poll::Ready(Err(error)) => {
                Admission::Refused(check_form(token).map_or_else(Error::from, |_| error))
            }
            Poll::Pending => match check_form(token) {
                Err(rejection) => Admission::Refused(rejection.into()),
                Ok(token) => {
                    let (verifier, token) = (self.verifier.clone(), token.to_owned());
                    Admission::Undecided(Box::pin(async move { verifier.verify(&token).await }))
                }
            },
        }
    }

    pub(super) fn refusal<B>(&self, error: Error, request: &Request<B>) -> Refusal<'_> {
        let fault = Fault::Request { error, realm: Some(&self.realm) };
        Refusal { fault, dialect: Dialect::of(request.method(), request.headers()) }
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard")
            .field("verifier", &self.verifier)
            .field("realm", &self.realm)
            .field("absence", &self.absence)
            .finish()
    }
}
