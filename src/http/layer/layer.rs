//! What is asked of every request.

use std::fmt;
use std::sync::Arc;

use http::{HeaderMap, HeaderValue};
use tower_layer::Layer;

use super::service::Auth;
use crate::audit::Asked;
use crate::claims::Scope;
use crate::http::body::{NoBody, ProblemDetails, Refused};
use crate::http::challenge::DEFAULT_REALM;
use crate::http::guard::{Absence, Content, Finishing, Guard, Judged, Preflight};
use crate::http::manner::Detail;
use crate::http::metadata::ProtectedResource;
use crate::http::source::TokenSource;
#[cfg(feature = "settings")]
use crate::settings::SettingsBody;
use crate::stripes::Spread;
use crate::verify::Verifier;

/// Guards a service: a request with a good token reaches it, every other is refused.
///
/// Made by [`Verifier::layer`]. The service finds the [`VerifiedToken`](crate::VerifiedToken) in the request's extensions.
/// Cheap to clone. `W` writes the body of refusals: none, unless [`problem_details`](Self::problem_details) or
/// [`body`](Self::body) was called.
///
/// Refusals that are made behind the layer, by [`require`](crate::http::require()), by extractors or by a handler that
/// returns an [`Error`](crate::Error), are worded as the layer words its own, once it was told anything about wording. As
/// [`Verifier::layer`] makes it they stand by themselves, without a realm: a request pays nothing then.
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
#[must_use = "a layer guards nothing until it is around a service"]
pub struct AuthLayer<W = NoBody> {
    pub(crate) guard: Spread<Guard<W>>,
}

/// Marks a request that a layer let through without credentials: an [optional](AuthLayer::optional) one, or one that lets
/// [preflights](AuthLayer::preflight_passes) pass.
///
/// Tells "sent no token" from "no layer looked": only [`AuthLayer`] plants it.
#[derive(Clone)]
pub struct Anonymous {
    /// Who let it through, if that is put on record.
    audited: Option<Verifier>,
}

impl Verifier {
    /// The layer that lets requests pass whose token this verifier finds good.
    pub fn layer(&self) -> AuthLayer {
        let realm = self.resource().unwrap_or(DEFAULT_REALM);
        AuthLayer::of(&Guard::of(self, realm, NoBody))
    }
}

impl<W: Clone> AuthLayer<W> {
    fn of(guard: &Guard<W>) -> Self {
        Self { guard: Spread::of(|| guard.clone()) }
    }

    fn with(&self, change: impl FnOnce(&mut Guard<W>)) -> Self {
        let mut guard = Guard::clone(&self.guard);
        change(&mut guard);
        Self::of(&guard)
    }

    /// A layer whose refusals from within are worded anew.
    pub(crate) fn finishing(&self, change: impl FnOnce(&mut Guard<W>)) -> Self {
        self.with(|guard| {
            change(guard);
            guard.finishing = Finishing::Needed;
        })
    }

    /// Lets requests without any credentials pass as anonymous, with the [`Anonymous`] marker in their extensions.
    /// Credentials that are sent must still be good.
    #[doc(alias = "permit_all")]
    #[doc(alias = "anonymous")]
    pub fn optional(self) -> Self {
        self.with(|guard| guard.absence = Absence::Anonymous)
    }

    /// Lets CORS preflights pass as anonymous: `OPTIONS` requests with `Origin` and `Access-Control-Request-Method`, to
    /// which browsers add no credentials.
    ///
    /// Only needed where the layer that answers them stands behind this one; better put it in front, where it also adds
    /// its headers to refusals. What stands behind sees the [`Anonymous`] marker and no token.
    pub fn preflight_passes(self) -> Self {
        self.with(|guard| guard.preflight = Preflight::Anonymous)
    }

    /// For services that a proxy asks whether a request of somebody else's may pass ("forward auth"), and whose status decides.
    ///
    /// The `Content-Type` of requests is taken out, as it speaks of a body that is not here. A client that names gRPC's would
    /// have its refusal told with status 200 otherwise, where the proxy keeps the method, as Envoy's `ext_authz` does.
    pub fn forward_auth(self) -> Self {
        self.with(|guard| guard.content = Content::Foreign)
    }

    /// Takes credentials out of a request once they were found good, so that the service behind cannot pass them on: a token is
    /// for one resource, and a call to another needs one of its own.
    ///
    /// Header fields and cookies of the [token sources](Self::token_sources) are removed; a query stays as it is.
    pub fn credentials_removed(self) -> Self {
        self.with(|guard| guard.judged = Judged::Removed)
    }

    /// Takes tokens from these places and no others. Default: [`TokenSource::bearer`] alone.
    ///
    /// Without any, every request counts as one without credentials.
    pub fn token_sources(self, sources: impl IntoIterator<Item = TokenSource>) -> Self {
        let sources: Vec<_> = sources.into_iter().collect();
        self.finishing(|guard| guard.take_from(&sources))
    }

    /// Lets requests pass as well that `other` would let pass with a token: verifiers side by side, for callers of
    /// different kinds.
    ///
    /// Only the verifiers and token sources of `other` are taken over; how requests without token are treated and how
    /// refusals are worded is as this layer has it. A token is good if any verifier finds it good with all its rules. If
    /// none does the answer is 503 where one could not tell, otherwise the reason of the first that knows the issuer.
    pub fn or<V>(self, other: &AuthLayer<V>) -> Self {
        self.finishing(|guard| guard.take_ways_of(&other.guard))
    }

