//! How signatures and tokens are judged: each step by the public door of its module.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use portcullis::crypto::{Backend, VerifyKey};
use portcullis::jose::{AlgorithmSet, Jwk, JwkSet, KeyMaterial, MAX_TOKEN_BYTES, UnverifiedToken};
use portcullis::{Algorithm, ConfigError, Issuer, KeyError, Profile, Verifier};

use crate::support::{standing_at, unb64, verdict};

/// A key that a group of cases shares, read through every door there is for it and prepared once for each backend.
pub struct SharedKey {
    algorithm: Algorithm,
    doors: Vec<(&'static str, Result<Jwk, KeyError>)>,
    prepared: Vec<(Backend, OnceLock<Result<VerifyKey, String>>)>,
}

impl SharedKey {
    pub fn new(algorithm: Algorithm, doors: Vec<(&'static str, Result<Jwk, KeyError>)>) -> Arc<Self> {
        let prepared = Backend::available().iter().map(|backend| (*backend, OnceLock::new())).collect();
        Arc::new(Self { algorithm, doors, prepared })
    }

    /// `ok`, `signature_invalid`, or why there is no such key.
    pub fn judge(&self, backend: Backend, message: &[u8], signature: &[u8]) -> String {
        let (_, cell) = self.prepared.iter().find(|(own, _)| *own == backend).unwrap();
        match cell.get_or_init(|| self.prepare(backend)) {
            Ok(key) if key.verify(self.algorithm, message, signature) => "ok".to_owned(),
            Ok(_) => "signature_invalid".to_owned(),
            Err(code) => code.clone(),
        }
    }

    /// The key, or its reason code; if the doors differ, an answer that no table wants.
    fn prepare(&self, backend: Backend) -> Result<VerifyKey, String> {
        let allowed = AlgorithmSet::from_iter([self.algorithm]);
        let mut first: Option<(Option<KeyMaterial>, Result<VerifyKey, String>)> = None;
        for (door, jwk) in &self.doors {
            let material = jwk.as_ref().ok().map(|jwk| jwk.material().clone());
            let key = jwk.as_ref().map_err(KeyError::clone);
            let key = key.and_then(|jwk| VerifyKey::prepare(jwk, allowed, backend));
            let key = key.map_err(|error| error.code().to_owned());
            match &first {
                None => first = Some((material, key)),
                Some((same, other)) if *same == material && other.as_ref().err() == key.as_ref().err() => {}
                Some((_, other)) => {
                    let (other, this) = (other.as_ref().map(|_| "a key"), key.as_ref().map(|_| "a key"));
                    return Err(format!("{door} says {this:?}, {} {other:?}", self.doors[0].0));
                }
            }
        }
        first.expect("a key has a door").1
    }
}

/// Takes a token apart, reads the key and verifies. The algorithm, or the code of the first step that refuses.
pub fn raw(token: &str, key: &str, backend: Backend) -> Result<Algorithm, &'static str> {
    let parsed = UnverifiedToken::parse(token, MAX_TOKEN_BYTES).map_err(|rejection| rejection.code())?;
    assert_eq!(parsed.as_str(), token);
    let algorithm = parsed.header().map_err(|rejection| rejection.code())?.algorithm();
    let jwk = Jwk::parse(key).map_err(|error| error.code())?;
    let prepared = VerifyKey::prepare(&jwk, AlgorithmSet::from_iter([algorithm]), backend);
    let prepared = prepared.map_err(|error| error.code())?;
    let (input, signature) = token.rsplit_once('.').unwrap();
    if prepared.verify(algorithm, input.as_bytes(), &unb64(signature)) {
        Ok(algorithm)
    } else {
        Err("signature_invalid")
    }
}

/// What a verifier trusts that is asked about one token.
#[derive(Clone)]
pub struct Trust {
    pub issuer: String,
    pub keys: JwkSet,
    pub algorithm: Algorithm,
    pub profile: Profile,
    pub now: i64,
}

impl Trust {
    /// The verdict of a whole verifier that lets any audience pass and allows no skew; if it cannot be built, why.
    pub fn verdict(&self, token: &str, backend: Backend) -> String {
        match self.verifier(backend) {
            Ok(verifier) => verdict(&verifier, token).to_owned(),
            Err(ConfigError::AlgorithmUnsupported { .. }) => "key_unsupported".to_owned(),
            Err(ConfigError::Key { error, .. }) => error.code().to_owned(),
            Err(ConfigError::KeySet { error, .. }) => error.code().to_owned(),
            Err(error) => panic!("{error}"),
        }
    }

    fn verifier(&self, backend: Backend) -> Result<Verifier, ConfigError> {
        let issuer = Issuer::new(&*self.issuer, self.keys.clone())
            .dangerous_any_audience()
            .algorithms([self.algorithm])
            .profile(self.profile)
            .clock_skew(Duration::ZERO);
        Verifier::builder().issuer(issuer).backend(backend).clock(standing_at(self.now)).build()
    }
}
