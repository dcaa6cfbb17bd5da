//! Tokens of somebody else: another issuer, another tenant, another API.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use portcullis::Algorithm::ES256;
use portcullis::crypto::Backend;
use portcullis::jose::Jwk;
use portcullis::tenants::{IssuerPattern, ResolveError, Tenant, Tenants};
use portcullis::{Issuer, Profile};
use serde_json::{Value, json};

use crate::stage::Stage;
use crate::support::fixture::{AUDIENCE, ISSUER, claims, issuer, with, without};
use crate::support::mint::MintKey;

const SECOND: &str = "https://second.example";

/// Two issuers, each with a key of its own and an API of its own.
fn two(ours: &MintKey, theirs: &MintKey) -> Stage {
    Stage::new(&[ES256], || {
        vec![issuer([ours.jwk()]), Issuer::new(SECOND, theirs.jwk()).audience("https://second-api.example")]
    })
}

fn of(issuer: &str, audience: &str) -> Value {
    let mut claims = with("iss", json!(issuer));
    claims["aud"] = json!(audience);
    claims
}

#[test]
fn a_token_of_another_issuer() {
    let (key, stranger) = (MintKey::new(ES256, "a"), MintKey::new(ES256, "a"));
    let stage = Stage::trusting(&key);
    stage.accepts("ours", &key.token(&claims()));
    let theirs = of("https://other.example", AUDIENCE);
    stage.refuses("signed by them", &stranger.token(&theirs), "issuer_unknown");
    stage.refuses("signed with our key", &key.token(&theirs), "issuer_unknown");
    stage.refuses("in our name", &stranger.token(&claims()), "signature_invalid");
    stage.refuses("in nobody's name", &key.token(&without("iss")), "claim_missing");
}

#[test]
fn the_key_of_one_issuer_for_the_tokens_of_another() {
    let (ours, theirs) = (MintKey::new(ES256, "a"), MintKey::new(ES256, "b"));
    let stage = two(&ours, &theirs);
    stage.accepts("ours", &ours.token(&claims()));
    stage.accepts("theirs", &theirs.token(&of(SECOND, "https://second-api.example")));
    stage.refuses("their key, our name", &theirs.token(&claims()), "key_unknown");
    let token = ours.token(&of(SECOND, "https://second-api.example"));
    stage.refuses("our key, their name", &token, "key_unknown");
    let namesake = MintKey::new(ES256, "a");
    let same_id = two(&ours, &namesake);
    same_id.accepts("theirs", &namesake.token(&of(SECOND, "https://second-api.example")));
    same_id.refuses("their key, our name and id", &namesake.token(&claims()), "signature_invalid");
}

#[test]
fn the_audience_of_one_issuer_in_the_tokens_of_another() {
    let (ours, theirs) = (MintKey::new(ES256, "a"), MintKey::new(ES256, "b"));
    let stage = two(&ours, &theirs);
    stage.accepts("theirs", &theirs.token(&of(SECOND, "https://second-api.example")));
    stage.refuses("for our API", &theirs.token(&of(SECOND, AUDIENCE)), "audience_mismatch");
}

#[test]
fn names_that_look_like_the_issuer() {
    let (key, second) = (MintKey::new(ES256, "a"), MintKey::new(ES256, "b"));
    for stage in [Stage::trusting(&key), two(&key, &second)] {
        stage.accepts("the name itself", &key.token(&claims()));
        for name in [
            "https://id.example/",
            "https://id.example:443",
            "https://ID.example",
            "HTTPS://id.example",
            "http://id.example",
            "https://id.example ",
            " https://id.example",
            "https://id.example\0",
            "https://id.example.",
            "https://id.example?",
            "https://id.example#",
            "https://id.example/../",
            "https://id.exampl%65",
            "https://user@id.example",
            "https://id.example.attacker.example",
            "https://attacker.example/https://id.example",
            "https://\u{456}d.example",
            "https://id.exampl\u{ff45}",
            "https://id.examp",
            "id.example",
            "",
        ] {
            stage.refuses(name, &key.token(&with("iss", json!(name))), "issuer_unknown");
        }
        // CVE-2025-30144: one of several was enough.
        for value in [json!([ISSUER]), json!(["https://attacker.example", ISSUER]), json!({"name": ISSUER})] {
            stage.refuses(&value.to_string(), &key.token(&with("iss", value)), "claim_type");
        }
    }
}

