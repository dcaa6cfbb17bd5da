//! What kind of token it is: an access token, or something else that the same issuer signed with the same key.

use super::set::ClaimsSet;
use crate::error::Rejection;
use crate::jose::Header;

/// How an issuer marks its access tokens.
///
/// | | [`Rfc9068`](Profile::Rfc9068) (default) | [`Lenient`](Profile::Lenient) |
/// |---|---|---|
/// | `typ` | `at+jwt` | `at+jwt`, `JWT` or absent |
/// | required claims | `iss aud exp sub client_id iat jti` | `iss aud exp` |
/// | ID, logout and refresh tokens | refused | refused where they can be told apart |
///
/// Many providers do not send `at+jwt`; `docs/providers.md` says which. A lenient issuer should have an audience that is
/// never a client's id, so that an ID token cannot name it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum Profile {
    /// Exactly [RFC 9068](https://www.rfc-editor.org/rfc/rfc9068).
    #[default]
    Rfc9068,
    /// For providers that do not follow it.
    Lenient,
}

/// Checks `typ` ([RFC 9068, section 4](https://www.rfc-editor.org/rfc/rfc9068#section-4);
/// [RFC 8725, section 3.11](https://www.rfc-editor.org/rfc/rfc8725#section-3.11)).
///
/// # Errors
/// [`Rejection::TypeNotAllowed`].
pub(crate) fn check_type(header: &Header<'_>, profile: Profile) -> Result<(), Rejection> {
    let allowed = match profile {
        Profile::Rfc9068 => header.is_type("at+jwt"),
        Profile::Lenient => {
            header.token_type().is_none() || header.is_type("at+jwt") || header.is_type("JWT")
        }
    };
    if allowed { Ok(()) } else { Err(Rejection::TypeNotAllowed) }
}

/// Checks that the profile's claims are there and that nothing marks the token as one of another kind.
///
/// # Errors
/// [`Rejection::NotAccessToken`] or [`Rejection::ClaimMissing`].
pub(crate) fn check_kind(claims: &ClaimsSet, profile: Profile) -> Result<(), Rejection> {
    if let Some(evidence) = claims.other_kind() {
        return Err(Rejection::NotAccessToken { evidence });
    }
    match profile {
        Profile::Lenient => Ok(()),
        Profile::Rfc9068 => {
            let required = [
                ("sub", claims.subject().is_some()),
                ("client_id", claims.client_id().is_some()),
                ("iat", claims.time().iat.is_some()),
                ("jti", claims.token_id().is_some()),
            ];
            match required.iter().find(|(_, present)| !present) {
                Some((claim, _)) => Err(Rejection::ClaimMissing { claim }),
                None => Ok(()),
            }
        }
    }
}
