//! Headers of tokens that a key of this set has verified: the same text needs no second reading.

use std::fmt;
use std::sync::OnceLock;

use crate::jose::Algorithm;

/// The first few headers, as the texts of their segments. A set is used under the rules of one issuer, so what these said
/// of a header holds for the set's whole life. Only headers of good tokens are kept, so nobody but the issuer fills it.
#[derive(Debug, Default)]
pub(super) struct Headers([OnceLock<KnownHeader>; MOST]);

/// What a header has led to.
pub(super) struct KnownHeader {
    segment: Box<str>,
    pub(super) algorithm: Algorithm,
    /// The place of the only key that fits.
    pub(super) key: usize,
    pub(super) names_key: bool,
}

impl Headers {
    pub(super) fn find(&self, segment: &str) -> Option<&KnownHeader> {
        self.0.iter().map_while(OnceLock::get).find(|header| *header.segment == *segment)
    }

    pub(super) fn keep(&self, segment: &str, algorithm: Algorithm, key: usize, names_key: bool) {
        if segment.len() > LONGEST || self.find(segment).is_some() {
            return;
        }
        // Where another thread is first, the next place is taken.
        let _ = self.0.iter().filter(|place| place.get().is_none()).try_fold((), |(), place| {
            match place.set(KnownHeader { segment: Box::from(segment), algorithm, key, names_key }) {
                Ok(()) => None,
                Err(_) => Some(()),
            }
        });
    }
}

/// Shows no text of a token.
impl fmt::Debug for KnownHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KnownHeader").field("key", &self.key).finish_non_exhaustive()
    }
}

/// An issuer has one header for each of its keys; where it has more, it writes something of each token into them.
const MOST: usize = 8;
const LONGEST: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_few_are_kept() {
        let headers = Headers::default();
        for n in 0..2 * MOST {
            headers.keep(&format!("header-{n}"), Algorithm::ES256, n, true);
            headers.keep(&format!("header-{n}"), Algorithm::RS256, n + 100, false);
        }
        for n in 0..2 * MOST {
            let found = headers.find(&format!("header-{n}"));
            let found = found.map(|header| (header.algorithm, header.key, header.names_key));
            assert_eq!(found, (n < MOST).then_some((Algorithm::ES256, n, true)));
        }
        let shown = format!("{headers:?}");
        assert!(shown.contains("KnownHeader") && !shown.contains("header-"), "{shown}");
        assert!(headers.find("header-").is_none() && headers.find("header-01").is_none());
        let long = Headers::default();
        long.keep(&"h".repeat(LONGEST + 1), Algorithm::ES256, 0, true);
        long.keep(&"h".repeat(LONGEST), Algorithm::ES256, 0, true);
        assert!(long.find(&"h".repeat(LONGEST + 1)).is_none() && long.find(&"h".repeat(LONGEST)).is_some());
    }
}