/// With several issuers `iss` is read before the signature holds: both readers must see the same one.
#[test]
fn two_issuers_named_by_one_token() {
    let (ours, theirs) = (MintKey::new(ES256, "a"), MintKey::new(ES256, "a"));
    let stage = two(&ours, &theirs);
    stage.accepts("one", &ours.token(&claims()));
    let text = claims().to_string();
    let header = ours.header().to_string();
    for member in [r#""iss":"https://second.example""#, r#""\u0069ss":"https://second.example""#] {
        let front = text.replacen('{', &format!("{{{member},"), 1);
        let back = format!("{},{member}}}", text.strip_suffix('}').unwrap());
        for payload in [front, back] {
            stage.refuses(member, &ours.token_of_texts(&header, &payload), "claim_repeated");
            stage.refuses(member, &theirs.token_of_texts(&header, &payload), "claim_repeated");
        }
    }
    let nested = text.replacen('{', r#"{"act":{"iss":"https://second.example"},"#, 1);
    stage.accepts("an actor of the other", &ours.token_of_texts(&header, &nested));
}

#[test]
fn a_token_for_another_api() {
    let key = MintKey::new(ES256, "a");
    let stage = Stage::trusting(&key);
    stage.accepts("for ours", &key.token(&claims()));
    stage.accepts(
        "for ours among others",
        &key.token(&with("aud", json!(["https://other.example", AUDIENCE]))),
    );
    for audience in [
        json!("https://other.example"),
        json!("https://api.example/"),
        json!("https://api.example/orders"),
        json!("https://api.exampl"),
        json!("https://API.example"),
        json!("https://api.example https://other.example"),
        json!("https://api.example,https://other.example"),
        json!("https://api.example.attacker.example"),
        json!("*"),
        json!(""),
        json!([]),
        json!([""]),
        json!(["https://other.example"]),
    ] {
        stage.refuses(&audience.to_string(), &key.token(&with("aud", audience)), "audience_mismatch");
    }
    stage.refuses("for nobody", &key.token(&without("aud")), "claim_missing");
    for audience in [json!(null), json!(true), json!({"0": AUDIENCE}), json!([[AUDIENCE]])] {
        stage.refuses(&audience.to_string(), &key.token(&with("aud", audience)), "claim_type");
    }
}

/// Entra ID signs the tokens of all tenants with the same keys: only `iss` tells them apart.
#[test]
fn a_token_of_another_tenant_under_shared_keys() {
    let key = MintKey::new(ES256, "shared");
    let tenant = |name: &str| format!("https://login.example/{name}/v2.0");
    let stage = Stage::new(&[ES256], || {
        let ours = Issuer::new(tenant("ours"), key.jwk()).audience(AUDIENCE);
        vec![ours.profile(Profile::Lenient)]
    });
    stage.accepts("ours", &key.token(&of(&tenant("ours"), AUDIENCE)));
    for other in ["theirs", "{tenantid}", "common", "organizations", "OURS", "ours/v2.0/../../theirs"] {
        stage.refuses(other, &key.token(&of(&tenant(other), AUDIENCE)), "issuer_unknown");
    }
    let mut claimed = of(&tenant("theirs"), AUDIENCE);
    claimed["tid"] = json!("ours");
    stage.refuses("`tid` says ours", &key.token(&claimed), "issuer_unknown");
}

/// In 2023 a stolen key of the consumer tenant signed tokens of all others, as nobody asked whose the key was.
#[test]
fn the_key_of_another_tenant_in_a_shared_set() {
    let (shared, theirs) = (MintKey::new(ES256, "shared"), MintKey::new(ES256, "theirs"));
    let said = |key: &MintKey, issuer: &str| {
        let mut jwk = key.public_json();
        jwk["issuer"] = json!(issuer);
        jwk
    };
    let template = said(&shared, "https://id.example/{tenantid}/v2.0");
    let other = said(&theirs, "https://id.example/consumers/v2.0");
    let stage = Stage::published(&[ES256], &[template, other]);
    stage.accepts("a key of all tenants", &shared.token(&claims()));
    stage.skips("a key of theirs", "theirs", "key_issuer_mismatch");
    stage.refuses("a key of theirs", &theirs.token(&claims()), "key_unknown");
    let own = Stage::published(&[ES256], &[said(&shared, ISSUER), said(&theirs, ISSUER)]);
    own.accepts("a key of ours", &theirs.token(&claims()));
    own.refuses("another's", &MintKey::new(ES256, "x").token(&claims()), "key_unknown");
}

/// Where access tokens have no audience, every application of the issuer has tokens that look alike but for the client.
#[test]
fn a_token_of_another_client() {
    let key = MintKey::new(ES256, "a");
    let keys = || [key.jwk()].to_vec();
    let by_client = Stage::new(&[ES256], || {
        vec![Issuer::new(ISSUER, keys()).client("client-1").clock_skew(Duration::ZERO)]
    });
    let with_both = Stage::new(&[ES256], || vec![issuer(keys()).client("client-1")]);
    by_client.accepts("ours, for nobody by name", &key.token(&without("aud")));
    with_both.accepts("ours, for us", &key.token(&claims()));
    with_both.refuses("ours, for nobody by name", &key.token(&without("aud")), "claim_missing");
    for audience in [json!(AUDIENCE), json!("client-1"), json!([])] {
        let name = audience.to_string();
        by_client.refuses(&name, &key.token(&with("aud", audience)), "audience_mismatch");
    }
    for (stage, base) in [(&by_client, without("aud")), (&with_both, claims())] {
        for client in ["client-2", "client-1 ", "Client-1", "client", ""] {
            let mut claims = base.clone();
            claims["client_id"] = json!(client);
            stage.refuses(client, &key.token(&claims), "client_mismatch");
        }
        let mut claims = base.clone();
        claims["client_id"] = json!(["client-1"]);
        stage.refuses("in an array", &key.token(&claims), "claim_type");
        claims.as_object_mut().unwrap().remove("client_id");
        claims["azp"] = json!("client-1");
        stage.refuses("in another claim", &key.token(&claims), "claim_missing");
    }
}

/// The jobs of a public CI and the accounts of a public cloud can all ask for our audience.
#[test]
fn a_token_that_anybody_can_ask_for() {
    let key = MintKey::new(ES256, "a");
    let stage = Stage::new(&[ES256], || {
        let owners = issuer([key.jwk()]).require_claim("owner", "acme").require_claim("owner", "acme-labs");
        vec![owners.require_claim("protected", "true")]
    });
    let of = |owner: Value| {
        let mut claims = with("protected", json!("true"));
        claims["owner"] = owner;
        key.token(&claims)
    };
    stage.accepts("ours", &of(json!("acme")));
    stage.accepts("the other of ours", &of(json!("acme-labs")));
    for owner in ["mallory", "acme-", "acm", "ACME", "acme\0", " acme", ""] {
        stage.refuses(owner, &of(json!(owner)), "claim_not_allowed");
    }
    for owner in [json!(["acme"]), json!({"acme": "acme"}), json!(true), json!(null), json!(7)] {
        stage.refuses(&owner.to_string(), &of(owner.clone()), "claim_type");
    }
    stage.refuses("no owner", &key.token(&with("protected", json!("true"))), "claim_missing");
    stage.refuses("only the owner", &key.token(&with("owner", json!("acme"))), "claim_missing");
    let mut inside = with("protected", json!("true"));
    inside["x"] = json!({"owner": "acme"});
    stage.refuses("an owner inside of another claim", &key.token(&inside), "claim_missing");
}

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
