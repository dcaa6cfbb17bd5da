//! Scopes, and which of them imply which.

use std::fmt;
use std::sync::Arc;

use super::leaf::Leaf;
use super::mistake::Mistake;
use super::requirement::Requirement;
use crate::claims::Scope;
use crate::verify::VerifiedToken;

/// A scope, granted by its name or by that of one that implies it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct ScopeLeaf {
    pub(super) scope: Scope,
    pub(super) implied_by: Vec<Scope>,
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
/// assert_eq!(scope("orders:read").mistake(), None);
/// assert!(scope("orders:read orders:write").mistake().is_some());
/// ```
#[doc(alias = "hasAuthority")]
#[doc(alias = "has_scope")]
pub fn scope(name: impl Into<Arc<str>>) -> Requirement {
    Requirement::of(named(name.into()).map(|scope| Leaf::Scope(ScopeLeaf { scope, implied_by: Vec::new() })))
}

fn named(name: Arc<str>) -> Result<Scope, Mistake> {
    Scope::new(Arc::clone(&name)).map_err(|_| Mistake::new("scope", name, "not a scope name"))
}

/// Which scopes imply which, declared once: a token with `orders:write` then meets what asks for `orders:read`.
///
/// A scope that is asked for past the hierarchy, by [`scope`](fn@scope) alone, is granted by its own name alone: forgetting
/// the hierarchy closes a route and opens none. Implications reach on: if `a` implies `b`, and `b` implies `c`, then `a`
/// implies `c`. Scopes that imply each other are of equal worth. A challenge names the scope that was asked for, and so the
/// least that will do.
///
/// ```
/// use portcullis::require::ScopeHierarchy;
///
/// let scopes = ScopeHierarchy::new()
///     .implies("orders:admin", "orders:write")
///     .implies("orders:write", "orders:read");
/// let list = scopes.scope("orders:read"); // or orders:write, or orders:admin
/// assert_eq!(list.to_string(), "scope orders:read");
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ScopeHierarchy {
    /// The greater scope, and the one that it implies.
    pairs: Vec<(Scope, Scope)>,
    mistake: Option<Mistake>,
}

impl ScopeHierarchy {
    /// A hierarchy in which no scope implies another.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets a token with `greater` do what `lesser` allows.
    ///
    /// A text that cannot be the name of a scope makes all that is asked for by the hierarchy a
    /// [mistake](Requirement::mistake).
    #[must_use]
    pub fn implies(mut self, greater: impl Into<Arc<str>>, lesser: impl Into<Arc<str>>) -> Self {
        match named(greater.into()).and_then(|greater| Ok((greater, named(lesser.into())?))) {
            Ok(pair) => self.pairs.push(pair),
            Err(mistake) => self.mistake = self.mistake.or(Some(mistake)),
        }
        self
    }

    /// Asks for a scope, by its own name or by that of any that implies it.
    pub fn scope(&self, name: impl Into<Arc<str>>) -> Requirement {
        Requirement::of(named(name.into()).and_then(|scope| self.leaf(scope)).map(Leaf::Scope))
    }

    /// The same requirement with this hierarchy for its scopes, in place of any other.
    ///
    /// ```
    /// use portcullis::require::{ScopeHierarchy, role, scope};
    ///
    /// let scopes = ScopeHierarchy::new().implies("orders:write", "orders:read");
    /// let list = scopes.over(scope("orders:read").or(role("auditor")));
    /// assert_eq!(list.to_string(), "scope orders:read or role auditor");
    /// ```
    pub fn over(&self, requirement: impl Into<Requirement>) -> Requirement {
        requirement.into().map_leaves(&|leaf| match leaf {
            Leaf::Scope(ScopeLeaf { scope, .. }) => self.leaf(scope).map_or_else(Leaf::Mistake, Leaf::Scope),
            other => other,
        })
    }

    fn leaf(&self, scope: Scope) -> Result<ScopeLeaf, Mistake> {
        if let Some(mistake) = &self.mistake {
            return Err(mistake.clone());
        }
        let mut reached = vec![scope.clone()];
        let mut next = 0;
        while let Some(lesser) = reached.get(next).cloned() {
            for (greater, _) in self.pairs.iter().filter(|(_, implied)| *implied == lesser) {
                if !reached.contains(greater) {
                    reached.push(greater.clone());
                }
            }
            next += 1;
        }
        Ok(ScopeLeaf { scope, implied_by: reached.split_off(1) })
    }
}

impl ScopeLeaf {
    pub(super) fn is_met(&self, token: &VerifiedToken) -> bool {
        self.is_met_by(|scope| token.has_scope(scope))
    }

    pub(super) fn is_met_by(&self, granted: impl Fn(&Scope) -> bool) -> bool {
        granted(&self.scope) || self.implied_by.iter().any(granted)
    }
}

impl From<Scope> for ScopeLeaf {
    fn from(scope: Scope) -> Self {
        Self { scope, implied_by: Vec::new() }
    }
}

impl fmt::Display for ScopeLeaf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "scope {}", self.scope)
    }
}
