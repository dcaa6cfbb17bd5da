//! How, and how long ago, the user authenticated.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::leaf::Leaf;
use super::mistake::{Mistake, name};
use super::requirement::Requirement;
use crate::claims::Scope;
use crate::verify::VerifiedToken;

/// Classes of authentication, any of which will do.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Classes {
    pub(super) form: Form,
    /// At least one.
    pub(super) accepted: Arc<[Arc<str>]>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Form {
    Listed,
    /// The first, or what stands above it on a ladder.
    AtLeast,
}

/// Classes of authentication in their order, the weakest first, so that a route can ask for one *or a stronger one*.
///
/// The classes have no order of their own: each deployment agrees on one with its authorization server.
///
/// ```
/// use portcullis::require::AcrLadder;
///
/// let ladder = AcrLadder::new(["bronze", "silver", "gold"]);
/// assert_eq!(ladder.at_least("silver").to_string(), "acr ≥ silver");
/// assert!(ladder.at_least("platinum").mistake().is_some());
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AcrLadder(Arc<[Arc<str>]>);

/// Asks for this class of authentication (`acr`), compared byte for byte.
///
/// A token without it is answered with 401 and what to ask the authorization server for
/// ([RFC 9470](https://www.rfc-editor.org/rfc/rfc9470)). A class that a challenge could not carry, as it is empty or has a
/// space, a quotation mark or a character outside ASCII, is a [mistake](Requirement::mistake).
///
/// ```
/// assert_eq!(portcullis::require::acr("phr").to_string(), "acr phr");
/// ```
pub fn acr(class: impl Into<Arc<str>>) -> Requirement {
    acr_any([class])
}

/// Asks for one of these classes of authentication, the preferred first; see [`acr`].
///
/// ```
/// assert_eq!(portcullis::require::acr_any(["phrh", "phr"]).to_string(), "acr one of phrh, phr");
/// ```
pub fn acr_any(classes: impl IntoIterator<Item = impl Into<Arc<str>>>) -> Requirement {
    Requirement::of(accepted(Form::Listed, classes.into_iter().map(Into::into).collect()).map(Leaf::Classes))
}

/// Asks that the user authenticated with this method (`amr`), such as `otp`, `hwk` or `mfa`
/// ([RFC 8176](https://www.rfc-editor.org/rfc/rfc8176)).
///
/// Clients cannot ask for a method, so this is answered with 403; where the authorization server has classes, [`acr`] is
/// what tells a client how to go on.
///
/// ```
/// assert_eq!(portcullis::require::amr("otp").to_string(), "amr otp");
/// ```
pub fn amr(method: impl Into<Arc<str>>) -> Requirement {
    Requirement::of(name("amr", method.into()).map(Leaf::Method))
}

/// Asks that the user authenticated (`auth_time`) at most so long ago, that age included.
///
/// Judged by the verifier's clock at the moment of the check, with the verifier's skew in either direction. A token without
/// `auth_time` does not say, and is refused; so is one of an authentication in the future. Answered as [`acr`] is, in whole
/// seconds.
///
/// ```
/// use std::time::Duration;
/// use portcullis::require::max_age;
///
/// assert_eq!(max_age(Duration::from_secs(300)).to_string(), "authentication at most 300 s ago");
/// ```
pub fn max_age(age: Duration) -> Requirement {
    Requirement::of(Ok(Leaf::MaxAge(age)))
}

impl AcrLadder {
    /// A ladder of these classes, the weakest first.
    ///
    /// Where no class is named, one twice, or one that cannot be a class, everything that is asked for by it is a
    /// [mistake](Requirement::mistake).
    #[must_use]
    pub fn new(classes: impl IntoIterator<Item = impl Into<Arc<str>>>) -> Self {
        Self(classes.into_iter().map(Into::into).collect())
    }

    /// Asks for this class or one above it; the challenge names them in that order.
    pub fn at_least(&self, class: &str) -> Requirement {
        let Self(rungs) = self;
        let mut seen = rungs.iter().enumerate();
        let repeated = seen.any(|(index, rung)| rungs.iter().skip(index + 1).any(|other| other == rung));
        let whole = accepted(Form::AtLeast, Arc::clone(rungs));
        let leaf = whole.and_then(|whole| {
            if repeated {
                return Err(Mistake::new("acr", class, "on a ladder that names a class twice"));
            }
            let accepted: Arc<[_]> =
                whole.accepted.iter().skip_while(|rung| ***rung != *class).cloned().collect();
            if accepted.is_empty() {
                return Err(Mistake::new("acr", class, "not on the ladder"));
            }
            Ok(Leaf::Classes(Classes { accepted, ..whole }))
        });
        Requirement::of(leaf)
    }
}

/// A class stands in a challenge between spaces and quotation marks, as the name of a scope does.
fn accepted(form: Form, classes: Arc<[Arc<str>]>) -> Result<Classes, Mistake> {
    if classes.is_empty() {
        return Err(Mistake::new("acr", "", "no class is named"));
    }
    match classes.iter().find(|class| Scope::new(Arc::clone(class)).is_err()) {
        Some(class) => Err(Mistake::new("acr", Arc::clone(class), "not a class that a challenge can name")),
        None => Ok(Classes { form, accepted: classes }),
    }
}

impl Classes {
    pub(super) fn is_met(&self, token: &VerifiedToken) -> bool {
        token.authentication_context().is_some_and(|class| self.accepted.iter().any(|own| **own == *class))
    }

    /// The classes that will do, the preferred first.
    pub(super) fn accepted(&self) -> impl Iterator<Item = &str> {
        self.accepted.iter().map(|class| &**class)
    }
}

impl fmt::Display for Classes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("acr ")?;
        let mut names = self.accepted();
        match (self.form, self.accepted.len()) {
            (Form::AtLeast, _) => f.write_str("≥ ")?,
            (Form::Listed, 1) => {}
            (Form::Listed, _) => f.write_str("one of ")?,
        }
        f.write_str(names.next().unwrap_or_default())?;
        if self.form == Form::Listed {
            names.try_for_each(|name| write!(f, ", {name}"))?;
        }
        Ok(())
    }
}
