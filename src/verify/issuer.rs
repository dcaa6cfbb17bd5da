//! A trust anchor: who may issue tokens for us, and under which rules.

#[cfg(feature = "remote")]
use std::path::{Path, PathBuf};
#[cfg(feature = "remote")]
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::claims::{Audiences, Clients, DEFAULT_SKEW, MAX_SKEW, Profile, RequiredClaims, TimeRules};
use crate::error::ConfigError;
use crate::jose::{Algorithm, AlgorithmSet, KeyType};
#[cfg(feature = "remote")]
use crate::keys::remote::{Fetch, Remote};
use crate::keys::{KeySource, Keys, Means};

/// An authorization server that a verifier trusts, and the rules for its tokens.
///
/// ```
/// use portcullis::{Algorithm, Issuer, Profile, Verifier, jose::Jwk};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let key = Jwk::parse(r#"{"kty":"OKP","crv":"Ed25519","kid":"a","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#)?;
/// let issuer = Issuer::new("https://id.example.com", key)
///     .audience("https://api.example.com")
///     .algorithms([Algorithm::EdDSA])
///     .profile(Profile::Lenient);
/// # #[cfg(feature = "aws-lc")]
/// let verifier = Verifier::builder().issuer(issuer).build()?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use]
pub struct Issuer {
    identifier: String,
    keys: Keys,
    audiences: Option<Vec<String>>,
    clients: Vec<String>,
    required: RequiredClaims,
    algorithms: Vec<Algorithm>,
    profile: Profile,
    skew: Duration,
    max_token_age: Option<Duration>,
}

impl Issuer {
    /// An issuer with this identifier, the exact value of `iss`, and these keys: a
    /// [`Jwk`](crate::jose::Jwk), several, a [`JwkSet`](crate::jose::JwkSet), or a
    /// [`Remote`](crate::keys::remote::Remote) source.
    ///
    /// An [`audience`](Issuer::audience) must follow, or a [`client`](Issuer::client).
    pub fn new(identifier: impl Into<String>, keys: impl Into<Keys>) -> Self {
        Self {
            identifier: identifier.into(),
            keys: keys.into(),
            audiences: Some(Vec::new()),
            clients: Vec::new(),
            required: RequiredClaims::default(),
            algorithms: Algorithm::DEFAULT.to_vec(),
            profile: Profile::default(),
            skew: DEFAULT_SKEW,
            max_token_age: None,
        }
    }

    /// An issuer whose keys are found by its metadata, and kept current from then on; needs no network yet.
    ///
    /// The metadata is looked for as OpenID Connect Discovery says, then as
    /// [RFC 8414](https://www.rfc-editor.org/rfc/rfc8414#section-3) does, and must name this very identifier, byte for
    /// byte. [`keys::remote`](crate::keys::remote) says how the keys are kept.
    ///
    /// # Errors
    /// Those of [`Remote::discover`](crate::keys::remote::Remote::discover).
    ///
    /// ```
    /// use portcullis::Issuer;
    ///
    /// let refused = Issuer::discover("http://id.example.com");
    /// assert!(refused.is_err(), "whoever can change an answer on its way could sign tokens");
    /// ```
    #[cfg(feature = "reqwest")]
    pub fn discover(identifier: impl Into<String>) -> Result<Self, ConfigError> {
        let identifier = identifier.into();
        let keys = Remote::discover(identifier.as_str())?;
        Ok(Self::new(identifier, keys))
    }

    /// An issuer whose key set is at this address, and kept current; needs no network yet.
    ///
    /// # Errors
    /// Those of [`Remote::jwks_url`](crate::keys::remote::Remote::jwks_url).
    #[cfg(feature = "reqwest")]
    pub fn jwks_url(identifier: impl Into<String>, url: impl Into<String>) -> Result<Self, ConfigError> {
        Ok(Self::new(identifier, Remote::jwks_url(url)?))
    }

    /// An issuer whose key set is in a file, which is read again when it changes; it need not be there yet.
    #[cfg(feature = "remote")]
    pub fn jwks_file(identifier: impl Into<String>, path: impl Into<PathBuf>) -> Self {
        Self::new(identifier, Remote::file(path))
    }

