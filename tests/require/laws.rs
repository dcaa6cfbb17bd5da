//! Laws of the algebra, over leaves of every kind and tokens that have some of what they ask for.

use std::collections::BTreeSet;
use std::time::Duration;

use portcullis::require::{
    self, AcrLadder, ScopeHierarchy, acr, acr_any, amr, audience, authorization_details, claim, client,
    entitlement, group, issuer, max_age, predicate, role, scope,
};
use portcullis::{Rejection, Requirement, VerifiedToken};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::stage::{ISSUER, MINT, second, token};
use crate::testing::cases;

type Set = BTreeSet<&'static str>;

/// What a token says. The sets are what it was granted; of the others it has one value, or none.
#[derive(Clone, Debug)]
struct Says {
    scopes: BTreeSet<String>,
    roles: Set,
    groups: Set,
    entitlements: Set,
    realm: Set,
    methods: Set,
    details: Set,
    audiences: Set,
    class: Option<String>,
    tenant: Option<i64>,
    client: Option<&'static str>,
    authenticated: Option<i64>,
}

impl Says {
    fn token(&self) -> VerifiedToken {
        let scopes: Vec<_> = self.scopes.iter().map(String::as_str).collect();
        let details: Vec<_> = self.details.iter().map(|kind| json!({"type": kind})).collect();
        let audiences: Vec<_> = self.audiences.iter().copied().chain([MINT.audience()]).collect();
        token(&json!({
            "scope": scopes.join(" "), "roles": self.roles, "groups": self.groups,
            "entitlements": self.entitlements, "realm_access": {"roles": self.realm}, "amr": self.methods,
            "authorization_details": details, "aud": audiences, "acr": self.class, "tenant": self.tenant,
            "client_id": self.client, "auth_time": self.authenticated.map(second),
        }))
    }

    /// The same token, granted more.
    fn with(&self, more: &Self) -> Self {
        let union = |one: &Set, other: &Set| one.union(other).copied().collect();
        Self {
            scopes: self.scopes.union(&more.scopes).cloned().collect(),
            roles: union(&self.roles, &more.roles),
            groups: union(&self.groups, &more.groups),
            entitlements: union(&self.entitlements, &more.entitlements),
            realm: union(&self.realm, &more.realm),
            methods: union(&self.methods, &more.methods),
            details: union(&self.details, &more.details),
            audiences: union(&self.audiences, &more.audiences),
            class: self.class.clone().or_else(|| more.class.clone()),
            tenant: self.tenant.or(more.tenant),
            client: self.client.or(more.client),
            authenticated: self.authenticated.or(more.authenticated),
        }
    }

    /// A token that its client asked for anew, with what a challenge named.
    fn after(&self, rejection: &Rejection) -> Option<Self> {
        let mut renewed = self.clone();
        let mut grant = |scopes: &str| {
            renewed.scopes.extend(scopes.split(' ').filter(|name| !name.is_empty()).map(str::to_owned));
        };
        match rejection {
            Rejection::ScopeMissing { required } => grant(required),
            Rejection::AuthenticationInsufficient { acr_values, max_age, scope } => {
                grant(scope);
                // Whichever of the classes the authorization server takes: here the last.
                renewed.class = acr_values
                    .rsplit(' ')
                    .find(|class| !class.is_empty())
                    .map(str::to_owned)
                    .or(renewed.class);
                renewed.authenticated = max_age.map(|_| 0).or(renewed.authenticated);
            }
            _ => return None,
        }
        Some(renewed)
    }
}

fn set() -> impl Strategy<Value = Set> {
    prop::collection::btree_set(prop::sample::select(vec!["a", "b", "c"]), 0..3)
}

fn says() -> impl Strategy<Value = Says> {
    let sets = (set(), set(), set(), set(), set(), set(), set(), set());
    let class = prop::option::of(prop::sample::select(vec!["bronze", "silver", "gold"]));
    let client = prop::option::of(prop::sample::select(vec!["a", "b"]));
    let authenticated = prop::option::of(prop::sample::select(vec![0, -200, -2_000, 2_000]));
    (sets, class, prop::option::of(0..3_i64), client, authenticated).prop_map(
        |(
            (scopes, roles, groups, entitlements, realm, methods, details, audiences),
            class,
            tenant,
            client,
            authenticated,
        )| Says {
            scopes: scopes.into_iter().map(str::to_owned).collect(),
            roles,
            groups,
            entitlements,
            realm,
            methods,
            details,
            audiences,
            class: class.map(str::to_owned),
            tenant,
            client,
            authenticated,
        },
    )
}

