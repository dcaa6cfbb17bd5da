//! What kind of token it is: an access token, or something else that the same issuer signed with the same key.

use super::set::ClaimsSet;
use crate::error::Rejection;
use crate::jose::Header;

/// Which tokens of an issuer are meant, and how it marks them.
///
/// | | [`Rfc9068`](Profile::Rfc9068) (default) | [`Lenient`](Profile::Lenient) | [`IdToken`](Profile::IdToken) |
/// |---|---|---|---|
/// | `typ` | `at+jwt` | `at+jwt`, `JWT` or absent | `JWT` or absent |
/// | required claims | `iss aud exp sub client_id iat jti` | `iss aud exp` | `iss aud exp sub iat` |
/// | audiences beside ours | allowed | allowed | refused |
/// | access tokens | accepted | accepted | refused where they can be told apart |
/// | ID tokens | refused | refused where they can be told apart | accepted |
/// | logout, refresh and event tokens | refused | refused where they can be told apart | the same |
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
    /// ID tokens by [OpenID Connect Core, section 2](https://openid.net/specs/openid-connect-core-1_0.html#IDToken), for
    /// APIs whose callers prove who they are with one: workloads (GitHub Actions, GitLab CI, Kubernetes, Google) and
    /// Firebase. They say who calls and nothing of what was granted, so what a caller may do is for you to decide by its
    /// claims.
    ///
    /// Every `aud` must be an audience of ours ([section 3.1.3.7], step 3): whoever else gets the token could send it on to
    /// us. `azp` (step 5) is not compared: for workloads it names the caller and not the audience.
    /// [`Issuer::require_claim`](crate::Issuer::require_claim) does, where it should be.
    ///
    /// Not for APIs that users call through a client: those are sent access tokens.
    ///
    /// [section 3.1.3.7]: https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation
    IdToken,
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
        Profile::IdToken => header.token_type().is_none() || header.is_type("JWT"),
    };
    if allowed { Ok(()) } else { Err(Rejection::TypeNotAllowed) }
}

/// Checks that the profile's claims are there and that nothing marks the token as one of another kind.
///
/// # Errors
/// [`Rejection::NotAccessToken`], [`Rejection::NotIdToken`] or [`Rejection::ClaimMissing`].
pub(crate) fn check_kind(claims: &ClaimsSet, profile: Profile) -> Result<(), Rejection> {
    let sub = ("sub", claims.subject().is_some());
    let iat = ("iat", claims.time().iat.is_some());
    match profile {
        Profile::Lenient => an_access_token(claims),
        Profile::Rfc9068 => {
            an_access_token(claims)?;
            let client_id = ("client_id", claims.client_id().is_some());
            all_present(&[sub, client_id, iat, ("jti", claims.token_id().is_some())])
        }
        Profile::IdToken => match claims.other_than_id_token() {
            Some(evidence) => Err(Rejection::NotIdToken { evidence }),
            None => all_present(&[sub, iat]),
        },
    }
}

fn an_access_token(claims: &ClaimsSet) -> Result<(), Rejection> {
    match claims.other_than_access_token() {
        Some(evidence) => Err(Rejection::NotAccessToken { evidence }),
        None => Ok(()),
    }
}

fn all_present(claims: &[(&'static str, bool)]) -> Result<(), Rejection> {
    match claims.iter().find(|(_, present)| !present) {
        Some((claim, _)) => Err(Rejection::ClaimMissing { claim }),
        None => Ok(()),
    }
}