    /// Gets the keys by `fetch`, in place of the client of the verifier: another HTTP client, one with other
    /// root certificates, or a script in a test of a [preset](crate::providers). Fixed keys stay as they are.
    #[cfg(feature = "remote")]
    pub fn fetched_by(self, fetch: impl Fetch) -> Self {
        Self { keys: self.keys.fetched_by(fetch), ..self }
    }

    /// The same issuer, its keys kept in another way if they are not fixed.
    #[cfg(feature = "settings")]
    pub(crate) fn remote_changed(self, change: impl FnOnce(Remote) -> Remote) -> Self {
        Self { keys: self.keys.remote_changed(change), ..self }
    }

    /// Adds an audience that the tokens may be meant for: the name of your API, as the issuer writes it into `aud`.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audiences.get_or_insert_default().push(audience.into());
        self
    }

    /// Accepts tokens whatever their `aud`, or without one.
    ///
    /// Dangerous: a token that a user gave to any other service of this issuer opens this one as well.
    pub fn dangerous_any_audience(self) -> Self {
        Self { audiences: None, ..self }
    }

    /// Adds a client that the tokens may have been issued to, compared with `client_id`.
    ///
    /// With an [`audience`](Issuer::audience) beside it, both must hold. Without one, it stands in its place, for issuers
    /// whose access tokens have no `aud` (Amazon Cognito): a token with an `aud`, whatever it says, is then refused as
    /// [`AudienceMismatch`](crate::Rejection::AudienceMismatch), as it is meant for somebody who is named.
    /// Beside [`dangerous_any_audience`](Issuer::dangerous_any_audience) the client alone counts.
    pub fn client(mut self, client_id: impl Into<String>) -> Self {
        self.clients.push(client_id.into());
        self
    }

    /// Requires the claim `name` to be this string. Named again, it may have either value; several claims must all hold.
    ///
    /// For what an audience does not tell: the owner of a GitHub repository, the domain of a Google account, the one group
    /// of projects whose jobs may call. Compared exactly; a claim that is absent, another string or no string refuses the
    /// token. Costs one more pass over the claims.
    ///
    /// ```
    /// # use portcullis::{Issuer, Profile, jose::Jwk};
    /// # let keys = Jwk::parse(r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#)?;
    /// let issuer = Issuer::new("https://token.actions.githubusercontent.com", keys)
    ///     .audience("https://deploy.example.com")
    ///     .profile(Profile::IdToken)
    ///     .require_claim("repository_owner", "acme")
    ///     .require_claim("ref", "refs/heads/main");
    /// # Ok::<(), portcullis::KeyError>(())
    /// ```
    pub fn require_claim(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.required.allow(name, value.into());
        self
    }

    /// Requires the claim `name` to be there, whatever it says; `null` says nothing, and counts as absent.
    ///
    /// Beside [`require_claim`](Issuer::require_claim) for the same name it adds nothing. Costs one more pass over the claims.
    pub fn require_presence(mut self, name: &'static str) -> Self {
        self.required.demand(name);
        self
    }

    /// Allows these algorithms and no others. Default: [`Algorithm::DEFAULT`].
    pub fn algorithms(self, algorithms: impl IntoIterator<Item = Algorithm>) -> Self {
        Self { algorithms: algorithms.into_iter().collect(), ..self }
    }

    /// Says which tokens of this issuer are meant, and how it marks them. Default: [`Profile::Rfc9068`].
    pub fn profile(self, profile: Profile) -> Self {
        Self { profile, ..self }
    }

    /// Allows clocks to disagree by `skew`, for `exp` and `nbf` alike. Default: 60 s, at most 300 s.
    pub fn clock_skew(self, skew: Duration) -> Self {
        Self { skew, ..self }
    }

    /// Refuses tokens issued longer ago than this, whatever their `exp`; `iat` is required then. Default: no limit.
    pub fn max_token_age(self, age: Duration) -> Self {
        Self { max_token_age: Some(age), ..self }
    }

    #[cfg(any(feature = "metrics", feature = "remote"))]
    pub(super) fn identifier(&self) -> &str {
        &self.identifier
    }

    #[cfg(feature = "remote")]
    pub(super) fn snapshot_path(&self) -> Option<&Path> {
        self.keys.snapshot_path()
    }

    pub(super) fn build(self, means: &Means) -> Result<TrustAnchor, ConfigError> {
        let Self { identifier, keys, audiences, clients, required, algorithms, profile, skew, max_token_age } =
            self;
        if identifier.is_empty() {
            return Err(ConfigError::IssuerEmpty);
        }
        let audiences = match audiences {
            None => Audiences::DangerouslyAny,
            Some(names) if names.is_empty() && clients.is_empty() => {
                return Err(ConfigError::NoAudience(identifier));
            }
            Some(names) if names.is_empty() => Audiences::Absent,
            Some(names) if names.iter().any(String::is_empty) => {
                return Err(ConfigError::AudienceEmpty(identifier));
            }
            Some(names) => Audiences::of(names, profile),
        };
        if clients.iter().any(String::is_empty) {
            return Err(ConfigError::ClientEmpty(identifier));
        }
        let clients = if clients.is_empty() {
            Clients::Any
        } else {
            Clients::AnyOf(clients.into_iter().map(String::into_boxed_str).collect())
        };
        if let Some(claim) = required.empty() {
            return Err(ConfigError::RequiredClaimEmpty { issuer: identifier, claim });
        }
        if algorithms.is_empty() {
            return Err(ConfigError::NoAlgorithm(identifier));
        }
        let backend = means.backend();
        for algorithm in &algorithms {
            if !backend.supports(*algorithm) {
                let backend = backend.name();
                return Err(ConfigError::AlgorithmUnsupported {
                    issuer: identifier,
                    algorithm: *algorithm,
                    backend,
                });
            }
            if algorithm.key_type() == KeyType::Oct && !keys.are_fixed() {
                return Err(ConfigError::SecretNeeded { issuer: identifier, algorithm: *algorithm });
            }
        }
        if skew > MAX_SKEW {
            return Err(ConfigError::OutOfBounds {
                setting: "clock_skew",
                min: Duration::ZERO,
                max: MAX_SKEW,
            });
        }
        let algorithms = AlgorithmSet::from_iter(algorithms);
        let keys = keys.build(&identifier, algorithms, means)?;
        let time = TimeRules { skew, max_age: max_token_age };
        Ok(TrustAnchor {
            #[cfg(feature = "remote")]
            serial: SERIAL.fetch_add(1, Ordering::Relaxed),
            identifier,
            audiences,
            clients,
            required,
            algorithms,
            profile,
            time,
            keys,
        })
    }
}

