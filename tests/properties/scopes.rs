//! Scopes against sets: what a token grants, however its issuer writes it, and what a requirement asks for, however it was
//! put together.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};
use std::task::Poll;

use portcullis::testkit::Mint;
use portcullis::{Algorithm, Issuer, Rejection, Requirement, Scope, VerifiedToken, Verifier, require, scope};
use proptest::prelude::*;
use serde_json::json;

use crate::testing::cases;

type Set = BTreeSet<&'static str>;

const NAMES: [&str; 6] = ["a", "b", "ab", "orders:read", "orders", "A"];

/// A requirement as a logician would write it.
#[derive(Clone, Debug)]
enum Formula {
    Name(&'static str),
    /// Not the name of a scope, so granted to nobody.
    Never,
    And(Box<Formula>, Box<Formula>),
    Or(Box<Formula>, Box<Formula>),
    All(Vec<Formula>),
    Any(Vec<Formula>),
}

impl Formula {
    fn holds(&self, granted: &Set) -> bool {
        match self {
            Self::Name(name) => granted.contains(name),
            Self::Never => false,
            Self::And(x, y) => x.holds(granted) & y.holds(granted),
            Self::Or(x, y) => x.holds(granted) | y.holds(granted),
            Self::All(parts) => parts.iter().filter(|part| !part.holds(granted)).count() == 0,
            Self::Any(parts) => parts.iter().filter(|part| part.holds(granted)).count() > 0,
        }
    }

    fn names(&self) -> Set {
        match self {
            Self::Name(name) => Set::from([*name]),
            Self::Never => Set::new(),
            Self::And(x, y) | Self::Or(x, y) => x.names().union(&y.names()).copied().collect(),
            Self::All(parts) | Self::Any(parts) => parts.iter().flat_map(Self::names).collect(),
        }
    }

    fn built(&self) -> Requirement {
        match self {
            Self::Name(name) => match name.len() {
                1 => scope(*name),
                _ => Scope::new(*name).unwrap().into(),
            },
            Self::Never => scope("a b"),
            Self::And(x, y) => x.built().and(y.built()),
            Self::Or(x, y) => x.built().or(y.built()),
            Self::All(parts) => require::all(parts.iter().map(Self::built)),
            Self::Any(parts) => require::any(parts.iter().map(Self::built)),
        }
    }
}

fn formulas() -> impl Strategy<Value = Formula> {
    let leaf =
        prop_oneof![9 => prop::sample::select(&NAMES[..]).prop_map(Formula::Name), 1 => Just(Formula::Never)];
    leaf.prop_recursive(5, 40, 4, |inner| {
        let pair = (inner.clone(), inner.clone());
        prop_oneof![
            pair.clone().prop_map(|(x, y)| Formula::And(Box::new(x), Box::new(y))),
            pair.prop_map(|(x, y)| Formula::Or(Box::new(x), Box::new(y))),
            prop::collection::vec(inner.clone(), 0..4).prop_map(Formula::All),
            prop::collection::vec(inner, 0..4).prop_map(Formula::Any),
        ]
    })
}

fn grants() -> impl Strategy<Value = Vec<&'static str>> {
    prop::collection::vec(prop::sample::select(&NAMES[..]), 0..6)
}

/// How an issuer writes what it grants.
#[derive(Clone, Copy, Debug)]
enum Form {
    Text,
    Array,
    Mixed,
}

static MINT: LazyLock<Mint> =
    LazyLock::new(|| Mint::builder("https://id.example.com").algorithm(Algorithm::EdDSA).build());

static VERIFIER: LazyLock<Verifier> = LazyLock::new(|| {
    let issuer = Issuer::new(MINT.identifier(), MINT.jwks()).audience(MINT.audience());
    Verifier::builder().issuer(issuer).clock(MINT.clock()).build().unwrap()
});

fn token(claims: &[(&str, &[&str], Form)], blanks: usize) -> VerifiedToken {
    let mut token = MINT.token();
    for (claim, names, form) in claims {
        let joined = names.join(&" ".repeat(blanks));
        let value = match form {
            Form::Text => json!(joined),
            Form::Array => json!(names),
            Form::Mixed => json!([joined, "", " ", names.first()]),
        };
        // An array of a name and of nothing is not an array of texts.
        let value = if names.is_empty() { json!("") } else { value };
        token = token.claim(*claim, value);
    }
    let Poll::Ready(Ok(token)) = VERIFIER.verify_cached(&token.mint()) else { panic!("it is good") };
    token
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn a_requirement_is_met_where_its_formula_holds(
        formula in formulas(),
        scope_claim in grants(),
        scp_claim in grants(),
        forms in [prop::sample::select(vec![Form::Text, Form::Array, Form::Mixed]), prop::sample::select(vec![Form::Text, Form::Array, Form::Mixed])],
        blanks in 1..4usize,
    ) {
        let token = token(&[("scope", &scope_claim, forms[0]), ("scp", &scp_claim, forms[1])], blanks);
        let granted: Set = scope_claim.iter().chain(&scp_claim).copied().collect();
        prop_assert_eq!(token.scopes().collect::<BTreeSet<_>>(), granted.clone());
        for name in NAMES {
            prop_assert_eq!(token.has_scope(&Scope::new(name).unwrap()), granted.contains(name));
        }
        let requirement = formula.built();
        let judged = token.require(&requirement);
        prop_assert_eq!(judged.is_ok(), formula.holds(&granted), "{}", requirement);
        prop_assert_eq!(requirement.check(&token), judged.clone());
        if let Err(rejection) = judged {
            let named = formula.names();
            let required: Arc<str> = match rejection {
                Rejection::ScopeMissing { required } => required,
                // A formula without `not` holds for all or for none.
                rejection => {
                    prop_assert_eq!(rejection.code(), "requirement_impossible");
                    prop_assert!(!formula.holds(&named));
                    return Ok(());
                }
            };
            let asked: Set = named.iter().copied().filter(|name| required.split(' ').any(|one| one == *name)).collect();
            prop_assert_eq!(asked.len(), required.split(' ').filter(|name| !name.is_empty()).count(), "each once");
            // What the challenge asks for would do.
            prop_assert!(!required.is_empty() && formula.holds(&asked));
        }
    }

    #[test]
    fn a_scope_is_a_scope_token(name in prop_oneof![any::<String>(), "[ -~]{0,6}", "[!#-\\[\\]-~]{1,6}"]) {
        let allowed: Vec<char> = ('\u{21}'..='\u{7e}').filter(|c| !matches!(c, '"' | '\\')).collect();
        let want = !name.is_empty() && name.chars().all(|character| allowed.contains(&character));
        prop_assert_eq!(Scope::new(name.as_str()).is_ok(), want);
        let requirement = scope(name.as_str());
        prop_assert_eq!(requirement.mistake().is_none(), want);
        let _ = require(requirement);
    }
}
