//! A JWK Set of any bytes.

use portcullis::jose::{Jwk, JwkSet, MAX_KEYS, MAX_SET_BYTES};
use serde_json::json;
use serde_json::value::RawValue;

use super::jwk::{check_key, written};

/// Every entry is either a key or noted once with a reason, and reads as it does alone; keys written down again are the
/// same keys; what holds for one key holds for each.
pub fn check(input: &[u8]) {
    let Ok(set) = JwkSet::parse(input) else { return };
    assert!(input.len() <= MAX_SET_BYTES);
    assert!(set.keys().len() + set.skipped().len() <= MAX_KEYS);
    assert!(set.skipped().windows(2).all(|pair| pair[0].index < pair[1].index), "noted once, in order");
    let (mut keys, mut skipped) = (set.keys().iter(), set.skipped().iter());
    for (index, entry) in entries(input).into_iter().enumerate() {
        match Jwk::parse(entry.get()) {
            Ok(key) => assert!(keys.next() == Some(&key), "entry {index} is another key alone"),
            Err(error) => {
                let noted = skipped.next().map(|noted| (noted.index, noted.error.clone()));
                assert_eq!(noted, Some((index, error)));
            }
        }
    }
    assert!(keys.next().is_none() && skipped.next().is_none(), "an entry that does not stand there");
    let again = json!({ "keys": set.keys().iter().map(written).collect::<Vec<_>>() });
    let again = JwkSet::parse(again.to_string().as_bytes()).expect("keys that were read can be read again");
    assert_eq!((again.keys().len(), again.skipped().len()), (set.keys().len(), 0));
    for (key, same) in set.keys().iter().zip(again.keys()) {
        assert!(key.material() == same.material(), "a key changed when it was written down");
        check_key(key, same);
    }
}

/// The entries as they stand in a document that is a set.
fn entries(input: &[u8]) -> Vec<Box<RawValue>> {
    #[derive(serde::Deserialize)]
    struct Document {
        keys: Vec<Box<RawValue>>,
    }
    serde_json::from_slice::<Document>(input).expect("a set is JSON").keys
}