fn leaves() -> impl Strategy<Value = Requirement> {
    let ladder = AcrLadder::new(["bronze", "silver", "gold"]);
    let tree = ScopeHierarchy::new().implies("c", "b").implies("b", "a");
    let mut leaves: Vec<Requirement> = Vec::new();
    for name in ["a", "b", "c"] {
        leaves.extend([scope(name), tree.scope(name), role(name), group(name), entitlement(name)]);
        leaves.extend([amr(name), audience(name), authorization_details(name), client(name)]);
        leaves.push(claim("realm_access.roles").contains(name));
    }
    leaves.extend([acr("gold"), acr("bronze"), acr_any(["silver", "bronze"]), ladder.at_least("silver")]);
    leaves.extend([max_age(Duration::from_secs(60)), max_age(Duration::from_secs(600))]);
    leaves.extend([
        claim("tenant").equals(1),
        issuer(ISSUER),
        issuer("https://other.example.com"),
        scope("not a name"),
    ]);
    leaves.push(predicate("many_roles", "more than one role", |token| {
        let claims = token.claims::<Value>().unwrap();
        claims["roles"].as_array().is_some_and(|roles| roles.len() > 1)
    }));
    prop::sample::select(leaves)
}

fn requirements() -> impl Strategy<Value = Requirement> {
    leaves().prop_recursive(4, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(require::all),
            prop::collection::vec(inner, 0..4).prop_map(require::any),
        ]
    })
}

fn none() -> [Requirement; 0] {
    []
}

proptest! {
    #![proptest_config(cases(600))]

    #[test]
    fn requirements_of_every_kind_are_a_lattice(
        says in says(), x in requirements(), y in requirements(), z in requirements(),
    ) {
        let token = says.token();
        let met = |requirement: Requirement| token.require(&requirement).is_ok();
        let [is_x, is_y, is_z] = [&x, &y, &z].map(|requirement| met(requirement.clone()));
        let (x, y, z) = (|| x.clone(), || y.clone(), || z.clone());
        prop_assert_eq!(met(x().and(y())), is_x && is_y);
        prop_assert_eq!(met(x().or(y())), is_x || is_y);
        prop_assert_eq!(met(y().and(x())), is_x && is_y);
        prop_assert_eq!(met(y().or(x())), is_x || is_y);
        prop_assert_eq!(met(x().and(y().or(z()))), met(x().and(y()).or(x().and(z()))));
        prop_assert_eq!(met(x().or(y().and(z()))), met(x().or(y()).and(x().or(z()))));
        prop_assert_eq!(met(require::all([x(), y(), z()])), is_x && is_y && is_z);
        prop_assert_eq!(met(require::any([x(), y(), z()])), is_x || is_y || is_z);
        prop_assert_eq!(met(x().or(x().and(y()))), is_x);
        prop_assert_eq!(met(x().and(x().or(y()))), is_x);
        // Grouping, and what asks for nothing, are gone once it is built.
        prop_assert_eq!(x().and(y()).and(z()), x().and(y().and(z())));
        prop_assert_eq!(x().or(y()).or(z()), x().or(y().or(z())));
        prop_assert_eq!(x().and(require::all(none())), x());
        prop_assert_eq!(x().or(require::any(none())), x());
        prop_assert!(!met(x().and(require::any(none()))));
        prop_assert!(met(x().or(require::all(none()))));
    }

    #[test]
    fn a_token_with_more_never_opens_less(says in says(), more in says(), x in requirements()) {
        if says.token().require(&x).is_ok() {
            prop_assert_eq!(says.with(&more).token().require(&x), Ok(()));
        }
    }

    #[test]
    fn a_client_that_does_as_it_is_told_is_let_in(says in says(), x in requirements()) {
        let Err(rejection) = says.token().require(&x) else { return Ok(()) };
        if let Some(renewed) = says.after(&rejection) {
            prop_assert_eq!(renewed.token().require(&x), Ok(()), "{} after {}", x, rejection);
        }
    }

    #[test]
    fn a_hierarchy_is_what_it_says_and_no_more(
        pairs in prop::collection::vec((0..6_usize, 0..6_usize), 0..10),
        asked in 0..6_usize,
        granted in 0..6_usize,
    ) {
        let names = ["a", "b", "c", "d", "e", "f"];
        let declared = pairs.iter().fold(ScopeHierarchy::new(), |tree, (greater, lesser)| {
            tree.implies(names[*greater], names[*lesser])
        });
        // What can be reached, by as many steps as there are names.
        let mut implied = Set::from([names[granted]]);
        for _ in names {
            let steps = pairs.iter().filter(|(greater, _)| implied.contains(names[*greater]));
            implied = steps.map(|(_, lesser)| names[*lesser]).chain(implied.clone()).collect();
        }
        let token = token(&json!({"scope": names[granted]}));
        let want = implied.contains(names[asked]);
        prop_assert_eq!(token.require(&declared.scope(names[asked])).is_ok(), want);
        prop_assert_eq!(token.require(&declared.over(scope(names[asked]))).is_ok(), want);
        if !want {
            let required = Rejection::ScopeMissing { required: names[asked].into() };
            prop_assert_eq!(token.require(&declared.scope(names[asked])), Err(required));
        }
    }
}