    /// Names the protected resource in challenges. Default: the first audience of the verifier's first issuer.
    ///
    /// Characters outside printable ASCII, quotes and backslashes are replaced when it is sent. Refusals from within, those
    /// of [`require`](crate::require()) and of handlers, name it where this or anything else of their wording was set; a
    /// layer as it is made by [`Verifier::layer`] hands them on untouched, which costs less.
    pub fn realm(self, realm: impl Into<Arc<str>>) -> Self {
        let realm = realm.into();
        self.finishing(|guard| guard.manner.realm = Some(realm))
    }

    /// How much clients are told of why they were refused. Default: [`Detail::Full`].
    ///
    /// Logs, and layers outside by the [`Error`](crate::Error) in the response's extensions, know the reason anyway.
    pub fn detail(self, detail: Detail) -> Self {
        self.finishing(|guard| guard.manner.detail = detail)
    }

    /// Tells clients where the metadata of the protected resource are, with `resource_metadata` in each challenge
    /// ([RFC 9728, section 5.1](https://www.rfc-editor.org/rfc/rfc9728#section-5.1)).
    ///
    /// They are served by [`ProtectedResource::layer`].
    pub fn protected_resource(self, resource: &ProtectedResource) -> Self {
        let address = Arc::from(resource.metadata_url());
        self.finishing(|guard| guard.manner.resource_metadata = Some(address))
    }

    /// Tells clients without a good token which scopes to ask for, with `scope` in challenges of status 401
    /// ([RFC 6750, section 3](https://www.rfc-editor.org/rfc/rfc6750#section-3)). It demands nothing:
    /// [`require`](crate::http::require()) does.
    pub fn challenge_scopes(self, scopes: impl IntoIterator<Item = Scope>) -> Self {
        let scopes: Vec<_> = scopes.into_iter().collect();
        let scopes: Vec<_> = scopes.iter().map(Scope::as_str).collect();
        let scopes = (!scopes.is_empty()).then(|| Arc::from(scopes.join(" ")));
        self.finishing(|guard| guard.manner.scopes = scopes)
    }

    /// Adds a challenge to each 401 of another scheme, that somebody else looks after: `Negotiate`, say, or
    /// `Basic realm="orders"`. Sent as it is, as a header field of its own.
    pub fn offer(self, challenge: HeaderValue) -> Self {
        self.finishing(|guard| guard.manner.offers.push(challenge))
    }

    /// Has refusals say in their body what they are: `application/problem+json`
    /// ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)). For services whose response body is made of a `String`.
    pub fn problem_details(self) -> AuthLayer<ProblemDetails> {
        AuthLayer::of(&self.guard.with_body(ProblemDetails))
    }

    /// Has `write` write the body of refusals over HTTP. It may add headers, such as `Content-Type`.
    ///
    /// ```
    /// # fn layer(verifier: portcullis::Verifier) {
    /// use http::{HeaderMap, HeaderValue, header::CONTENT_TYPE};
    /// use portcullis::http::Refused;
    ///
    /// let layer = verifier.layer().body(|refused: &Refused<'_>, headers: &mut HeaderMap| {
    ///     headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    ///     format!("no: {}", refused.error().code())
    /// });
    /// # let _ = layer;
    /// # }
    /// ```
    pub fn body<F, R>(self, write: F) -> AuthLayer<F>
    where
        F: Fn(&Refused<'_>, &mut HeaderMap) -> R + Clone,
    {
        AuthLayer::of(&self.guard.with_body(write))
    }

    /// The layer with the body that settings choose. None is no reason to word refusals from within anew.
    #[cfg(feature = "settings")]
    pub(crate) fn settings_body(&self, body: SettingsBody) -> AuthLayer<SettingsBody> {
        let mut guard = self.guard.with_body(body);
        if body == SettingsBody::None {
            guard.finishing = self.guard.finishing;
        }
        AuthLayer::of(&guard)
    }
}

impl<S, W> Layer<S> for AuthLayer<W> {
    type Service = Auth<S, W>;

    fn layer(&self, inner: S) -> Auth<S, W> {
        Auth::new(inner, self.guard.rooted())
    }
}

impl<W> Clone for AuthLayer<W> {
    fn clone(&self) -> Self {
        Self { guard: self.guard.rooted() }
    }
}

impl<W> fmt::Debug for AuthLayer<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthLayer").field("guard", &self.guard).finish()
    }
}

impl Anonymous {
    pub(crate) fn of(verifier: &Verifier) -> Self {
        Self { audited: verifier.is_audited().then(|| verifier.clone()) }
    }

    /// Puts on record that somebody without credentials came to where they are needed.
    pub(crate) fn tell_of_requirement<'a>(
        &self,
        requirement: &dyn fmt::Display,
        asked: impl FnOnce() -> Asked<'a>,
    ) {
        if let Some(verifier) = &self.audited {
            verifier.tell_of_nobody(requirement, asked());
        }
    }
}

impl fmt::Debug for Anonymous {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Anonymous")
    }
}
