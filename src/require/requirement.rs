//! Scopes, joined by and and or.

use std::fmt;
use std::sync::Arc;

use crate::claims::Scope;
use crate::error::Rejection;
use crate::verify::VerifiedToken;

/// What a token must have been granted. Made by [`scope`], [`all`] and [`any`].
///
/// ```
/// use portcullis::require::{any, scope};
///
/// let wanted = scope("orders:read").and(any([scope("orders:write"), scope("admin")]));
/// assert_eq!(wanted.to_string(), "scope orders:read and (scope orders:write or scope admin)");
/// assert_eq!(wanted.misnamed_scope(), None);
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[must_use = "a requirement guards nothing until it is checked or given to a route"]
pub struct Requirement(Term);

#[derive(Clone, Debug, Eq, PartialEq)]
enum Term {
    Scope(Scope),
    /// Not the name of any scope, so that no token can have been granted it, whatever its claims say.
    Misnamed(Arc<str>),
    /// Neither one term alone nor another `All` in it.
    All(Vec<Term>),
    /// Neither one term alone nor another `Any` in it.
    Any(Vec<Term>),
}

/// Asks for one scope.
///
/// A text that cannot be the name of a scope, such as two names with a space between, makes a requirement that is
/// never met: a slip in the set-up closes the route and does not open it. Where names come from a file, make a
/// [`Scope`] first, which says what is wrong; it turns into a requirement by `Requirement::from`.
///
/// ```
/// use portcullis::require::scope;
///
/// assert_eq!(scope("orders:read").misnamed_scope(), None);
/// assert_eq!(scope("orders:read orders:write").misnamed_scope(), Some("orders:read orders:write"));
/// ```
pub fn scope(name: impl Into<Arc<str>>) -> Requirement {
    let name = name.into();
    Requirement(match Scope::new(Arc::clone(&name)) {
        Ok(scope) => Term::Scope(scope),
        Err(_) => Term::Misnamed(name),
    })
}

/// Asks for each of these; for nothing, if there are none.
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
    /// [`Rejection::ScopeMissing`] with scopes that would do: of alternatives, those of which the token lacks the
    /// fewest, the first named among equals. Empty where no scopes would do.
    pub fn check(&self, token: &VerifiedToken) -> Result<(), Rejection> {
        self.judge(|scope| token.has_scope(scope))
    }

    /// The first text in it that was given for a scope and cannot be the name of one.
    #[must_use]
    pub fn misnamed_scope(&self) -> Option<&str> {
        self.0.misnamed()
    }

    fn judge(&self, granted: impl Fn(&Scope) -> bool) -> Result<(), Rejection> {
        if self.0.is_met(&granted) {
            return Ok(());
        }
        let needed: Vec<_> =
            self.0.needed(&granted).unwrap_or_default().into_iter().map(Scope::as_str).collect();
        Err(Rejection::ScopeMissing { required: needed.join(" ").into() })
    }
}

impl VerifiedToken {
    /// Asks more of the token than that it is good, where no route layer did.
    ///
    /// # Errors
    /// [`Rejection::ScopeMissing`], as [`Requirement::check`].
    ///
    /// ```
    /// use portcullis::{Rejection, VerifiedToken, scope};
    ///
    /// fn delete_order(token: &VerifiedToken) -> Result<(), Rejection> {
    ///     token.require(&scope("orders:delete").or(scope("admin")))
    /// }
    /// ```
    pub fn require(&self, requirement: &Requirement) -> Result<(), Rejection> {
        requirement.check(self)
    }
}

