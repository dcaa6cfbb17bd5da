//! The keys, in memory and nowhere else.

use std::collections::HashSet;
use std::sync::Arc;

use portcullis::Algorithm;
use portcullis::testkit::SigningKey;
use tokio::task::spawn_blocking;

/// The published keys, oldest first. Of each algorithm the newest signs.
///
/// A value: rotation makes another one, so that whoever holds this one sees no half of a change.
#[derive(Clone)]
pub(super) struct Ring {
    keys: Vec<Arc<SigningKey>>,
    made: u64,
    /// Tells the keys of this run from those of the run before, which may have had the same port.
    run: i64,
}

impl Ring {
    pub(super) const fn new(run: i64) -> Self {
        Self { keys: Vec::new(), made: 0, run }
    }

    /// The ring with a key for each of the algorithms.
    ///
    /// # Errors
    /// No key could be made.
    pub(super) async fn with_keys_for(mut self, algorithms: &[Algorithm]) -> Result<Self, String> {
        for algorithm in algorithms {
            if self.signing(*algorithm).is_none() {
                self.add(*algorithm).await?;
            }
        }
        Ok(self)
    }

    /// The ring with a new key for each algorithm that has one; as many of the old ones stay as [`KEPT`] says.
    ///
    /// # Errors
    /// No key could be made.
    pub(super) async fn rotated(mut self) -> Result<Self, String> {
        let algorithms: HashSet<_> = self.keys.iter().map(|key| key.algorithm()).collect();
        // In the order of the table, so that the keys' numbers tell nothing of the hash.
        for algorithm in Algorithm::ALL.iter().filter(|algorithm| algorithms.contains(algorithm)) {
            self.add(*algorithm).await?;
        }
        Ok(self.keeping(KEPT))
    }

    /// The ring with those keys alone that sign.
    pub(super) fn withdrawn(self) -> Self {
        self.keeping(1)
    }

    /// The key that signs under an algorithm.
    pub(super) fn signing(&self, algorithm: Algorithm) -> Option<&Arc<SigningKey>> {
        self.keys.iter().rev().find(|key| key.algorithm() == algorithm)
    }

    /// The published key of this id.
    pub(super) fn key(&self, key_id: &str) -> Option<&Arc<SigningKey>> {
        self.keys.iter().find(|key| key.key_id() == key_id)
    }

    /// Every published key, oldest first.
    pub(super) fn keys(&self) -> impl Iterator<Item = &Arc<SigningKey>> {
        self.keys.iter()
    }

    /// The key set, as it is served.
    pub(super) fn document(&self) -> String {
        let keys: Vec<_> = self.keys.iter().map(|key| key.jwk_json()).collect();
        format!(r#"{{"keys":[{}]}}"#, keys.join(","))
    }

    async fn add(&mut self, algorithm: Algorithm) -> Result<(), String> {
        self.made = self.made.saturating_add(1);
        let key_id = format!("dev-{:x}-{}", self.run, self.made);
        // An RSA key takes some tenths of a second.
        let making = spawn_blocking(move || SigningKey::generate(algorithm, key_id));
        let key = making.await.map_err(|_| "no key could be made".to_owned())?;
        self.keys.push(Arc::new(key));
        Ok(())
    }

    fn keeping(mut self, kept: usize) -> Self {
        let keys = std::mem::take(&mut self.keys);
        for (place, key) in keys.iter().enumerate() {
            let newer =
                keys.iter().skip(place + 1).filter(|other| other.algorithm() == key.algorithm()).count();
            if newer < kept {
                self.keys.push(Arc::clone(key));
            }
        }
        self
    }
}

/// Keys of an algorithm that stay published: the one that signs and two before it, so that tokens outlive a rotation and
/// the set stays small however often somebody presses the button.
const KEPT: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: [Algorithm; 2] = [Algorithm::ES256, Algorithm::EdDSA];

    fn ids(ring: &Ring) -> Vec<&str> {
        ring.keys().map(|key| key.key_id()).collect()
    }

    #[tokio::test]
    async fn rotation_keeps_two_old_keys_of_each_algorithm_and_withdrawal_none() {
        let mut ring = Ring::new(0xa).with_keys_for(&TWO).await.unwrap();
        assert_eq!(ids(&ring), ["dev-a-1", "dev-a-2"]);
        ring = ring.rotated().await.unwrap();
        assert_eq!(ids(&ring), ["dev-a-1", "dev-a-2", "dev-a-3", "dev-a-4"]);
        for _ in 0..5 {
            ring = ring.rotated().await.unwrap();
        }
        assert_eq!(ids(&ring).len(), TWO.len() * KEPT);
        assert_eq!(ring.signing(Algorithm::ES256).unwrap().key_id(), "dev-a-13");
        assert!(ring.key("dev-a-1").is_none());
        assert_eq!(ids(&ring.withdrawn()), ["dev-a-13", "dev-a-14"]);
    }

    #[tokio::test]
    async fn a_key_that_is_there_is_not_made_again() {
        let ring = Ring::new(1).with_keys_for(&TWO).await.unwrap();
        let again = ring.clone().with_keys_for(&TWO).await.unwrap();
        assert_eq!(ids(&ring), ids(&again));
    }
}
