//! Who looks on while a token is judged.

use super::cache::Whose;

/// Is told what the checks meet, and changes nothing of what they decide.
///
/// Each kind has checks of its own compiled, so that those that nobody looks at pay nothing.
pub(crate) trait Witness {
    /// The checks begin, perhaps once more: keys were waited for.
    fn begin(&mut self) {}

    /// The token was verified before, by the rules of this issuer, and is judged by that.
    fn remembered(&mut self, _whose: Whose) {}

    /// Nothing was remembered of the token, or not enough.
    fn in_full(&mut self) {}

    /// It is judged by the rules of this issuer.
    fn issuer(&mut self, _whose: Whose, _identifier: &str) {}

    /// Its header names this key.
    fn key_id(&mut self, _key_id: &str) {}
}

/// Nobody.
impl Witness for () {}
