//! One issuer and the rules for its tokens.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::error::Flaw;
use super::keys::{KeysSettings, key_set, some};
use super::names;
use super::presets::Preset;
use super::secret::SecretReference;
use super::values::{Address, AlgorithmName, KeyText, Span};
use crate::jose::{Jwk, KeyType};
use crate::{Algorithm, Issuer, Profile};

/// An authorization server that is trusted, and the rules for its tokens.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct IssuerSettings {
    /// The exact value of `iss`. Needed, unless there is a preset. Keys are discovered from it unless `jwks_url`,
    /// `jwks_file`, `jwks`, `public_key` or `shared_secret` says otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) identifier: Option<Address>,
    /// A provider in place of the identifier and the keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) preset: Option<Preset>,
    /// The address of the issuer's key set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) jwks_url: Option<Address>,
    /// A file with the issuer's key set, which is read again when it changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) jwks_file: Option<PathBuf>,
    /// Public keys that do not change: a JWK Set or one JWK, as JSON text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) jwks: Option<KeyText>,
    /// One public key that does not change, in PEM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) public_key: Option<KeyText>,
    /// The secret that the issuer signs with, for the one HMAC algorithm that `algorithms` must name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) shared_secret: Option<SecretReference>,
    /// What this API is called in `aud`. One at least, or `clients` in their place.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) audiences: Vec<String>,
    /// Accepts tokens whatever their `aud`. Dangerous: a token for any other service of the issuer opens this one.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(super) dangerous_any_audience: bool,
    /// The clients that the tokens may have been issued to, by `client_id`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) clients: Vec<String>,
    /// Claims that must each be there, or be one of some strings.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) required_claims: Vec<RequiredClaimSettings>,
    /// The algorithms that are allowed, and no others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) algorithms: Option<Vec<AlgorithmName>>,
    /// Which tokens are meant and how they are marked. `lenient` for providers that do not send `typ: at+jwt`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) profile: Option<ProfileName>,
    /// How far clocks may disagree. From 0 s to 5 min.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) clock_skew: Option<Span>,
    /// Refuses tokens issued longer ago than this, whatever their `exp`. Default: no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) max_token_age: Option<Span>,
    /// How keys that come from elsewhere are fetched and kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) keys: Option<KeysSettings>,
}

/// A claim that must be there, or be one of some strings.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct RequiredClaimSettings {
    /// The claim's name, of at most 256 bytes.
    pub(super) claim: String,
    /// What it may be, one string at least. Where it is left out, the claim may say anything but `null`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) values: Option<Vec<String>>,
}

/// A profile, by its name.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(super) enum ProfileName {
    Rfc9068,
    Lenient,
    IdToken,
}

