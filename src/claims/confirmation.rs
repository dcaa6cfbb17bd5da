//! `cnf`: a token that only the holder of a key may use.

use crate::error::Rejection;

/// Refuses a bound token: possession of its key is not checked here, and a bound token without that check would be a
/// bearer token in a better coat ([RFC 7800, section 3](https://www.rfc-editor.org/rfc/rfc7800#section-3)).
///
/// # Errors
/// [`Rejection::ConfirmationUnsupported`] when `cnf` is there, whatever it says.
pub(crate) const fn check_confirmation(present: bool) -> Result<(), Rejection> {
    if present { Err(Rejection::ConfirmationUnsupported) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_token_is_refused_and_any_other_is_not() {
        assert_eq!(check_confirmation(true), Err(Rejection::ConfirmationUnsupported));
        assert_eq!(check_confirmation(false), Ok(()));
    }
}
