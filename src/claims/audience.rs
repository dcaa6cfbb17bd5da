//! `aud`: who the token is for.

use crate::error::Rejection;

/// Which audiences an issuer's tokens may be meant for.
#[derive(Clone, Debug)]
pub(crate) enum Audiences {
    /// At least one of these, compared exactly.
    AnyOf(Box<[Box<str>]>),
    /// `aud` is not looked at.
    DangerouslyAny,
}

impl Audiences {
    /// Checks that the token names one of our audiences
    /// ([RFC 7519, section 4.1.3](https://www.rfc-editor.org/rfc/rfc7519#section-4.1.3)): exact, case-sensitive.
    ///
    /// # Errors
    /// [`Rejection::ClaimMissing`] when `aud` is absent, [`Rejection::AudienceMismatch`] when none of them is ours.
    pub(crate) fn check<'a>(
        &self,
        present: bool,
        mut named: impl Iterator<Item = &'a str>,
    ) -> Result<(), Rejection> {
        match self {
            Self::DangerouslyAny => Ok(()),
            Self::AnyOf(_) if !present => Err(Rejection::ClaimMissing { claim: "aud" }),
            Self::AnyOf(ours) if named.any(|name| ours.iter().any(|own| **own == *name)) => Ok(()),
            Self::AnyOf(_) => Err(Rejection::AudienceMismatch),
        }
    }

    /// The first audience: the protected resource's own name.
    #[cfg(feature = "tower")]
    pub(crate) fn first(&self) -> Option<&str> {
        match self {
            Self::AnyOf(ours) => ours.first().map(|own| &**own),
            Self::DangerouslyAny => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn audiences_compare_exactly() {
        let ours = Audiences::AnyOf(Box::new(["https://api.example".into(), "orders".into()]));
        let mismatch = Err("audience_mismatch");
        for (name, named, want) in [
            ("ours", &["https://api.example"][..], Ok(())),
            ("the other of ours", &["orders"], Ok(())),
            ("ours among others", &["https://other.example", "orders"], Ok(())),
            ("another", &["https://other.example"], mismatch),
            ("a slash more", &["https://api.example/"], mismatch),
            ("another case", &["https://API.example"], mismatch),
            ("a prefix", &["https://api"], mismatch),
            ("empty string", &[""], mismatch),
            ("empty array", &[], mismatch),
        ] {
            assert_eq!(ours.check(true, named.iter().copied()).map_err(|r| r.code()), want, "{name}");
        }
        let absent = ours.check(false, std::iter::empty());
        assert_eq!(absent, Err(Rejection::ClaimMissing { claim: "aud" }));
        assert_eq!(Audiences::DangerouslyAny.check(false, std::iter::empty()), Ok(()));
        #[cfg(feature = "tower")]
        assert_eq!((ours.first(), Audiences::DangerouslyAny.first()), (Some("https://api.example"), None));
    }
}