impl From<ProfileName> for Profile {
    fn from(name: ProfileName) -> Self {
        match name {
            ProfileName::Rfc9068 => Self::Rfc9068,
            ProfileName::Lenient => Self::Lenient,
            ProfileName::IdToken => Self::IdToken,
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
pub(super) const fn is_false(value: &bool) -> bool {
    !*value
}

impl IssuerSettings {
    /// The issuer; its bounds are judged when the verifier is built.
    ///
    /// # Errors
    /// [`Flaw`]: settings that contradict each other, keys that cannot be read, secrets that are not there.
    pub(super) fn issuer(&self) -> Result<Issuer, Flaw> {
        let Self {
            identifier: _,
            preset: _,
            jwks_url: _,
            jwks_file: _,
            jwks: _,
            public_key: _,
            shared_secret: _,
            audiences,
            dangerous_any_audience,
            clients,
            required_claims,
            algorithms,
            profile,
            clock_skew,
            max_token_age,
            keys,
        } = self;
        let (issuer, audiences) = match &self.preset {
            Some(preset) => preset.issuer(audiences)?,
            None => (self.without_preset()?, audiences.as_slice()),
        };
        let issuer = self.anchored(issuer, keys.as_ref())?;
        let issuer = audiences.iter().fold(issuer, Issuer::audience);
        let issuer = match dangerous_any_audience {
            false => issuer,
            true if self.audiences.is_empty() => issuer.dangerous_any_audience(),
            true => return Err(Flaw::setting("dangerous_any_audience", "it contradicts `audiences`")),
        };
        let mut issuer = clients.iter().fold(issuer, Issuer::client);
        for RequiredClaimSettings { claim, values } in required_claims {
            let name = names::kept(claim).ok_or_else(|| Flaw::setting("required_claims", TOO_MANY_NAMES))?;
            issuer = match values.as_deref() {
                None => issuer.require_presence(name),
                // A list that lost its last value must not come to allow any.
                Some([]) => {
                    return Err(Flaw::setting("required_claims", "a claim without a value that it may have"));
                }
                Some(values) => values.iter().fold(issuer, |issuer, value| issuer.require_claim(name, value)),
            };
        }
        let algorithms = algorithms.as_ref().map(|names| names.iter().map(|name| name.0));
        let issuer = some(issuer, algorithms, Issuer::algorithms);
        let issuer = some(issuer, *profile, |issuer, profile| issuer.profile(profile.into()));
        let issuer = some(issuer, *clock_skew, |issuer, skew| issuer.clock_skew(skew.0));
        Ok(some(issuer, *max_token_age, |issuer, age| issuer.max_token_age(age.0)))
    }

    /// The issuer with its identifier and its keys, and no rules yet.
    fn without_preset(&self) -> Result<Issuer, Flaw> {
        let identifier =
            self.identifier.as_ref().ok_or_else(|| Flaw::setting("identifier", "it is missing"))?;
        let identifier = identifier.0.as_str();
        self.one_source()?;
        if let Some(url) = &self.jwks_url {
            return Ok(Issuer::jwks_url(identifier, url.0.as_str())?);
        }
        if let Some(file) = &self.jwks_file {
            return Ok(Issuer::jwks_file(identifier, file));
        }
        if let Some(jwks) = &self.jwks {
            let keys = key_set(&jwks.0).map_err(|reason| Flaw::setting("jwks", reason))?;
            return Ok(Issuer::new(identifier, keys));
        }
        if let Some(pem) = &self.public_key {
            let key =
                Jwk::from_pem(&pem.0).map_err(|error| Flaw::setting("public_key", error.to_string()))?;
            return Ok(Issuer::new(identifier, key));
        }
        if let Some(secret) = &self.shared_secret {
            let algorithm = self.only_hmac()?;
            let refused = |reason| Flaw::setting("shared_secret", reason);
            let secret = secret.resolve().map_err(refused)?;
            let key = Jwk::from_secret(secret.to_vec(), algorithm);
            return Ok(Issuer::new(identifier, key.map_err(|error| refused(error.to_string()))?));
        }
        Ok(Issuer::discover(identifier)?)
    }

    /// Which settings say where keys come from.
    fn sources(&self) -> impl Iterator<Item = &'static str> {
        let named = [
            (self.preset.is_some(), "preset"),
            (self.jwks_url.is_some(), "jwks_url"),
            (self.jwks_file.is_some(), "jwks_file"),
            (self.jwks.is_some(), "jwks"),
            (self.public_key.is_some(), "public_key"),
            (self.shared_secret.is_some(), "shared_secret"),
        ];
        named.into_iter().filter_map(|(named, setting)| named.then_some(setting))
    }

    fn one_source(&self) -> Result<(), Flaw> {
        let mut sources = self.sources();
        match (sources.next(), sources.next()) {
            (Some(first), Some(second)) => {
                Err(Flaw::setting(second, format!("`{first}` says already where the keys come from")))
            }
            _ => Ok(()),
        }
    }

    /// A secret is for one algorithm, as a text may be strong enough for one hash and too short for the next.
    fn only_hmac(&self) -> Result<Algorithm, Flaw> {
        match self.algorithms.as_deref() {
            Some([AlgorithmName(only)]) if only.key_type() == KeyType::Oct => Ok(*only),
            _ => Err(Flaw::setting(
                "algorithms",
                "a shared secret is for exactly one of `HS256`, `HS384`, `HS512`; name it here",
            )),
        }
    }

    /// The issuer with its keys kept as the settings say.
    fn anchored(&self, issuer: Issuer, keys: Option<&KeysSettings>) -> Result<Issuer, Flaw> {
        if self.preset.is_some() {
            self.one_source()?;
            if self.identifier.is_some() {
                return Err(Flaw::setting("identifier", "the preset has one already"));
            }
        }
        let Some(keys) = keys else { return Ok(issuer) };
        if self.jwks.is_some() || self.public_key.is_some() || self.shared_secret.is_some() {
            return Err(Flaw::setting(
                "keys",
                "keys that stand in the settings are neither fetched nor kept",
            ));
        }
        let has_client = self.jwks_file.is_some() || self.preset.as_ref().is_some_and(Preset::has_client);
        if has_client && keys.needs_client() {
            return Err(Flaw::setting(
                "keys",
                "these keys have a source of their own, without certificates or token",
            ));
        }
        let issuer = some(issuer, keys.client()?, Issuer::fetched_by);
        Ok(issuer.remote_changed(keys.prepare()?))
    }
}

const TOO_MANY_NAMES: &str =
    "a claim's name has at most 256 bytes, and a process keeps at most 1,024 different names";
