//! Tokens of tenants that a resolver finds, and of those that only look like one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use portcullis::Algorithm::ES256;
use portcullis::Issuer;
use portcullis::crypto::Backend;
use portcullis::jose::Jwk;
use portcullis::tenants::{IssuerPattern, ResolveError, Tenant, Tenants};
use serde_json::{Value, json};

use crate::stage::Stage;
use crate::support::fixture::{AUDIENCE, with};
use crate::support::mint::MintKey;
use crate::tenants::of;

fn named(tenant: &str) -> String {
    format!("https://login.example/{tenant}/v2.0")
}

fn of_tenant(tenant: &str) -> Value {
    of(&named(tenant), AUDIENCE)
}

/// A verifier of the tenants that this says to be some.
fn resolved(
    answer: impl Fn(&Tenant) -> Result<Option<Issuer>, ResolveError> + Clone + Send + Sync + 'static,
) -> Stage {
    Stage::of_tenants(&[ES256], move || {
        let answer = answer.clone();
        let pattern = IssuerPattern::new(named("{tenant}")).unwrap();
        Tenants::matching(pattern, move |tenant: Tenant| std::future::ready(answer(&tenant)))
    })
}

fn keyed(tenant: &Tenant, key: &Jwk) -> Option<Issuer> {
    Some(Issuer::new(tenant.issuer(), key.clone()).audience(AUDIENCE))
}

/// The resolver says yes to everyone, so only the pattern stands between.
#[test]
fn names_that_look_like_a_tenant() {
    let key = MintKey::new(ES256, "a");
    let jwk = key.jwk();
    let stage = resolved(move |tenant| Ok(keyed(tenant, &jwk)));
    stage.accepts("the name itself", &key.token(&of_tenant("acme")));
    for name in [
        "https://login.example/acme/v2.0/",
        "https://login.example/acme/v2.0?",
        "https://login.example/acme/v2.0#",
        "https://login.example/acme/V2.0",
        "https://login.example//v2.0",
        "https://login.example/v2.0",
        "https://login.example/../v2.0",
        "https://login.example/./v2.0",
        "https://login.example/a/b/v2.0",
        "https://login.example/a%2fb/v2.0",
        "https://login.example/%2e%2e/v2.0",
        "https://login.example/a\\b/v2.0",
        "https://login.example/acme /v2.0",
        "https://login.example/acme\0/v2.0",
        "https://login.example/\u{e4}/v2.0",
        "https://login.example/{tenant}/v2.0",
        "https://login.example:443/acme/v2.0",
        "https://LOGIN.example/acme/v2.0",
        "https://user@login.example/acme/v2.0",
        "https://login.example@attacker.example/acme/v2.0",
        "https://login.example.attacker.example/acme/v2.0",
        "https://attacker.example/https://login.example/acme/v2.0",
        "http://login.example/acme/v2.0",
        "HTTPS://login.example/acme/v2.0",
        "acme",
        "",
    ] {
        stage.refuses(name, &key.token(&of(name, AUDIENCE)), "issuer_unknown");
    }
    let long = named(&"a".repeat(65));
    stage.refuses("a long name", &key.token(&of(&long, AUDIENCE)), "issuer_unknown");
    for value in [json!([named("acme")]), json!({"name": named("acme")})] {
        stage.refuses("no string", &key.token(&with("iss", value)), "claim_type");
    }
}

#[test]
fn an_invented_tenant() {
    let (key, theirs) = (MintKey::new(ES256, "a"), MintKey::new(ES256, "a"));
    let jwk = key.jwk();
    let stage = resolved(move |tenant| {
        Ok((tenant.parameter() == Some("acme")).then(|| keyed(tenant, &jwk)).flatten())
    });
    stage.accepts("known", &key.token(&of_tenant("acme")));
    stage.refuses("invented", &theirs.token(&of_tenant("invented")), "issuer_unknown");
    stage.refuses("invented, with a tenant's key", &key.token(&of_tenant("invented")), "issuer_unknown");
    stage.refuses("in another case", &key.token(&of_tenant("ACME")), "issuer_unknown");
}

