//! A verifier as a row asks for it, and its answer.

use std::time::Duration;

use portcullis::crypto::Backend;
use portcullis::jose::{JwkSet, KeyType};
use portcullis::keys::Keys;
use portcullis::{Algorithm, ConfigError, Issuer, Profile, Verifier, VerifierBuilder};
use serde_json::Value;

use crate::by_us;
use crate::reason;
use crate::suite::Label;
use crate::support::{decide, standing_at, text};

/// The rules for the tokens of one issuer, at one moment.
#[derive(Clone, Debug)]
pub struct Setup {
    pub issuer: String,
    /// `None` for any.
    pub audiences: Option<Vec<String>>,
    pub algorithms: Vec<Algorithm>,
    pub profile: Profile,
    pub skew: Duration,
    pub now: i64,
}

impl Setup {
    /// The rules of a row of our own corpora.
    pub fn of_config(config: &Value) -> Self {
        let strings =
            |member: &str| -> Vec<String> { serde_json::from_value(config[member].clone()).unwrap() };
        Self {
            issuer: text(config, "issuer").to_owned(),
            audiences: Some(strings("audiences")),
            algorithms: strings("algorithms").iter().filter_map(|name| Algorithm::from_name(name)).collect(),
            profile: match config["required_typ"].as_str() {
                Some("at+jwt") => Profile::Rfc9068,
                Some(other) => panic!("no profile asks for {other}"),
                None => Profile::Lenient,
            },
            skew: Duration::from_secs(config["leeway"].as_u64().unwrap()),
            now: config["now"].as_i64().unwrap(),
        }
    }

    /// Lenient rules that fit this token, as far as it can be read: its issuer, any audience, the second before it
    /// expires; every algorithm with public keys, and HMAC if it is its own, as a secret must be long enough for all that
    /// are allowed.
    pub fn around(token: &str) -> Self {
        let payload = by_us::payload_of(token);
        let own = by_us::algorithm_of(token);
        let public = |algorithm: &Algorithm| algorithm.key_type() != KeyType::Oct || own == Some(*algorithm);
        let issuer = payload["iss"].as_str().filter(|issuer| !issuer.is_empty());
        Self {
            issuer: issuer.unwrap_or(by_us::ISSUER).to_owned(),
            audiences: None,
            algorithms: Algorithm::ALL.iter().copied().filter(public).collect(),
            profile: Profile::Lenient,
            skew: Duration::ZERO,
            now: payload["exp"].as_i64().map_or(1_500_000_000, |exp| exp - 1),
        }
    }

    /// The backends that implement all algorithms that are asked for.
    pub fn backends(&self) -> impl Iterator<Item = &'static Backend> + use<> {
        let algorithms = self.algorithms.clone();
        Backend::available()
            .iter()
            .filter(move |backend| algorithms.iter().all(|algorithm| backend.supports(*algorithm)))
    }

    /// Our answer: `ok`, or the code of whatever refused the key set, the key or the token.
    pub fn answer(&self, jwks: &[u8], token: &str, backend: Backend) -> String {
        match JwkSet::parse(jwks) {
            Ok(jwks) => self.answer_with(jwks, token, backend),
            Err(error) => error.code().to_owned(),
        }
    }

    /// The same, with keys that were read already.
    pub fn answer_with(&self, keys: JwkSet, token: &str, backend: Backend) -> String {
        of_built(self.verifier(keys, backend), token)
    }

    /// The same, by a verifier that trusts another issuer too.
    pub fn answer_among_issuers(&self, jwks: &[u8], token: &str, backend: Backend) -> String {
        let keys = match JwkSet::parse(jwks) {
            Ok(keys) => keys,
            Err(error) => return error.code().to_owned(),
        };
        let other = Issuer::new("https://other.example", by_us::key(Algorithm::ES256).jwk());
        let builder = Verifier::builder().issuer(other.audience("https://other-api.example"));
        of_built(self.finished(builder.issuer(self.issuer(keys, backend)), backend), token)
    }

    /// The verifier itself.
    pub fn verifier(&self, keys: impl Into<Keys>, backend: Backend) -> Result<Verifier, ConfigError> {
        self.finished(Verifier::builder().issuer(self.issuer(keys, backend)), backend)
    }

    fn issuer(&self, keys: impl Into<Keys>, backend: Backend) -> Issuer {
        let able = self.algorithms.iter().copied().filter(|algorithm| backend.supports(*algorithm));
        let issuer = Issuer::new(self.issuer.as_str(), keys)
            .algorithms(able)
            .profile(self.profile)
            .clock_skew(self.skew);
        match &self.audiences {
            Some(audiences) => audiences.iter().fold(issuer, |issuer, name| issuer.audience(name)),
            None => issuer.dangerous_any_audience(),
        }
    }

    fn finished(&self, builder: VerifierBuilder, backend: Backend) -> Result<Verifier, ConfigError> {
        builder.backend(backend).clock(standing_at(self.now)).build()
    }
}

fn of_built(verifier: Result<Verifier, ConfigError>, token: &str) -> String {
    match verifier {
        Ok(verifier) => reason::of_verdict(decide(&verifier, token)),
        Err(ConfigError::Key { error, .. }) => reason::of_key(&error),
        Err(ConfigError::KeySet { error, .. }) => error.code().to_owned(),
        Err(ConfigError::OutOfBounds { setting, .. }) => format!("set-up: {setting} out of bounds"),
        Err(ConfigError::AudienceEmpty(_)) => "set-up: empty audience".to_owned(),
        Err(error) => panic!("{error}"),
    }
}

/// The backends that can judge a token of this algorithm; all of them, if there is none.
pub fn backends_of(algorithm: Option<Algorithm>) -> impl Iterator<Item = &'static Backend> {
    let able = move |backend: &&Backend| algorithm.is_none_or(|algorithm| backend.supports(algorithm));
    Backend::available().iter().filter(able)
}

/// What a row of our own corpora is labelled.
pub fn label(row: &Value) -> Label {
    match text(row, "expect") {
        "accept" => Label::Valid,
        "reject" => Label::Invalid,
        "policy" => Label::Open,
        other => panic!("unknown label {other}"),
    }
}
