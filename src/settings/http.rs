//! The layer in front of a service, and what it tells clients.

use http::HeaderMap;
use serde::{Deserialize, Serialize};

use super::Settings;
use super::error::SettingsError;
use super::issuer::is_false;
use super::keys::some;
use super::values::{Address, ChallengeText, ScopeName, TokenName};
use crate::http::{
    AuthLayer, Detail, NoBody, ProblemDetails, ProtectedResource, RefusalBody, Refused, TokenSource,
};
use crate::{ConfigError, Verifier};

/// How requests are let through and refusals are worded.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct HttpSettings {
    /// Names the protected resource in challenges. Default: the first audience of the first issuer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) realm: Option<String>,
    /// How much clients are told of why they were refused: a sentence and the code, the code alone, or neither.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) detail: Option<DetailName>,
    /// Lets requests without any credentials pass as anonymous. Credentials that are sent must still be good.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(super) optional: bool,
    /// Lets CORS preflights pass as anonymous.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(super) preflight_passes: bool,
    /// Takes credentials out of requests once they were found good, so that the service cannot pass them on.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(super) credentials_removed: bool,
    /// For services that a proxy asks whether a request of somebody else's may pass: refusals always have a status that says no.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(super) forward_auth: bool,
    /// Where tokens may stand, and nowhere else: `"bearer"`, `{ scheme = "JWT" }`, `{ cookie = "__Host-token" }`,
    /// `{ websocket_protocol = "bearer." }`, `{ dangerous_query = "access_token" }`. One at least, each once.
    #[cfg_attr(test, schemars(length(min = 1)))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) token_sources: Option<Vec<TokenSourceSettings>>,
    /// Scopes that challenges of status 401 name, for clients to ask for. They demand nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) challenge_scopes: Vec<ScopeName>,
    /// Challenges of other schemes, which somebody else looks after, added to each 401 as they are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) offers: Vec<ChallengeText>,
    /// Has refusals say in their body what they are, as `application/problem+json`.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(super) problem_details: bool,
    /// The metadata of the protected resource, which challenges then point to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) protected_resource: Option<ProtectedResourceSettings>,
}

/// How much a client is told, by its name.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(super) enum DetailName {
    Full,
    Code,
    Bare,
}

/// Where a request carries its token.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(super) enum TokenSourceSettings {
    /// In `Authorization: Bearer …`.
    Bearer,
    /// In `Authorization`, under another scheme.
    Scheme(TokenName),
    /// In a cookie, which browsers send unasked: see to CSRF.
    Cookie(TokenName),
    /// In the entry of `Sec-WebSocket-Protocol` that starts with this.
    WebsocketProtocol(TokenName),
    /// In a parameter of the query, from where it ends up in logs.
    DangerousQuery(TokenName),
}

/// The metadata of a protected resource (RFC 9728).
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct ProtectedResourceSettings {
    /// The address of the resource, which should be among the audiences. Default: the first audience of the first issuer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) resource: Option<Address>,
    /// How people call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
    /// What clients may ask for here. It demands nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) scopes: Vec<ScopeName>,
    /// The address of what developers should read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) documentation: Option<Address>,
    /// The address of how clients may use the data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) policy: Option<Address>,
    /// The address of the terms of service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) terms_of_service: Option<Address>,
    /// Authorization servers that are listed beside the issuers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) authorization_servers: Vec<Address>,
}

/// The body of refusals as the settings choose it: none, or problem details. One type for both, so that a file decides and
/// no signature changes with it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum SettingsBody {
    /// As [`NoBody`].
    #[default]
    None,
    /// As [`ProblemDetails`].
    ProblemDetails,
}

impl<R: Default + From<String>> RefusalBody<R> for SettingsBody {
    fn body(&self, refused: &Refused<'_>, headers: &mut HeaderMap) -> R {
        match self {
            Self::None => NoBody.body(refused, headers),
            Self::ProblemDetails => ProblemDetails.body(refused, headers),
        }
    }
}

impl Settings {
    /// The layer that lets requests pass whose token this verifier finds good, with what the settings say under `http`.
    ///
    /// The verifier is that of [`verifier`](Self::verifier), or one that you went on with in code. The layer can be told
    /// more in code, and what it is told there replaces what the settings say.
    ///
    /// # Errors
    /// [`SettingsError`], with the path of the mistake.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), portcullis::SettingsError> {
    /// let settings = portcullis::Settings::from_file("portcullis.toml")?;
    /// let verifier = settings.verifier()?;
    /// let guard = settings.layer(&verifier)?;
    /// # drop(guard);
    /// # Ok(())
    /// # }
    /// ```
    pub fn layer(&self, verifier: &Verifier) -> Result<AuthLayer<SettingsBody>, SettingsError> {
        let default = HttpSettings::default();
        let HttpSettings {
            realm,
            detail,
            optional,
            preflight_passes,
            credentials_removed,
            forward_auth,
            token_sources,
            challenge_scopes,
            offers,
            problem_details,
            protected_resource: _,
        } = self.http.as_ref().unwrap_or(&default);
        let layer = verifier.layer();
        let layer = some(layer, realm.as_deref(), |layer, realm| layer.realm(realm));
        let layer = some(layer, *detail, |layer, detail| layer.detail(detail.into()));
        let layer = if *optional { layer.optional() } else { layer };
        let layer = if *preflight_passes { layer.preflight_passes() } else { layer };
        let layer = if *credentials_removed { layer.credentials_removed() } else { layer };
        let layer = if *forward_auth { layer.forward_auth() } else { layer };
        let sources = token_sources.as_deref().map(sources).transpose()?;
        let layer = some(layer, sources, AuthLayer::token_sources);
        let scopes = || challenge_scopes.iter().map(|scope| scope.0.clone());
        let layer = if challenge_scopes.is_empty() { layer } else { layer.challenge_scopes(scopes()) };
        let layer = offers.iter().fold(layer, |layer, offer| layer.offer(offer.0.clone()));
        let resource = self.protected_resource(verifier)?;
        let layer = some(layer, resource.as_ref(), AuthLayer::protected_resource);
        Ok(layer.settings_body(match problem_details {
            true => SettingsBody::ProblemDetails,
            false => SettingsBody::None,
        }))
    }

