//! Requirements, joined by and and or.

use std::fmt;

use super::leaf::Leaf;
use super::mistake::Mistake;
use super::nearest;
use crate::claims::Scope;
use crate::error::Rejection;
use crate::verify::VerifiedToken;

/// What a token must have, beyond being good. Put together from the functions of [this module](mod@crate::require).
///
/// ```
/// use portcullis::require::{any, role, scope};
///
/// let wanted = scope("orders:read").and(any([scope("orders:write"), role("admin")]));
/// assert_eq!(wanted.to_string(), "scope orders:read and (scope orders:write or role admin)");
/// assert_eq!(wanted.mistake(), None);
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[must_use = "a requirement guards nothing until it is checked or given to a route"]
pub struct Requirement(pub(super) Term);

#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Term {
    Leaf(Leaf),
    /// Neither one term alone nor another `All` in it.
    All(Vec<Term>),
    /// Neither one term alone nor another `Any` in it.
    Any(Vec<Term>),
}

/// Asks for each of these; for nothing, if there are none.
///
/// ```
/// use portcullis::require::{all, scope};
///
/// assert_eq!(all([scope("a"), scope("b")]), scope("a").and(scope("b")));
/// ```
pub fn all(requirements: impl IntoIterator<Item = impl Into<Requirement>>) -> Requirement {
    let mut terms = Vec::new();
    for requirement in requirements {
        match requirement.into().0 {
            Term::All(inner) => terms.extend(inner),
            term => terms.push(term),
        }
    }
    Requirement(alone(terms).unwrap_or_else(Term::All))
}

/// Asks for at least one of these; never met, if there are none.
///
/// ```
/// use portcullis::require::{any, scope};
///
/// assert_eq!(any([scope("a"), scope("b")]), scope("a").or(scope("b")));
/// ```
pub fn any(requirements: impl IntoIterator<Item = impl Into<Requirement>>) -> Requirement {
    let mut terms = Vec::new();
    for requirement in requirements {
        match requirement.into().0 {
            Term::Any(inner) => terms.extend(inner),
            term => terms.push(term),
        }
    }
    Requirement(alone(terms).unwrap_or_else(Term::Any))
}

impl Requirement {
    /// Asks for `other` as well.
    pub fn and(self, other: impl Into<Self>) -> Self {
        all([self, other.into()])
    }

    /// Is content with `other` instead.
    pub fn or(self, other: impl Into<Self>) -> Self {
        any([self, other.into()])
    }

    /// Judges a token.
    ///
    /// # Errors
    /// [`Rejection::ScopeMissing`], [`Rejection::AuthenticationInsufficient`] or [`Rejection::RequirementUnmet`]. Of
    /// alternatives, what is answered is told [here](mod@crate::require#what-is-answered).
    pub fn check(&self, token: &VerifiedToken) -> Result<(), Rejection> {
        let judged = self.judge_untold(token);
        token.tell_of_requirement(judged.as_ref().err());
        judged
    }

    /// The same, telling nobody.
    pub(crate) fn judge_untold(&self, token: &VerifiedToken) -> Result<(), Rejection> {
        self.judge(&|leaf| leaf.is_met(token))
    }

    /// The first part of it that no token could ever meet, as it was written wrongly. A route that asks for it answers 500.
    #[must_use]
    pub fn mistake(&self) -> Option<&Mistake> {
        self.0.mistake()
    }

    /// The parts that the token does not meet, whether or not another stands in their place.
    pub(crate) fn unmet_by(&self, token: &VerifiedToken) -> Vec<String> {
        let mut unmet = Vec::new();
        self.0.each_leaf(&mut |leaf| {
            let part = leaf.to_string();
            if !leaf.is_met(token) && !unmet.contains(&part) {
                unmet.push(part);
            }
        });
        unmet
    }

    fn judge(&self, is_met: &impl Fn(&Leaf) -> bool) -> Result<(), Rejection> {
        if self.0.is_met(is_met) { Ok(()) } else { nearest::judge(&self.0, is_met) }
    }

    /// Not by `From`, which compilers would tell users about.
    pub(super) fn of(leaf: Result<Leaf, Mistake>) -> Self {
        Self(Term::Leaf(leaf.unwrap_or_else(Leaf::Mistake)))
    }

    pub(super) fn map_leaves(self, change: &impl Fn(Leaf) -> Leaf) -> Self {
        Self(self.0.map_leaves(change))
    }
}

impl VerifiedToken {
    /// Asks more of the token than that it is good, where no route layer did.
    ///
    /// # Errors
    /// As [`Requirement::check`].
    ///
    /// ```
    /// use portcullis::require::role;
    /// use portcullis::{Rejection, VerifiedToken, scope};
    ///
    /// fn delete_order(token: &VerifiedToken) -> Result<(), Rejection> {
    ///     token.require(&scope("orders:delete").or(role("admin")))
    /// }
    /// ```
    pub fn require(&self, requirement: &Requirement) -> Result<(), Rejection> {
        requirement.check(self)
    }
}

impl From<Scope> for Requirement {
    fn from(scope: Scope) -> Self {
        Self(Term::Leaf(Leaf::Scope(scope.into())))
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Term {
    fn is_met(&self, is_met: &impl Fn(&Leaf) -> bool) -> bool {
        match self {
            Self::Leaf(leaf) => is_met(leaf),
            Self::All(terms) => terms.iter().all(|term| term.is_met(is_met)),
            Self::Any(terms) => terms.iter().any(|term| term.is_met(is_met)),
        }
    }

    fn each_leaf(&self, look: &mut impl FnMut(&Leaf)) {
        match self {
            Self::Leaf(leaf) => look(leaf),
            Self::All(terms) | Self::Any(terms) => terms.iter().for_each(|term| term.each_leaf(look)),
        }
    }

    fn mistake(&self) -> Option<&Mistake> {
        match self {
            Self::Leaf(Leaf::Mistake(mistake)) => Some(mistake),
            Self::Leaf(_) => None,
            Self::All(terms) | Self::Any(terms) => terms.iter().find_map(Self::mistake),
        }
    }

    fn map_leaves(self, change: &impl Fn(Leaf) -> Leaf) -> Self {
        let each = |terms: Vec<Self>| terms.into_iter().map(|term| term.map_leaves(change)).collect();
        match self {
            Self::Leaf(leaf) => Self::Leaf(change(leaf)),
            Self::All(terms) => Self::All(each(terms)),
            Self::Any(terms) => Self::Any(each(terms)),
        }
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (terms, word) = match self {
            Self::Leaf(leaf) => return leaf.fmt(f),
            Self::All(terms) if terms.is_empty() => return f.write_str("nothing"),
            Self::Any(terms) if terms.is_empty() => return f.write_str("the impossible"),
            Self::All(terms) => (terms, " and "),
            Self::Any(terms) => (terms, " or "),
        };
        for (index, term) in terms.iter().enumerate() {
            if index > 0 {
                f.write_str(word)?;
            }
            match term {
                Self::All(inner) | Self::Any(inner) if !inner.is_empty() => write!(f, "({term})")?,
                _ => term.fmt(f)?,
            }
        }
        Ok(())
    }
}

/// The one term there is, or all the terms back.
fn alone(mut terms: Vec<Term>) -> Result<Term, Vec<Term>> {
    match (terms.pop(), terms.is_empty()) {
        (Some(only), true) => Ok(only),
        (Some(last), false) => {
            terms.push(last);
            Err(terms)
        }
        (None, _) => Err(terms),
    }
}

#[cfg(test)]
mod tests;