#[test]
fn the_key_of_one_tenant_for_the_tokens_of_another() {
    let (ours, theirs, other) =
        (MintKey::new(ES256, "a"), MintKey::new(ES256, "a"), MintKey::new(ES256, "b"));
    let keys = [("ours", ours.jwk()), ("theirs", theirs.jwk()), ("other", other.jwk())];
    let stage = resolved(move |tenant| {
        let key = keys.iter().find(|(name, _)| Some(*name) == tenant.parameter());
        Ok(key.and_then(|(_, key)| keyed(tenant, key)))
    });
    for (name, key) in [("ours", &ours), ("theirs", &theirs), ("other", &other)] {
        stage.accepts(name, &key.token(&of_tenant(name)));
    }
    stage.refuses("one key id, their key", &theirs.token(&of_tenant("ours")), "signature_invalid");
    stage.refuses("one key id, our key", &ours.token(&of_tenant("theirs")), "signature_invalid");
    stage.refuses("another key id", &other.token(&of_tenant("ours")), "key_unknown");
}

/// A resolver with a mistake, such as a cache by another name, must not lend a name to the keys of another.
#[test]
fn an_answer_about_another_tenant() {
    let key = MintKey::new(ES256, "a");
    let jwk = key.jwk();
    let stage = resolved(move |tenant| {
        let name =
            if tenant.parameter() == Some("mistaken") { named("acme") } else { tenant.issuer().to_owned() };
        Ok(Some(Issuer::new(name, jwk.clone()).audience(AUDIENCE)))
    });
    stage.accepts("as asked", &key.token(&of_tenant("acme")));
    stage.refuses("another", &key.token(&of_tenant("mistaken")), "tenant_unresolved");
}

#[test]
fn a_tenant_that_is_withdrawn() {
    let key = MintKey::new(ES256, "a");
    let jwk = key.jwk();
    let withdrawn = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&withdrawn);
    let stage =
        resolved(move |tenant| Ok((!told.load(Ordering::Relaxed)).then(|| keyed(tenant, &jwk)).flatten()));
    stage.accepts("a tenant", &key.token(&of_tenant("acme")));
    withdrawn.store(true, Ordering::Relaxed);
    stage.forgets(&named("acme"));
    stage.refuses("no longer", &key.token(&of_tenant("acme")), "issuer_unknown");
}

#[test]
fn a_flood_of_invented_tenants() {
    let (key, stranger) = (MintKey::new(ES256, "a"), MintKey::new(ES256, "a"));
    let jwk = key.jwk();
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let stage = resolved(move |tenant| {
        counted.fetch_add(1, Ordering::Relaxed);
        Ok((tenant.parameter() == Some("acme")).then(|| keyed(tenant, &jwk)).flatten())
    });
    stage.accepts("before", &key.token(&of_tenant("acme")));
    let mut invented = (0..).map(|n| stranger.token(&of_tenant(&format!("invented-{n}"))));
    // A twelfth of 1,125 seats, of which the tenant above took one.
    invented.by_ref().take(92).for_each(|token| stage.refuses("invented", &token, "issuer_unknown"));
    invented.take(500).for_each(|token| stage.refuses("invented", &token, "tenants_busy"));
    stage.accepts("in the middle of it", &key.token(&of_tenant("acme")));
    assert_eq!(calls.load(Ordering::Relaxed), 93 * Backend::available().len());
}

#[test]
fn a_resolver_that_is_down() {
    let key = MintKey::new(ES256, "a");
    let jwk = key.jwk();
    let stage = resolved(move |tenant| match tenant.parameter() {
        Some("acme") => Ok(keyed(tenant, &jwk)),
        _ => Err(ResolveError::no_answer("the database is down")),
    });
    stage.accepts("known", &key.token(&of_tenant("acme")));
    stage.pass(60);
    stage.refuses("unknown", &key.token(&of_tenant("other")), "tenant_unresolved");
}
