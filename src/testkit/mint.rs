//! An issuer without a server: keys, and tokens signed with them.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::value::RawValue;

use super::clock::TestClock;
use super::key::SigningKey;
use super::token::TokenBuilder;
use crate::jose::{Algorithm, JwkSet};

/// The keys of an issuer and the tokens it gives out, without a socket: all that a synchronous test needs.
///
/// A handle: clones share keys and clock. [`TestIssuer`](super::TestIssuer) is one with a server around it.
///
/// ```
/// use std::task::Poll;
/// use portcullis::{Issuer, Verifier, testkit::Mint};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mint = Mint::new("https://id.example.com");
/// let issuer = Issuer::new(mint.identifier(), mint.jwks()).audience(mint.audience());
/// let verifier = Verifier::builder().issuer(issuer).clock(mint.clock()).build()?;
///
/// let Poll::Ready(verified) = verifier.verify_cached(&mint.token().subject("ada").mint()) else { unreachable!() };
/// assert_eq!(verified?.subject(), Some("ada"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Mint(Arc<Inner>);

struct Inner {
    identifier: String,
    audience: String,
    clock: TestClock,
    ring: Mutex<Ring>,
    keys_made: AtomicU64,
    tokens_made: AtomicU64,
}

/// Who signs, and who is known to sign.
struct Ring {
    made: Vec<Arc<SigningKey>>,
    published: Vec<Arc<SigningKey>>,
    raw: Vec<Box<RawValue>>,
    signing: Arc<SigningKey>,
    next: Option<Arc<SigningKey>>,
}

impl Mint {
    /// An issuer of this identifier that signs with ES256; see [`Mint::builder`] for other settings.
    #[must_use]
    pub fn new(identifier: impl Into<String>) -> Self {
        Self::builder(identifier).build()
    }

    /// Starts the settings of an issuer of this identifier.
    pub fn builder(identifier: impl Into<String>) -> MintBuilder {
        MintBuilder { identifier: identifier.into(), settings: Settings::default() }
    }

    /// The identifier, the value of `iss`.
    #[must_use]
    pub fn identifier(&self) -> &str {
        &self.0.identifier
    }

    /// The audience of its tokens unless they say otherwise.
    #[must_use]
    pub fn audience(&self) -> &str {
        &self.0.audience
    }

    /// The clock that its tokens are dated by; a handle, to be given to the verifier and to be moved.
    #[must_use]
    pub fn clock(&self) -> TestClock {
        self.0.clock.clone()
    }

    /// Starts a token that is good in every respect, dated now.
    pub fn token(&self) -> TokenBuilder {
        let number = self.0.tokens_made.fetch_add(1, Ordering::Relaxed) + 1;
        TokenBuilder::new(self.clone(), number)
    }

    /// The id of the key that signs.
    #[must_use]
    pub fn key_id(&self) -> String {
        self.ring().signing.key_id().to_owned()
    }

    /// The ids of the keys in the set, oldest first.
    #[must_use]
    pub fn published(&self) -> Vec<String> {
        self.ring().published.iter().map(|key| key.key_id().to_owned()).collect()
    }

    /// The keys in the set, to be given to [`Issuer::new`](crate::Issuer::new); HMAC secrets are among them.
    ///
    /// # Panics
    /// When raw entries have made it too large to be a set.
    #[must_use]
    pub fn jwks(&self) -> JwkSet {
        JwkSet::parse(self.document(Secrets::Shown).as_bytes()).expect("the mint's keys are a set")
    }

    /// The set as a server publishes it: without HMAC secrets, which no issuer publishes.
    #[must_use]
    pub fn jwks_json(&self) -> String {
        self.document(Secrets::Left)
    }
}

/// Rotation.
#[expect(clippy::must_use_candidate, reason = "the keys change; the id of the new one is a by-product")]
impl Mint {
    /// Signs with a new key from now on, and withdraws the old one at once. Gives the new key's id.
    ///
    /// The new key is the one of [`Mint::publish_next`], if there is one.
    pub fn rotate(&self) -> String {
        let old = self.key_id();
        let new = self.rotate_with_overlap();
        self.ring().published.retain(|key| key.key_id() != old);
        new
    }

    /// Signs with a new key from now on, and leaves the old one in the set. Gives the new key's id.
    pub fn rotate_with_overlap(&self) -> String {
        let prepared = self.ring().next.take();
        let algorithm = self.ring().signing.algorithm();
        let key = prepared.unwrap_or_else(|| self.publish_new(algorithm));
        let key_id = key.key_id().to_owned();
        self.ring().signing = key;
        key_id
    }

    /// Publishes a key that nothing is signed with until the next rotation, as careful issuers do. Gives its id.
    pub fn publish_next(&self) -> String {
        let algorithm = self.ring().signing.algorithm();
        let key = self.publish_new(algorithm);
        let key_id = key.key_id().to_owned();
        self.ring().next = Some(key);
        key_id
    }