impl From<Scope> for Requirement {
    fn from(scope: Scope) -> Self {
        Self(Term::Scope(scope))
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Term {
    fn is_met(&self, granted: &impl Fn(&Scope) -> bool) -> bool {
        match self {
            Self::Scope(scope) => granted(scope),
            Self::Misnamed(_) => false,
            Self::All(terms) => terms.iter().all(|term| term.is_met(granted)),
            Self::Any(terms) => terms.iter().any(|term| term.is_met(granted)),
        }
    }

    /// Scopes that meet the term, the way to it of which the fewest are missing; `None` where no scopes meet it.
    fn needed(&self, granted: &impl Fn(&Scope) -> bool) -> Option<Vec<&Scope>> {
        match self {
            Self::Scope(scope) => Some(vec![scope]),
            Self::Misnamed(_) => None,
            Self::All(terms) => {
                let mut union = Vec::new();
                for term in terms {
                    for scope in term.needed(granted)? {
                        if !union.contains(&scope) {
                            union.push(scope);
                        }
                    }
                }
                Some(union)
            }
            Self::Any(terms) => {
                let missing = |scopes: &Vec<&Scope>| scopes.iter().filter(|scope| !granted(scope)).count();
                terms.iter().filter_map(|term| term.needed(granted)).min_by_key(missing)
            }
        }
    }

    fn misnamed(&self) -> Option<&str> {
        match self {
            Self::Scope(_) => None,
            Self::Misnamed(name) => Some(name),
            Self::All(terms) | Self::Any(terms) => terms.iter().find_map(Self::misnamed),
        }
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (terms, word) = match self {
            Self::Scope(scope) => return write!(f, "scope {scope}"),
            Self::Misnamed(name) => return write!(f, "scope {name:?} (not a scope name)"),
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
mod tests {
    use proptest::prelude::{Just, Strategy, prop, prop_assert, prop_assert_eq, prop_oneof, proptest};

    use super::*;

    fn judged(requirement: &Requirement, granted: &str) -> Result<(), String> {
        let has = |scope: &Scope| granted.split(' ').any(|name| name == scope.as_str());
        requirement.judge(has).map_err(|rejection| match rejection {
            Rejection::ScopeMissing { required } => required.to_string(),
            other => other.code().to_owned(),
        })
    }

    fn none() -> [Requirement; 0] {
        []
    }

    #[test]
    fn the_truth_table() {
        for (name, requirement, granted, want) in [
            ("one, granted", scope("a"), "a", Ok(())),
            ("one, not granted", scope("a"), "b", Err("a")),
            ("a name that only starts like it", scope("orders:read"), "orders", Err("orders:read")),
            ("a name in another case", scope("a"), "A", Err("a")),
            ("both of two", scope("a").and(scope("b")), "b a", Ok(())),
            ("one of both", scope("a").and(scope("b")), "a", Err("a b")),
            ("one of two that do", scope("a").or(scope("b")), "b", Ok(())),
            ("none of two that do", scope("a").or(scope("b")), "c", Err("a")),
            ("nothing asked", all(none()), "", Ok(())),
            ("nothing would do", any(none()), "a", Err("")),
            ("nothing would do beside one", scope("a").and(any(none())), "a", Err("")),
            ("a name that is none", scope("a b"), "a b", Err("")),
            ("a name that is none, as it stands in a token", scope("a\"b"), "a\"b", Err("")),
            ("a name that is none, with another way", scope("a b").or(scope("c")), "x", Err("c")),
            ("the empty name", scope(""), "", Err("")),
        ] {
            assert_eq!(judged(&requirement, granted), want.map_err(str::to_owned), "{name}");
        }
    }

    #[test]
    fn the_challenge_asks_for_the_nearest_way() {
        let either = any([all([scope("a"), scope("b"), scope("c")]), all([scope("d"), scope("e")])]);
        for (name, granted, want) in [
            ("nothing yet", "", "d e"),
            ("as near by both ways", "a", "a b c"),
            ("nearer by the first", "a b", "a b c"),
            ("nearer by the second", "d", "d e"),
        ] {
            assert_eq!(judged(&either, granted), Err(want.to_owned()), "{name}");
        }
        let repeated = scope("a").and(scope("b").or(scope("a"))).and(scope("a"));
        assert_eq!(judged(&repeated, ""), Err("a b".to_owned()), "each scope once, in order");
    }

    #[test]
    fn shown_with_parentheses_where_and_meets_or() {
        for (requirement, want) in [
            (scope("a"), "scope a"),
            (scope("a").and(scope("b")).and(scope("c")), "scope a and scope b and scope c"),
            (scope("a").and(scope("b").or(scope("c"))), "scope a and (scope b or scope c)"),
            (scope("a").and(scope("b")).or(scope("c")), "(scope a and scope b) or scope c"),
            (all(none()), "nothing"),
            (any(none()).and(scope("a")), "the impossible and scope a"),
            (scope("a b"), "scope \"a b\" (not a scope name)"),
        ] {
            assert_eq!(requirement.to_string(), want);
        }
    }

    #[test]
    fn a_misnamed_scope_is_found_at_any_depth() {
        let requirement = scope("a").and(scope("b").or(scope("c d")));
        assert_eq!(requirement.misnamed_scope(), Some("c d"));
        assert_eq!(scope("a").and(scope("b").or(scope("c"))).misnamed_scope(), None);
    }

    fn requirements() -> impl Strategy<Value = Requirement> {
        let leaf = prop_oneof![8 => "[a-f]".prop_map(scope), 1 => Just(scope("not a name"))];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(all),
                prop::collection::vec(inner, 0..4).prop_map(any),
            ]
        })
    }

    fn grants() -> impl Strategy<Value = String> {
        prop::collection::vec("[a-f]", 0..6).prop_map(|names| names.join(" "))
    }

    proptest! {
        #![proptest_config(crate::testing::cases(256))]

        #[test]
        fn order_and_grouping_do_not_change_the_outcome(
            x in requirements(), y in requirements(), z in requirements(), granted in grants(),
        ) {
            let met = |requirement: &Requirement| judged(requirement, &granted).is_ok();
            let (x, y, z) = (&x, &y, &z);
            let and = |x: &Requirement, y: &Requirement| x.clone().and(y.clone());
            let or = |x: &Requirement, y: &Requirement| x.clone().or(y.clone());
            prop_assert_eq!(met(&and(x, y)), met(x) && met(y));
            prop_assert_eq!(met(&or(x, y)), met(x) || met(y));
            prop_assert_eq!(met(&and(x, y)), met(&and(y, x)));
            prop_assert_eq!(met(&or(x, y)), met(&or(y, x)));
            prop_assert_eq!(met(&and(x, &or(y, z))), met(&or(&and(x, y), &and(x, z))));
            // Grouping is gone once it is built, so the challenge is the same as well.
            prop_assert_eq!(and(&and(x, y), z), and(x, &and(y, z)));
            prop_assert_eq!(or(&or(x, y), z), or(x, &or(y, z)));
            prop_assert_eq!(and(x, &all(none())), x.clone());
            prop_assert_eq!(or(x, &any(none())), x.clone());
            prop_assert!(!met(&and(x, &any(none()))));
            prop_assert!(met(&or(x, &all(none()))));
        }

        #[test]
        fn what_the_challenge_asks_for_is_enough(x in requirements(), granted in grants()) {
            if let Err(required) = judged(&x, &granted)
                && !required.is_empty()
            {
                prop_assert_eq!(judged(&x, &required), Ok(()));
                let names: Vec<_> = required.split(' ').collect();
                let mut unique = names.clone();
                unique.sort_unstable();
                unique.dedup();
                prop_assert_eq!(unique.len(), names.len());
            }
        }

        #[test]
        fn more_grants_never_close_a_route(x in requirements(), granted in grants(), more in "[a-f]") {
            let wider = format!("{granted} {more}");
            prop_assert!(judged(&x, &granted).is_err() || judged(&x, &wider).is_ok());
        }
    }
}
