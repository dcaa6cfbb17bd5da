//! What to answer a token that does not meet a requirement: what it lacks on the way on which its client can go on best.

use std::time::Duration;

use super::leaf::{Leaf, Remedy};
use super::requirement::Term;
use crate::error::{Rejection, Unmet};

/// Things that meet a requirement together, each once, and whether the token has it.
struct Way<'r>(Vec<(&'r Leaf, bool)>);

/// Judges anew what was found unmet, asking for each part once, and says what is lacking.
///
/// # Errors
/// What the token lacks on the nearest way.
pub(super) fn judge(term: &Term, is_met: &impl Fn(&Leaf) -> bool) -> Result<(), Rejection> {
    let impossible =
        || Err(Rejection::RequirementUnmet { lacking: Unmet::Impossible, needed: term.to_string().into() });
    let Some(way) = Way::nearest(term, is_met) else { return impossible() };
    if let Some(first) = way.lacking().find_map(without_remedy) {
        let needed: Vec<_> =
            way.lacking().filter(|leaf| without_remedy(leaf).is_some()).map(ToString::to_string).collect();
        return Err(Rejection::RequirementUnmet { lacking: first, needed: needed.join(" and ").into() });
    }
    let lacks = |remedy| way.lacking().any(|leaf| leaf.remedy() == remedy);
    let scope = || if lacks(Remedy::Scope) { way.scopes() } else { String::new() }.into();
    if lacks(Remedy::Authentication) {
        let Some(acr_values) = way.classes() else { return impossible() };
        let (acr_values, max_age) = (acr_values.into(), way.max_age());
        return Err(Rejection::AuthenticationInsufficient { acr_values, max_age, scope: scope() });
    }
    if lacks(Remedy::Scope) {
        return Err(Rejection::ScopeMissing { required: scope() });
    }
    // A predicate, or the clock, has another opinion by now.
    Ok(())
}

fn without_remedy(leaf: &Leaf) -> Option<Unmet> {
    match leaf.remedy() {
        Remedy::None(unmet) => Some(unmet),
        Remedy::Scope | Remedy::Authentication => None,
    }
}

impl<'r> Way<'r> {
    /// Of the ways to meet the term, one for tokens of this issuer; then one on which the least is missing that the client
    /// cannot ask for; then one on which the least is missing; then the first. `None` where there is no way.
    fn nearest(term: &'r Term, is_met: &impl Fn(&Leaf) -> bool) -> Option<Self> {
        match term {
            Term::Leaf(Leaf::Mistake(_)) => None,
            Term::Leaf(leaf) => Some(Self(vec![(leaf, is_met(leaf))])),
            Term::All(terms) => {
                let mut union = Vec::new();
                for term in terms {
                    for part in Self::nearest(term, is_met)?.0 {
                        if !union.iter().any(|(known, _)| *known == part.0) {
                            union.push(part);
                        }
                    }
                }
                Some(Self(union))
            }
            Term::Any(terms) => {
                terms.iter().filter_map(|term| Self::nearest(term, is_met)).min_by_key(Self::distance)
            }
        }
    }

    fn distance(&self) -> [usize; 3] {
        let lacking = || self.lacking().filter_map(without_remedy);
        let elsewhere = lacking().filter(|unmet| *unmet == Unmet::Issuer).count();
        [elsewhere, lacking().count(), self.lacking().count()]
    }

    fn lacking(&self) -> impl Iterator<Item = &'r Leaf> {
        self.0.iter().filter(|(_, is_met)| !is_met).map(|(leaf, _)| *leaf)
    }

    /// All scopes of the way, those that were granted too: a client that asks anew asks for all of them.
    fn scopes(&self) -> String {
        let mut names: Vec<&str> = Vec::new();
        for (leaf, _) in &self.0 {
            if let Leaf::Scope(leaf) = leaf
                && !names.contains(&leaf.scope.as_str())
            {
                names.push(leaf.scope.as_str());
            }
        }
        names.join(" ")
    }

    /// The classes that will do for all that the way asks for; `None` if there are none: a token has one class.
    fn classes(&self) -> Option<String> {
        let mut asked = self.0.iter().filter_map(|(leaf, _)| match leaf {
            Leaf::Classes(classes) => Some(classes),
            _ => None,
        });
        let Some(first) = asked.next() else { return Some(String::new()) };
        let mut common: Vec<_> = first.accepted().collect();
        for other in asked {
            common.retain(|class| other.accepted().any(|own| own == *class));
        }
        (!common.is_empty()).then(|| common.join(" "))
    }

    fn max_age(&self) -> Option<Duration> {
        let ages = self.0.iter().filter_map(|(leaf, _)| match leaf {
            Leaf::MaxAge(age) => Some(*age),
            _ => None,
        });
        ages.min()
    }
}
