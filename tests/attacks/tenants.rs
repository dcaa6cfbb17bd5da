//! Tokens of somebody else: another issuer, another tenant, another API.

use std::time::Duration;

use portcullis::Algorithm::ES256;
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

pub(crate) fn of(issuer: &str, audience: &str) -> Value {
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