    /// The metadata of the protected resource, if the settings have `http.protected_resource`:
    /// [`ProtectedResource::layer`] serves them, in front of the guard.
    ///
    /// # Errors
    /// [`SettingsError`]: the resource, or the audience in its place, is no address.
    pub fn protected_resource(
        &self,
        verifier: &Verifier,
    ) -> Result<Option<ProtectedResource>, SettingsError> {
        let settings = self.http.as_ref().and_then(|http| http.protected_resource.as_ref());
        settings.map(|settings| settings.resource(verifier)).transpose()
    }
}

impl ProtectedResourceSettings {
    fn resource(&self, verifier: &Verifier) -> Result<ProtectedResource, SettingsError> {
        let Self { resource, name, scopes, documentation, policy, terms_of_service, authorization_servers } =
            self;
        let resource = match resource {
            Some(address) => {
                ProtectedResource::of(verifier, &address.0).map_err(|error| no_resource("", error))
            }
            None => verifier.protected_resource().map_err(|error| no_resource(NOT_THE_AUDIENCE, error)),
        }?;
        let resource = some(resource, name.as_deref(), ProtectedResource::name);
        let resource = resource.scopes(scopes.iter().map(|scope| scope.0.clone()));
        let text = |address: &Option<Address>| address.as_ref().map(|address| address.0.clone());
        let resource = some(resource, text(documentation), ProtectedResource::documentation);
        let resource = some(resource, text(policy), ProtectedResource::policy);
        let resource = some(resource, text(terms_of_service), ProtectedResource::terms_of_service);
        let listed = authorization_servers.iter().map(|address| address.0.as_str());
        Ok(listed.fold(resource, ProtectedResource::authorization_server))
    }
}

/// The sources, of which a request may use any.
fn sources(settings: &[TokenSourceSettings]) -> Result<Vec<TokenSource>, SettingsError> {
    let field = |place: &str, reason: &str| SettingsError::Field {
        path: format!("http.token_sources{place}"),
        line: None,
        reason: reason.to_owned(),
    };
    if settings.is_empty() {
        return Err(field("", "without a place for its token every request would count as one without"));
    }
    let each = settings.iter().enumerate().map(|(position, source)| {
        let place = format!("[{position}]");
        // Its token would be found twice, and each request refused.
        if settings.iter().take(position).any(|other| other.is_same_place(source)) {
            return Err(field(&place, "the same place stands here twice"));
        }
        source.source().map_err(|error| refused(&format!("http.token_sources{place}"), error))
    });
    each.collect()
}

impl TokenSourceSettings {
    /// Schemes are compared as requests are: whatever the case.
    fn is_same_place(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Scheme(own), Self::Scheme(other)) => own.0.eq_ignore_ascii_case(&other.0),
            (Self::Bearer, Self::Scheme(scheme)) | (Self::Scheme(scheme), Self::Bearer) => {
                scheme.0.eq_ignore_ascii_case("bearer")
            }
            _ => self == other,
        }
    }

    fn source(&self) -> Result<TokenSource, ConfigError> {
        match self {
            Self::Bearer => Ok(TokenSource::bearer()),
            Self::Scheme(name) => TokenSource::scheme(&name.0),
            Self::Cookie(name) => TokenSource::cookie(&name.0),
            Self::WebsocketProtocol(prefix) => TokenSource::websocket_protocol(&prefix.0),
            Self::DangerousQuery(name) => TokenSource::dangerous_query(&name.0),
        }
    }
}

impl From<DetailName> for Detail {
    fn from(name: DetailName) -> Self {
        match name {
            DetailName::Full => Self::Full,
            DetailName::Code => Self::Code,
            DetailName::Bare => Self::Bare,
        }
    }
}

/// Quotes nothing of the address.
fn no_resource(instead: &str, error: ConfigError) -> SettingsError {
    let path = "http.protected_resource.resource";
    match error {
        ConfigError::ProtectedResource { fault, .. } => {
            let reason = format!("{instead}not the identifier of a protected resource: {fault}");
            SettingsError::Field { path: path.to_owned(), line: None, reason }
        }
        other => refused(path, other),
    }
}

const NOT_THE_AUDIENCE: &str = "it is missing, and the first audience of the first issuer is ";

fn refused(path: &str, error: ConfigError) -> SettingsError {
    SettingsError::Config { path: path.to_owned(), error }
}
