//! Tokens of another kind, signed by the right issuer with the right key, in place of an access token.

use portcullis::Algorithm::ES256;
use portcullis::Profile;
use serde_json::{Value, json};

use crate::stage::{Stage, header_with};
use crate::support::fixture::{AUDIENCE, ISSUER, NOW, claims, issuer, with};
use crate::support::mint::MintKey;

/// What the issuer signs under another `typ`, or without one.
fn typed(key: &MintKey, typ: Option<&str>, claims: &Value) -> String {
    let mut header = key.header();
    match typ {
        Some(typ) => header["typ"] = json!(typ),
        None => drop(header.as_object_mut().unwrap().remove("typ")),
    }
    key.token_of_texts(&header.to_string(), &claims.to_string())
}

/// The default profile, and the one for providers that do not mark their access tokens.
fn stages(key: &MintKey) -> [Stage; 2] {
    let strict = Stage::trusting(key);
    let lenient = Stage::new(&[ES256], || vec![issuer([key.jwk()]).profile(Profile::Lenient)]);
    strict.accepts("an access token", &key.token(&claims()));
    lenient.accepts("an access token without a type", &typed(key, None, &claims()));
    [strict, lenient]
}

/// An ID token whose audience is, by mistake, also that of the API.
fn id_token() -> Value {
    json!({
        "iss": ISSUER, "aud": AUDIENCE, "azp": "client-1", "sub": "user-1", "iat": NOW, "exp": NOW + 600,
        "nonce": "n-0S6_WzA2Mj", "at_hash": "77QmUPtjPfzWtF2AnpK9RQ", "email": "user@example.com",
    })
}

#[test]
fn an_id_token_as_access_token() {
    let key = MintKey::new(ES256, "a");
    let [strict, lenient] = stages(&key);
    for typ in [Some("JWT"), None] {
        strict.refuses("by its type", &typed(&key, typ, &id_token()), "type_not_allowed");
        lenient.refuses("by its claims", &typed(&key, typ, &id_token()), "not_access_token");
    }
    strict.refuses("under our type", &typed(&key, Some("at+jwt"), &id_token()), "not_access_token");
    for mark in [
        json!({"at_hash": "x"}),
        json!({"c_hash": "x"}),
        json!({"s_hash": "x"}),
        json!({"token_use": "id"}),
        json!({"typ": "ID"}),
    ] {
        let (name, value) = mark.as_object().unwrap().iter().next().unwrap();
        let marked = with(name, value.clone());
        strict.refuses(name, &key.token(&marked), "not_access_token");
        lenient.refuses(name, &typed(&key, Some("JWT"), &marked), "not_access_token");
    }
    let mut bare = id_token();
    for member in ["at_hash", "azp", "email"] {
        bare.as_object_mut().unwrap().remove(member);
    }
    lenient.refuses("a nonce and no scope", &typed(&key, None, &bare), "not_access_token");
}

#[test]
fn a_logout_token_as_access_token() {
    let key = MintKey::new(ES256, "a");
    let [strict, lenient] = stages(&key);
    let logout = with("events", json!({"http://schemas.openid.net/event/backchannel-logout": {}}));
    strict.refuses("by its type", &typed(&key, Some("logout+jwt"), &logout), "type_not_allowed");
    lenient.refuses("by its type", &typed(&key, Some("logout+jwt"), &logout), "type_not_allowed");
    strict.refuses("by its claims", &key.token(&logout), "not_access_token");
    lenient.refuses("by its claims", &typed(&key, None, &logout), "not_access_token");
}

/// RFC 8417: an event about somebody is signed by the same issuer and may name the same audience.
#[test]
fn a_security_event_token_as_access_token() {
    let key = MintKey::new(ES256, "a");
    let [strict, lenient] = stages(&key);
    let event = with(
        "events",
        json!({"https://schemas.openid.net/secevent/caep/event-type/session-revoked": {"subject": {}}}),
    );
    strict.refuses("by its type", &typed(&key, Some("secevent+jwt"), &event), "type_not_allowed");
    lenient.refuses("by its type", &typed(&key, Some("secevent+jwt"), &event), "type_not_allowed");
    lenient.refuses("by its claims", &typed(&key, Some("JWT"), &event), "not_access_token");
}

#[test]
fn a_refresh_token_as_access_token() {
    let key = MintKey::new(ES256, "a");
    let [strict, lenient] = stages(&key);
    for kind in ["Refresh", "Offline", "refresh", "Logout"] {
        let refresh = with("typ", json!(kind));
        strict.refuses(kind, &key.token(&refresh), "not_access_token");
        lenient.refuses(kind, &typed(&key, Some("JWT"), &refresh), "not_access_token");
    }
    lenient.accepts(
        "Keycloak's access tokens say Bearer",
        &typed(&key, Some("JWT"), &with("typ", json!("Bearer"))),
    );
}

