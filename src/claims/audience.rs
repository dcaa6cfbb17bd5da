//! `aud`: who the token is for.

use super::kind::Profile;
use crate::error::Rejection;

/// Which audiences an issuer's tokens may be meant for.
#[derive(Clone, Debug)]
pub(crate) enum Audiences {
    /// At least one of these, compared exactly.
    AnyOf(Box<[Box<str>]>),
    /// At least one of these, and no other.
    OnlyOf(Box<[Box<str>]>),
    /// None: the issuer writes no `aud`, and the client is looked at in its place.
    Absent,
    /// `aud` is not looked at.
    DangerouslyAny,
}

impl Audiences {
    /// These names, judged as the profile says.
    pub(crate) fn of(names: Vec<String>, profile: Profile) -> Self {
        let names = names.into_iter().map(String::into_boxed_str).collect();
        match profile {
            Profile::Rfc9068 | Profile::Lenient => Self::AnyOf(names),
            Profile::IdToken => Self::OnlyOf(names),
        }
    }

    /// Checks that the token names one of our audiences
    /// ([RFC 7519, section 4.1.3](https://www.rfc-editor.org/rfc/rfc7519#section-4.1.3)): exact, case-sensitive.
    ///
    /// # Errors
    /// [`Rejection::ClaimMissing`] when `aud` is absent, [`Rejection::AudienceMismatch`] when none of them is ours, when
    /// another is beside ours and must not be, or when there is one where none belongs.
    pub(crate) fn check<'a>(
        &self,
        present: bool,
        mut named: impl Iterator<Item = &'a str>,
    ) -> Result<(), Rejection> {
        let holds = match self {
            Self::DangerouslyAny => return Ok(()),
            Self::Absent => !present,
            Self::AnyOf(_) | Self::OnlyOf(_) if !present => {
                return Err(Rejection::ClaimMissing { claim: "aud" });
            }
            Self::AnyOf(ours) => named.any(|name| is_among(name, ours)),
            // An empty array names nobody, and so not us.
            Self::OnlyOf(ours) => {
                named.next().is_some_and(|first| is_among(first, ours))
                    && named.all(|name| is_among(name, ours))
            }
        };
        if holds { Ok(()) } else { Err(Rejection::AudienceMismatch) }
    }

    /// The first audience: the protected resource's own name.
    #[cfg(feature = "tower")]
    pub(crate) fn first(&self) -> Option<&str> {
        match self {
            Self::AnyOf(ours) | Self::OnlyOf(ours) => ours.first().map(|own| &**own),
            Self::Absent | Self::DangerouslyAny => None,
        }
    }
}

fn is_among(name: &str, ours: &[Box<str>]) -> bool {
    ours.iter().any(|own| **own == *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn audiences_compare_exactly() {
        let names = || vec!["https://api.example".to_owned(), "orders".to_owned()];
        let any = Audiences::of(names(), Profile::Lenient);
        let only = Audiences::of(names(), Profile::IdToken);
        let mismatch = Err("audience_mismatch");
        for (name, named, of_any, of_only) in [
            ("ours", &["https://api.example"][..], Ok(()), Ok(())),
            ("the other of ours", &["orders"], Ok(()), Ok(())),
            ("both of ours", &["orders", "https://api.example"], Ok(()), Ok(())),
            ("ours behind another", &["https://other.example", "orders"], Ok(()), mismatch),
            ("ours before another", &["orders", "https://other.example"], Ok(()), mismatch),
            ("another", &["https://other.example"], mismatch, mismatch),
            ("a slash more", &["https://api.example/"], mismatch, mismatch),
            ("another case", &["https://API.example"], mismatch, mismatch),
            ("a prefix", &["https://api"], mismatch, mismatch),
            ("empty string", &[""], mismatch, mismatch),
            ("empty array", &[], mismatch, mismatch),
        ] {
            let got = |ours: &Audiences| ours.check(true, named.iter().copied()).map_err(|r| r.code());
            assert_eq!((got(&any), got(&only)), (of_any, of_only), "{name}");
        }
        for ours in [&any, &only] {
            let absent = ours.check(false, std::iter::empty());
            assert_eq!(absent, Err(Rejection::ClaimMissing { claim: "aud" }));
        }
        assert_eq!(Audiences::DangerouslyAny.check(false, std::iter::empty()), Ok(()));
        #[cfg(feature = "tower")]
        assert_eq!(
            (any.first(), only.first(), Audiences::DangerouslyAny.first(), Audiences::Absent.first()),
            (Some("https://api.example"), Some("https://api.example"), None, None)
        );
    }

    #[test]
    fn where_no_audience_belongs_one_is_refused() {
        assert_eq!(Audiences::Absent.check(false, std::iter::empty()), Ok(()));
        for named in [&["https://other.example"][..], &[""], &[]] {
            let got = Audiences::Absent.check(true, named.iter().copied());
            assert_eq!(got, Err(Rejection::AudienceMismatch), "{named:?}");
        }
    }
}