    /// Publishes one more key, for [`TokenBuilder::algorithm`] or [`TokenBuilder::key`] to choose. Gives its id.
    pub fn add_key(&self, algorithm: Algorithm) -> String {
        self.publish_new(algorithm).key_id().to_owned()
    }

    /// Adds an entry to the set as it is written: another type of key, a broken one, one to be left alone.
    ///
    /// # Panics
    /// When it is not JSON; [`Answer`](super::Answer) has documents that are not.
    pub fn add_raw_key(&self, json: impl Into<String>) {
        let entry = RawValue::from_string(json.into()).expect("an entry of a set is JSON");
        self.ring().raw.push(entry);
    }

    /// Takes a key out of the set. Tokens can still be signed with it.
    ///
    /// # Panics
    /// When the set has no such key: the test would prove nothing.
    pub fn withdraw(&self, key_id: &str) {
        let mut ring = self.ring();
        let before = ring.published.len();
        ring.published.retain(|key| key.key_id() != key_id);
        let withdrawn = before - ring.published.len();
        drop(ring);
        assert_eq!(withdrawn, 1, "the key to be withdrawn is in the set");
    }
}

impl Mint {
    /// Any key made here, in the set or not any more.
    pub(super) fn key_by_id(&self, key_id: &str) -> Option<Arc<SigningKey>> {
        self.ring().made.iter().find(|key| key.key_id() == key_id).cloned()
    }

    /// The newest key of the set for an algorithm.
    pub(super) fn key_for(&self, algorithm: Algorithm) -> Option<Arc<SigningKey>> {
        self.ring().published.iter().rev().find(|key| key.algorithm() == algorithm).cloned()
    }

    pub(super) fn signing_key(&self) -> Arc<SigningKey> {
        Arc::clone(&self.ring().signing)
    }

    fn publish_new(&self, algorithm: Algorithm) -> Arc<SigningKey> {
        let number = self.0.keys_made.fetch_add(1, Ordering::Relaxed) + 1;
        // Made before the lock is taken: an RSA key takes long, and the server reads the set meanwhile.
        let key = Arc::new(SigningKey::generate(algorithm, format!("key-{number}")));
        let mut ring = self.ring();
        ring.made.push(Arc::clone(&key));
        ring.published.push(Arc::clone(&key));
        key
    }

    fn document(&self, secrets: Secrets) -> String {
        let ring = self.ring();
        let shown = |key: &&Arc<SigningKey>| secrets == Secrets::Shown || key.public_pem().is_some();
        let keys = ring.published.iter().filter(shown).map(|key| key.jwk_json());
        let entries: Vec<_> = keys.chain(ring.raw.iter().map(|entry| entry.get().to_owned())).collect();
        format!(r#"{{"keys":[{}]}}"#, entries.join(","))
    }

    fn ring(&self) -> MutexGuard<'_, Ring> {
        self.0.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Mint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mint")
            .field("identifier", &self.identifier())
            .field("published", &self.published())
            .finish_non_exhaustive()
    }
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Secrets {
    Shown,
    Left,
}

/// Settings of a [`Mint`].
#[derive(Debug)]
#[must_use]
pub struct MintBuilder {
    identifier: String,
    settings: Settings,
}

impl MintBuilder {
    /// Signs with this algorithm. Default: ES256.
    pub fn algorithm(mut self, algorithm: Algorithm) -> Self {
        self.settings.algorithm = algorithm;
        self
    }

    /// Names this audience in tokens that say nothing else. Default: `https://api.example.com`.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.settings.audience = audience.into();
        self
    }

    /// Dates tokens by this clock. Default: one that stands still, [`TestClock::new`].
    pub fn clock(mut self, clock: TestClock) -> Self {
        self.settings.clock = clock;
        self
    }

    /// The issuer, with its first key made.
    #[must_use]
    pub fn build(self) -> Mint {
        self.settings.mint(self.identifier)
    }
}

/// What an issuer with a server and one without have in common.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) algorithm: Algorithm,
    pub(super) audience: String,
    pub(super) clock: TestClock,
}

impl Settings {
    pub(super) fn mint(self, identifier: String) -> Mint {
        let Self { algorithm, audience, clock } = self;
        let key = Arc::new(SigningKey::generate(algorithm, "key-1"));
        let ring = Ring {
            made: vec![Arc::clone(&key)],
            published: vec![Arc::clone(&key)],
            raw: Vec::new(),
            signing: key,
            next: None,
        };
        Mint(Arc::new(Inner {
            identifier,
            audience,
            clock,
            ring: Mutex::new(ring),
            keys_made: AtomicU64::new(1),
            tokens_made: AtomicU64::new(0),
        }))
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            algorithm: Algorithm::ES256,
            audience: "https://api.example.com".to_owned(),
            clock: TestClock::new(),
        }
    }
}
