//! Requirements of every kind, and of any text.

use std::time::Duration;

use portcullis::Requirement;
use portcullis::require::{
    self, AcrLadder, AuthorizationDetail, ClaimValue, ScopeHierarchy, acr, acr_any, amr, audience,
    authorization_details, claim, claim_at, client, entitlement, group, issuer, max_age, predicate, role,
    scope,
};

use crate::album::Album;

/// Where each function that takes outside data is called.
pub(crate) const DRIVEN: [(&str, &str); 19] = [
    ("require/authentication::acr", "texts"),
    ("require/authentication::acr_any", "texts"),
    ("require/authentication::amr", "texts"),
    ("require/authentication::at_least", "texts"),
    ("require/authentication::new", "texts"),
    ("require/claim::claim", "texts"),
    ("require/claim::claim_at", "texts"),
    ("require/detail::action", "texts"),
    ("require/detail::location", "texts"),
    ("require/detail::new", "texts"),
    ("require/named::audience", "texts"),
    ("require/named::client", "texts"),
    ("require/named::entitlement", "texts"),
    ("require/named::group", "texts"),
    ("require/named::issuer", "texts"),
    ("require/named::role", "texts"),
    ("require/predicate::predicate", "texts"),
    ("require/scopes::implies", "texts"),
    ("require/scopes::scope", "texts"),
];

/// One of each kind, of a text.
pub(crate) fn of(text: &str) -> Vec<Requirement> {
    let detail = AuthorizationDetail::new(text).action(text).location(text);
    vec![
        scope(text),
        ScopeHierarchy::new().implies(text, "lesser").implies("lesser", text).scope("lesser"),
        ScopeHierarchy::new().implies("greater", "lesser").implies("lesser", "greater").scope(text),
        acr(text),
        acr_any([text, "gold"]),
        AcrLadder::new([text, "gold"]).at_least(text),
        AcrLadder::new(["silver", "gold"]).at_least(text),
        amr(text),
        claim(text).contains(text),
        claim_at([text]).equals(text),
        claim_at(["a", text]).equals(7),
        role(text),
        group(text),
        entitlement(text),
        issuer(text),
        client(text),
        audience(text),
        authorization_details(detail),
        authorization_details(text.to_owned()),
        predicate("own_word", text, |_| false),
    ]
}

/// One of each kind that a token of [`hostile`](crate::hostile) does not meet.
pub(crate) fn all() -> Vec<Requirement> {
    let mut all = of("orders:write");
    all.push(max_age(Duration::from_secs(300)));
    all.push(claim("sub").equals(true).and(claim("sub").contains(7)));
    all.push(require::any(Vec::<Requirement>::new()));
    all.push(acr("gold").and(scope("orders:write")));
    all
}

pub(crate) fn pictures(album: &mut Album) {
    for requirement in all() {
        album.display("Requirement", &requirement);
    }
    let slip = scope("orders:read orders:write");
    album.error("Mistake", slip.mistake().expect("it is one"));
    album.debug("AcrLadder", &AcrLadder::new(["silver", "gold"]));
    album.debug("ScopeHierarchy", &ScopeHierarchy::new().implies("orders:write", "orders:read"));
    album.display("AuthorizationDetail", &AuthorizationDetail::new("payment").action("initiate"));
    album.debug("ClaimPath", &claim("realm_access.roles"));
    for value in [ClaimValue::from("admin"), 7.into(), true.into()] {
        album.display("ClaimValue", &value);
    }
}