#[cfg(test)]
#[cfg(feature = "settings")]
impl Issuer {
    /// All that settings must be able to say. Names every field: a new one does not compile until somebody has decided
    /// whether operators may set it.
    pub(crate) fn described(&self) -> Described<'_> {
        let Self { identifier, keys, audiences, clients, required, algorithms, profile, skew, max_token_age } =
            self;
        let (profile, skew, max_token_age) = (*profile, *skew, *max_token_age);
        Described { identifier, keys, audiences, clients, required, algorithms, profile, skew, max_token_age }
    }
}

/// An issuer as it was set up.
#[cfg(test)]
#[cfg(feature = "settings")]
pub(crate) struct Described<'i> {
    pub(crate) identifier: &'i str,
    pub(crate) keys: &'i Keys,
    pub(crate) audiences: &'i Option<Vec<String>>,
    pub(crate) clients: &'i [String],
    pub(crate) required: &'i RequiredClaims,
    pub(crate) algorithms: &'i [Algorithm],
    pub(crate) profile: Profile,
    pub(crate) skew: Duration,
    pub(crate) max_token_age: Option<Duration>,
}

#[cfg(feature = "remote")]
static SERIAL: AtomicU64 = AtomicU64::new(0);

/// An issuer, ready to be asked.
#[derive(Debug)]
pub(crate) struct TrustAnchor {
    /// No other has it, also if it is of the same name.
    #[cfg(feature = "remote")]
    pub(super) serial: u64,
    pub(super) identifier: String,
    pub(super) audiences: Audiences,
    pub(super) clients: Clients,
    pub(super) required: RequiredClaims,
    pub(super) algorithms: AlgorithmSet,
    pub(super) profile: Profile,
    pub(super) time: TimeRules,
    pub(super) keys: KeySource,
}
