//! Tokens that were verified before.

use std::sync::Arc;

use super::Rules;
use crate::claims::check_time;
use crate::error::Error;
use crate::time::Clock;
use crate::verify::cache::{Entry, Sight, Whose};
use crate::verify::token::VerifiedToken;
use crate::verify::witness::Witness;

/// What became of a token that was verified before, by whose rules.
pub(in crate::verify) enum Recalled {
    Good(VerifiedToken, Whose),
    Refused(Error, VerifiedToken, Whose),
}

impl Rules {
    /// Decides about a token that was verified before, and tells the witness.
    #[inline]
    pub(super) fn recall<W: Witness>(
        &self,
        token: &[u8],
        clock: &Arc<dyn Clock>,
        witness: &mut W,
    ) -> Result<Result<VerifiedToken, Error>, Option<Sight<'_>>> {
        witness.begin();
        if W::THOROUGH {
            return Err(None);
        }
        match self.decide_by_memory(token, clock)? {
            Recalled::Good(token, whose) => {
                witness.remembered(whose);
                Ok(Ok(token))
            }
            Recalled::Refused(error, token, whose) => {
                witness.remembered(whose);
                witness.known(&token);
                witness.refused(|| token.fingerprint());
                Ok(Err(error))
            }
        }
    }

    /// The same for nobody in particular: there is one of it for all witnesses, as most requests end here.
    ///
    /// # Errors
    /// It must be verified in full.
    pub(in crate::verify) fn decide_by_memory(
        &self,
        token: &[u8],
        clock: &Arc<dyn Clock>,
    ) -> Result<Recalled, Option<Sight<'_>>> {
        let Some(sight) = self.cache.as_ref().and_then(|cache| cache.look(token)) else { return Err(None) };
        let Some(entry) = sight.entry() else { return Err(Some(sight)) };
        let whose = entry.whose();
        match self.check_again(entry, clock) {
            None => Err(Some(sight)),
            Some(Ok(token)) => {
                sight.hit();
                Ok(Recalled::Good(token, whose))
            }
            Some(Err(error)) => {
                let token = entry.token().clone();
                sight.refused();
                Ok(Recalled::Refused(error, token, whose))
            }
        }
    }

    /// The decision about a token that was verified before: what may have changed since. `None` if it must be verified
    /// in full.
    fn check_again(&self, entry: &Entry, clock: &Arc<dyn Clock>) -> Option<Result<VerifiedToken, Error>> {
        // 3. The issuer, and 4. its keys: the same as then, and young enough.
        let snapshot = self.anchors.snapshot();
        let found = snapshot.find_again(entry.whose(), entry.token().issuer())?;
        let anchor = found.anchor();
        let (generation, stale_age) = anchor.keys.serving()?;
        if generation != entry.generation() {
            return None;
        }
        // 6. The time. The other claims cannot change, nor can the rules about them.
        let now = clock.recent();
        if !entry.is_current(now) || check_time(entry.token().time(), now, &anchor.time).is_err() {
            return None;
        }
        snapshot.passed(&found);
        Some(self.check_revocation(entry.hand_out(stale_age), &mut ()))
    }
}
