//! A requirement as it was put together, for the test that settings can say all of it.

use std::sync::Arc;
use std::time::Duration;

use super::authentication::{Classes, Form};
use super::claim::{ClaimLeaf, ClaimValue, Test};
use super::detail::{AuthorizationDetail, Field};
use super::leaf::Leaf;
use super::named::{Kind, NamedLeaf};
use super::requirement::{Requirement, Term};
use super::scopes::ScopeLeaf;
use crate::claims::Scope;

/// A requirement as it was put together; the names are those that settings have for it.
pub(crate) enum Described<'r> {
    All(Vec<Described<'r>>),
    Any(Vec<Described<'r>>),
    Scope {
        scope: &'r Scope,
        implied_by: &'r [Scope],
    },
    Named(&'static str, &'r str),
    Claim {
        path: &'r [Arc<str>],
        test: &'static str,
        value: &'r ClaimValue,
    },
    Acr(&'r [Arc<str>]),
    /// The class that was asked for, and those above it.
    Ladder(&'r [Arc<str>]),
    Amr(&'r str),
    MaxAge(Duration),
    Detail {
        kind: &'r str,
        actions: Vec<&'r str>,
        locations: Vec<&'r str>,
    },
    /// What settings cannot say, and why.
    CodeOnly(&'static str),
}

impl Requirement {
    /// All that settings must be able to say. Names every kind of part: a new one does not compile until somebody has decided
    /// whether operators may ask for it.
    pub(crate) fn described(&self) -> Described<'_> {
        self.0.described()
    }
}

impl Term {
    fn described(&self) -> Described<'_> {
        match self {
            Self::Leaf(leaf) => leaf.described(),
            Self::All(terms) => Described::All(terms.iter().map(Self::described).collect()),
            Self::Any(terms) => Described::Any(terms.iter().map(Self::described).collect()),
        }
    }
}

impl Leaf {
    fn described(&self) -> Described<'_> {
        match self {
            Self::Scope(ScopeLeaf { scope, implied_by }) => Described::Scope { scope, implied_by },
            Self::Classes(Classes { form: Form::Listed, accepted }) => Described::Acr(accepted),
            Self::Classes(Classes { form: Form::AtLeast, accepted }) => Described::Ladder(accepted),
            Self::MaxAge(age) => Described::MaxAge(*age),
            Self::Method(method) => Described::Amr(method),
            Self::Claim(ClaimLeaf { path, test, value }) => {
                let test = match test {
                    Test::Contains => "contains",
                    Test::Equals => "equals",
                };
                Described::Claim { path, test, value }
            }
            Self::Named(NamedLeaf { kind, name }) => {
                let kind = match kind {
                    Kind::Role => "role",
                    Kind::Group => "group",
                    Kind::Entitlement => "entitlement",
                    Kind::Issuer => "issuer",
                    Kind::Client => "client",
                    Kind::Audience => "audience",
                };
                Described::Named(kind, name)
            }
            Self::Detail(AuthorizationDetail { kind, narrower }) => {
                let (mut actions, mut locations) = (Vec::new(), Vec::new());
                for (field, value) in narrower {
                    match field {
                        Field::Action => actions.push(&**value),
                        Field::Location => locations.push(&**value),
                    }
                }
                Described::Detail { kind, actions, locations }
            }
            Self::Predicate(_) => Described::CodeOnly("a predicate is a function"),
            Self::Mistake(_) => Described::CodeOnly("a mistake is refused when the settings are read"),
        }
    }
}
