//! Who looks on while a token is judged.

use super::anchors::Found;
use super::cache::Whose;
use super::step::Step;
use super::token::VerifiedToken;
use crate::audit::TokenFingerprint;

/// Is told what the checks meet, and changes nothing of what they decide.
///
/// Each kind has checks of its own compiled, so that those that nobody looks at pay nothing.
pub(crate) trait Witness {
    /// Every check is to be made: neither tokens nor headers that were verified before are remembered.
    const THOROUGH: bool = false;

    /// The checks begin, perhaps once more: keys were waited for.
    fn begin(&mut self) {}

    /// The token was verified before, by the rules of this issuer, and is judged by that.
    fn remembered(&mut self, _whose: Whose) {}

    /// The token that was verified before is refused now, so that its answer does not have it.
    fn known(&mut self, _token: &VerifiedToken) {}

    /// Nothing was remembered of the token, or not enough.
    fn in_full(&mut self) {}

    /// It is judged by the rules of this issuer.
    fn issuer(&mut self, _found: &Found<'_, '_>) {}

    /// Its header names this key.
    fn key_id(&mut self, _key_id: &str) {}

    /// It is not found good, or cannot be judged yet. A good one has its fingerprint with it.
    fn refused(&mut self, _fingerprint: impl FnOnce() -> Option<TokenFingerprint>) {}

    /// What this check asks for, where it is not known before the checks come near it.
    fn expect(&mut self, _step: Step, _expected: impl FnOnce() -> String) {}

    /// The checks come to this one, and so have passed those before it. What follows is another `at`, or the decision.
    fn at(&mut self, _step: Step, _found: impl FnOnce() -> String) {}
}

/// Nobody.
impl Witness for () {}
