//! `alg`: what the sender says about the signature must not decide whether there is one.

use portcullis::Algorithm::{ES256, PS256, RS256};
use serde_json::{Value, json};

use crate::stage::{Stage, assembled, header_with, segments};
use crate::support::fixture::{claims, issuer};
use crate::support::mint::MintKey;
use crate::support::unb64;

#[test]
fn alg_none_in_every_spelling() {
    let key = MintKey::new(ES256, "a");
    let stage = Stage::trusting(&key);
    let good = key.token(&claims());
    let signature = unb64(segments(&good)[2]);
    stage.accepts("with the algorithm that signed", &good);
    for name in [
        "none",
        "None",
        "NONE",
        "nOnE",
        "none ",
        " none",
        "none\0",
        "none\n",
        "\u{ff4e}\u{ff4f}\u{ff4e}\u{ff45}",
        "n\u{43e}ne",
        "null",
        "",
    ] {
        let header = header_with(&key, &json!({"alg": name}));
        stage.refuses(name, &assembled(&header, &claims().to_string(), &[]), "algorithm_unknown");
        stage.refuses(name, &assembled(&header, &claims().to_string(), &signature), "algorithm_unknown");
        stage.refuses(name, &key.token_of_texts(&header, &claims().to_string()), "algorithm_unknown");
    }
}

#[test]
fn alg_none_spelt_with_escapes() {
    let key = MintKey::new(ES256, "a");
    let stage = Stage::trusting(&key);
    let header = |alg: &str| format!(r#"{{"typ":"at+jwt","kid":"a","alg":"{alg}"}}"#);
    let escaped = key.token_of_texts(&header(r"\u0045S256"), &claims().to_string());
    stage.accepts("an escape is the character it stands for", &escaped);
    for alg in [r"\u006eone", r"\u006e\u006f\u006e\u0065", r"N\u006fne"] {
        stage.refuses(alg, &assembled(&header(alg), &claims().to_string(), &[]), "algorithm_unknown");
    }
}

#[test]
fn no_alg_or_one_that_is_no_string() {
    let key = MintKey::new(ES256, "a");
    let stage = Stage::trusting(&key);
    stage.accepts("as minted", &key.token(&claims()));
    let without = r#"{"typ":"at+jwt","kid":"a"}"#;
    stage.refuses("missing", &key.token_of_texts(without, &claims().to_string()), "header_malformed");
    for alg in [Value::Null, json!(0), json!(false), json!(["ES256"]), json!({"name": "ES256"}), json!([])] {
        let header = header_with(&key, &json!({ "alg": alg }));
        let name = alg.to_string();
        stage.refuses(&name, &key.token_of_texts(&header, &claims().to_string()), "header_malformed");
        stage.refuses(&name, &assembled(&header, &claims().to_string(), &[]), "header_malformed");
    }
}

#[test]
fn a_stripped_signature() {
    let key = MintKey::new(ES256, "a");
    let stage = Stage::trusting(&key);
    let good = key.token(&claims());
    let [header, payload, signature] = segments(&good);
    stage.accepts("as minted", &good);
    stage.refuses("the signature left out", &format!("{header}.{payload}."), "signature_invalid");
    stage.refuses("and its dot", &format!("{header}.{payload}"), "token_malformed");
    stage.refuses("and another one added", &format!("{header}.{payload}.."), "token_malformed");
    stage.refuses("the payload left out", &format!("{header}..{signature}"), "signature_invalid");
    stage.refuses("nothing but dots", "..", "header_malformed");
}

#[test]
fn names_that_look_like_an_algorithm() {
    let key = MintKey::new(ES256, "a");
    let stage = Stage::trusting(&key);
    stage.accepts("as minted", &key.token(&claims()));
    for name in [
        "es256",
        "Es256",
        " ES256",
        "ES256 ",
        "ES256\n",
        "ES256\0",
        "ES256\u{200b}",
        "\u{415}S256",
        "\u{ff25}\u{ff33}256",
        "ES\u{662}\u{665}\u{666}",
        "ES256,none",
    ] {
        let header = header_with(&key, &json!({"alg": name}));
        stage.refuses(name, &key.token_of_texts(&header, &claims().to_string()), "algorithm_unknown");
    }
}

#[test]
fn algorithms_of_encryption() {
    let key = MintKey::new(ES256, "a");
    let stage = Stage::trusting(&key);
    stage.accepts("as minted", &key.token(&claims()));
    for members in [
        json!({"alg": "PBES2-HS512+A256KW", "p2c": 2_147_483_647, "p2s": "AAAAAAAAAAA"}),
        json!({"alg": "RSA1_5"}),
        json!({"alg": "RSA-OAEP-256"}),
        json!({"alg": "dir"}),
        json!({"alg": "ECDH-ES", "epk": {"kty": "EC"}}),
    ] {
        let token = key.token_of_texts(&header_with(&key, &members), &claims().to_string());
        stage.refuses(&members.to_string(), &token, "algorithm_unknown");
    }
}

#[test]
fn an_algorithm_that_the_issuer_may_not_use() {
    let key = MintKey::new(RS256, "a");
    let header = header_with(&key, &json!({"alg": "RS512"}));
    let stage = Stage::trusting(&key);
    stage.accepts("the allowed one", &key.token(&claims()));
    let other = MintKey::new(PS256, "a");
    stage.refuses("PSS by another key", &other.token(&claims()), "algorithm_not_allowed");
    stage.refuses(
        "another hash",
        &key.token_of_texts(&header, &claims().to_string()),
        "algorithm_not_allowed",
    );
    let both = Stage::new(&[RS256, PS256], || {
        vec![issuer([key.jwk(), other.jwk().with_key_id("b")]).algorithms([RS256, PS256])]
    });
    let named = header_with(&other, &json!({"kid": "b"}));
    both.accepts("allowed by its name", &other.token_of_texts(&named, &claims().to_string()));
    both.refuses("still not", &key.token_of_texts(&header, &claims().to_string()), "algorithm_not_allowed");
}
