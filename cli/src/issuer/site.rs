//! What the server has: its name, its keys, its clock, and the verifier that its page asks.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use portcullis::{Algorithm, Clock, Issuer, JwkSet, SystemClock, Verifier};
use serde::Serialize;
use tokio::sync::Mutex;

use super::minting::{Desk, Draft, Minted, Wish};
use super::ring::Ring;

/// What a token says unless asked otherwise, and where it is meant to be used.
pub(super) struct Defaults {
    pub(super) audience: String,
    pub(super) algorithm: Algorithm,
    pub(super) scope: String,
    pub(super) subject: String,
    pub(super) lifetime: Duration,
    pub(super) api: String,
}

/// The authorization server, without its port.
pub(super) struct Site {
    port: u16,
    identifier: String,
    /// The path of the identifier, without a slash at its end.
    base: String,
    defaults: Defaults,
    offered: Vec<Algorithm>,
    present: RwLock<Arc<Present>>,
    /// Held while keys are made, so that two changes cannot lose one another's.
    changing: Mutex<()>,
    tokens: AtomicU64,
}

/// The keys of a moment, and what they mean for tokens.
struct Present {
    ring: Ring,
    verifier: Verifier,
}

/// The keys, as they are told.
#[derive(Debug, Serialize)]
pub(super) struct KeyReport {
    pub(super) key_id: String,
    pub(super) algorithm: &'static str,
    pub(super) signs: bool,
}

impl Site {
    /// # Errors
    /// A sentence about what is wrong with the settings.
    pub(super) async fn open(address: SocketAddr, path: &str, defaults: Defaults) -> Result<Self, String> {
        let mut offered = Algorithm::DEFAULT.to_vec();
        if !offered.contains(&defaults.algorithm) {
            offered.push(defaults.algorithm);
        }
        let identifier = format!("http://{address}{path}");
        let ring = Ring::new(SystemClock.now().seconds()).with_keys_for(&[defaults.algorithm]).await?;
        let verifier = verifier(&identifier, &defaults.audience, &offered, &ring)?;
        Ok(Self {
            port: address.port(),
            identifier,
            base: path.trim_end_matches('/').to_owned(),
            defaults,
            offered,
            present: RwLock::new(Arc::new(Present { ring, verifier })),
            changing: Mutex::new(()),
            tokens: AtomicU64::new(0),
        })
    }

    pub(super) const fn port(&self) -> u16 {
        self.port
    }

    pub(super) fn identifier(&self) -> &str {
        &self.identifier
    }

    pub(super) fn base(&self) -> &str {
        &self.base
    }

    pub(super) const fn defaults(&self) -> &Defaults {
        &self.defaults
    }

    /// The algorithms that tokens can be had with, and that the verifier of the page accepts.
    pub(super) fn offered(&self) -> &[Algorithm] {
        &self.offered
    }

    /// An address of the server, by its path below the identifier.
    pub(super) fn address_of(&self, path: &str) -> String {
        format!("{}{path}", self.identifier.trim_end_matches('/'))
    }

    /// The address of the page, which stands at the root whatever the issuer's path is.
    pub(super) fn page(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }

    /// The key set, as it is served.
    pub(super) fn key_document(&self) -> String {
        self.present().ring.document()
    }

    pub(super) fn keys(&self) -> Vec<KeyReport> {
        let present = self.present();
        let signs = |key_id: &str, algorithm| {
            present.ring.signing(algorithm).is_some_and(|signing| signing.key_id() == key_id)
        };
        let report = |key: &Arc<portcullis::testkit::SigningKey>| KeyReport {
            key_id: key.key_id().to_owned(),
            algorithm: key.algorithm().name(),
            signs: signs(key.key_id(), key.algorithm()),
        };
        present.ring.keys().map(report).collect()
    }

    /// # Errors
    /// A sentence about what is wrong with the wish.
    pub(super) async fn mint(&self, wish: &Wish) -> Result<Minted, String> {
        let algorithm = wish.algorithm.unwrap_or(self.defaults.algorithm);
        if !self.offered.contains(&algorithm) {
            return Err("tokens are not offered with this algorithm".to_owned());
        }
        if self.present().ring.signing(algorithm).is_none() {
            self.change(async |ring| ring.with_keys_for(&[algorithm]).await).await?;
        }
        let present = self.present();
        let key = present.ring.signing(algorithm).ok_or("there is no key for this algorithm")?;
        let number = self.tokens.fetch_add(1, Ordering::Relaxed) + 1;
        let (identifier, defaults) = (self.identifier.as_str(), &self.defaults);
        Desk { identifier, defaults, now: SystemClock.now(), number }.mint(wish, key)
    }

    /// Signs what somebody wrote: with the key that its header names, else with one for its algorithm, else with the
    /// default one.
    ///
    /// # Errors
    /// There is no key at all.
    pub(super) fn sign(&self, draft: &Draft) -> Result<String, String> {
        let (key_id, algorithm) = draft.hints();
        let present = self.present();
        let ring = &present.ring;
        let key = key_id
            .and_then(|key_id| ring.key(&key_id))
            .or_else(|| algorithm.and_then(|algorithm| ring.signing(algorithm)))
            .or_else(|| ring.signing(self.defaults.algorithm))
            .ok_or("there is no key")?;
        Ok(draft.sign(key))
    }

    /// Signs with new keys from now on; the old ones stay published, for a while.
    ///
    /// # Errors
    /// No key could be made.
    pub(super) async fn rotate(&self) -> Result<Vec<KeyReport>, String> {
        self.change(Ring::rotated).await
    }

    /// Publishes no keys any more but those that sign.
    ///
    /// # Errors
    /// The keys that are left are not a set, which cannot be.
    pub(super) async fn withdraw(&self) -> Result<Vec<KeyReport>, String> {
        self.change(async |ring| Ok(ring.withdrawn())).await
    }

    /// The verifier of the page: knows the keys of this moment, and trusts this issuer for the default audience.
    pub(super) fn verifier(&self) -> Verifier {
        self.present().verifier.clone()
    }

    async fn change(
        &self,
        how: impl AsyncFnOnce(Ring) -> Result<Ring, String>,
    ) -> Result<Vec<KeyReport>, String> {
        let _changing = self.changing.lock().await;
        let ring = how(self.present().ring.clone()).await?;
        let verifier = verifier(&self.identifier, &self.defaults.audience, &self.offered, &ring)?;
        *self.present.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(Present { ring, verifier });
        Ok(self.keys())
    }

    fn present(&self) -> Arc<Present> {
        Arc::clone(&self.present.read().unwrap_or_else(PoisonError::into_inner))
    }
}

fn verifier(
    identifier: &str,
    audience: &str,
    offered: &[Algorithm],
    ring: &Ring,
) -> Result<Verifier, String> {
    let keys = JwkSet::parse(ring.document().as_bytes()).map_err(|error| error.to_string())?;
    let issuer = Issuer::new(identifier, keys).audience(audience).algorithms(offered.iter().copied());
    Verifier::builder().issuer(issuer).build().map_err(|error| error.to_string())
}