/// RFC 9449: a proof is signed by the client, with the key in its header, and names no issuer.
#[test]
fn a_dpop_proof_as_access_token() {
    let (key, client) = (MintKey::new(ES256, "a"), MintKey::new(ES256, None));
    let [strict, lenient] = stages(&key);
    let members = json!({"typ": "dpop+jwt", "jwk": client.public_json()});
    let proof = json!({"jti": "p", "htm": "GET", "htu": "https://api.example/", "iat": NOW, "ath": "x"});
    let token = client.token_of_texts(&header_with(&client, &members), &proof.to_string());
    strict.refuses("as it is sent", &token, "type_not_allowed");
    lenient.refuses("as it is sent", &token, "type_not_allowed");
    let all = client.token_of_texts(&header_with(&client, &members), &claims().to_string());
    lenient.refuses("with the claims of a token", &all, "type_not_allowed");
    let renamed = json!({"typ": "at+jwt", "jwk": client.public_json()});
    let token = client.token_of_texts(&header_with(&client, &renamed), &claims().to_string());
    strict.refuses("and its type", &token, "signature_invalid");
}

/// RFC 9701: the answer to an introspection is signed by the issuer for this very API, and says what a token is worth.
#[test]
fn an_introspection_response_as_access_token() {
    let key = MintKey::new(ES256, "a");
    let [strict, lenient] = stages(&key);
    let answer = with("token_introspection", json!({"active": true, "scope": "admin"}));
    let typ = Some("token-introspection+jwt");
    strict.refuses("by its type", &typed(&key, typ, &answer), "type_not_allowed");
    lenient.refuses("by its type", &typed(&key, typ, &answer), "type_not_allowed");
}

#[test]
fn tokens_of_other_types() {
    let key = MintKey::new(ES256, "a");
    let [strict, lenient] = stages(&key);
    for typ in [
        "JOSE",
        "client-authentication+jwt",
        "oauth-authz-req+jwt",
        "authorization-grant+jwt",
        "oauth-id-jag+jwt",
        "dc+sd-jwt",
        "kb+jwt",
        "statuslist+jwt",
        "vp+jwt",
        "entity-statement+jwt",
        "txntoken+jwt",
        "at+jwt\0",
        "at+jwt,JWT",
        "at jwt",
        "application/application/at+jwt",
        "",
    ] {
        strict.refuses(typ, &typed(&key, Some(typ), &claims()), "type_not_allowed");
        lenient.refuses(typ, &typed(&key, Some(typ), &claims()), "type_not_allowed");
    }
}

/// A token bound to a key, sent without proof: as a plain bearer token it would be worth as much to whoever stole it.
#[test]
fn a_bound_token_without_proof() {
    let key = MintKey::new(ES256, "a");
    let [strict, lenient] = stages(&key);
    for cnf in [
        json!({"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}),
        json!({"x5t#S256": "A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0"}),
        json!({"jwk": {"kty": "EC"}}),
        json!({"unknown": true}),
        json!({}),
    ] {
        let name = cnf.to_string();
        let bound = with("cnf", cnf);
        strict.refuses(&name, &key.token(&bound), "confirmation_unsupported");
        lenient.refuses(&name, &typed(&key, Some("JWT"), &bound), "confirmation_unsupported");
    }
}

/// The other way round: where callers prove who they are with ID tokens, what a client was granted is none.
#[test]
fn an_access_token_as_id_token() {
    let key = MintKey::new(ES256, "a");
    let stage = Stage::new(&[ES256], || vec![issuer([key.jwk()]).profile(Profile::IdToken)]);
    stage.accepts("an ID token", &typed(&key, Some("JWT"), &id_token()));
    stage.accepts("an ID token without a type", &typed(&key, None, &id_token()));
    stage.refuses("by its type", &key.token(&claims()), "type_not_allowed");
    stage.refuses("by its scope", &typed(&key, Some("JWT"), &claims()), "not_id_token");
    for mark in [
        json!({"scope": ""}),
        json!({"scp": []}),
        json!({"token_use": "access"}),
        json!({"typ": "Bearer"}),
        json!({"typ": "Refresh"}),
        json!({"typ": "Logout"}),
        json!({"events": {}}),
    ] {
        let (name, value) = mark.as_object().unwrap().iter().next().unwrap();
        let mut marked = id_token();
        marked[name] = value.clone();
        stage.refuses(name, &typed(&key, None, &marked), "not_id_token");
    }
    for required in ["sub", "iat", "aud", "exp", "iss"] {
        let mut bare = id_token();
        bare.as_object_mut().unwrap().remove(required).unwrap();
        stage.refuses(required, &typed(&key, None, &bare), "claim_missing");
    }
}

/// OpenID Connect Core, section 3.1.3.7: whoever else an ID token is for could send it on.
#[test]
fn an_id_token_that_others_hold_too() {
    let key = MintKey::new(ES256, "a");
    let stage = Stage::new(&[ES256], || {
        vec![issuer([key.jwk()]).audience("https://ours-too.example").profile(Profile::IdToken)]
    });
    let meant_for = |audiences: &[&str]| {
        let mut claims = id_token();
        claims["aud"] = json!(audiences);
        typed(&key, None, &claims)
    };
    stage.accepts("ours in an array", &meant_for(&[AUDIENCE]));
    stage.accepts("two of ours", &meant_for(&["https://ours-too.example", AUDIENCE]));
    stage.refuses(
        "another behind ours",
        &meant_for(&[AUDIENCE, "https://other.example"]),
        "audience_mismatch",
    );
    stage.refuses(
        "another before ours",
        &meant_for(&["https://other.example", AUDIENCE]),
        "audience_mismatch",
    );
    stage.refuses("nobody", &meant_for(&[]), "audience_mismatch");
}
