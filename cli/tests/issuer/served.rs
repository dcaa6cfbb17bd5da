//! What clients and APIs get: metadata that the library's own discovery believes, keys, tokens.

use portcullis::Error;
use serde_json::{Value, json};

use crate::program::Program;

async fn verdict(program: &Program, token: &str) -> Result<String, &'static str> {
    let decision = program.verifier().verify(token).await;
    decision.map(|token| token.subject().unwrap_or_default().to_owned()).map_err(|error: Error| error.code())
}

/// The token with its payload changed and its signature kept.
fn tampered(token: &str) -> String {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let parts: Vec<_> = token.split('.').collect();
    let mut payload: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[1]).unwrap()).unwrap();
    payload["sub"] = json!("mallory");
    format!("{}.{}.{}", parts[0], URL_SAFE_NO_PAD.encode(payload.to_string()), parts[2])
}

#[tokio::test]
async fn discovery_leads_to_keys_that_accept_its_tokens_and_refuse_their_twins() {
    for path in ["", "/", "/tenant", "/tenant/a/"] {
        let program =
            Program::start(&["--issuer-path", path, "--audience", "https://orders.example.com"]).await;
        assert!(program.told("issuer").ends_with(path));
        let token = program.told("token");
        assert_eq!(verdict(&program, token).await.as_deref(), Ok("alice"), "{path}");
        assert_eq!(verdict(&program, &tampered(token)).await, Err("signature_invalid"));
        let other = program.api("mint", json!({ "audience": "https://other.example.com" })).await;
        assert_eq!(verdict(&program, other["token"].as_str().unwrap()).await, Err("audience_mismatch"));
        let kind = program.api("mint", json!({ "type": "JWT" })).await;
        assert_eq!(verdict(&program, kind["token"].as_str().unwrap()).await, Err("type_not_allowed"));
    }
}

#[tokio::test]
async fn every_algorithm_that_is_offered_verifies() {
    let program = Program::start(&["--algorithm", "EdDSA"]).await;
    let state: Value = program.get("/api/state").send().await.unwrap().json().await.unwrap();
    let offered = state["algorithms"].as_array().unwrap();
    assert!(offered.len() >= 5);
    for algorithm in offered {
        let minted = program.api("mint", json!({ "algorithm": algorithm, "subject": "ada" })).await;
        assert_eq!(minted["algorithm"], *algorithm);
        assert_eq!(verdict(&program, minted["token"].as_str().unwrap()).await.as_deref(), Ok("ada"));
    }
    let post_quantum = Program::start(&["--algorithm", "ML-DSA-44"]).await;
    assert_eq!(post_quantum.code(post_quantum.told("token")).await, Value::Null);
    assert!(post_quantum.told("rust").contains(".algorithms([Algorithm::MlDsa44])"));
}

#[tokio::test]
async fn tokens_outlive_rotations_until_their_key_is_withdrawn() {
    let mut program = Program::start(&[]).await;
    let old = program.told("token").to_owned();
    let rotated = program.command("rotate").await;
    assert_eq!(rotated["keys"].as_array().unwrap().len(), 2);
    let new = program.command("token").await["token"].as_str().unwrap().to_owned();
    for token in [&old, &new] {
        assert_eq!(verdict(&program, token).await.as_deref(), Ok("alice"));
        assert_eq!(program.code(token).await, Value::Null);
    }
    let withdrawn = program.api("withdraw", json!({})).await;
    assert_eq!(withdrawn["keys"].as_array().unwrap().len(), 1);
    assert_eq!(verdict(&program, &old).await, Err("key_unknown"));
    assert_eq!(program.code(&old).await, "key_unknown");
    assert_eq!(verdict(&program, &new).await.as_deref(), Ok("alice"));

    // However often somebody presses the button, the set stays small.
    for _ in 0..8 {
        program.api("rotate", json!({})).await;
    }
    let set: Value = program.get("/jwks").send().await.unwrap().json().await.unwrap();
    assert_eq!(set["keys"].as_array().unwrap().len(), 3);
    assert_eq!(program.code(&new).await, "key_unknown");
    for key in set["keys"].as_array().unwrap() {
        assert!(key.get("d").is_none() && key.get("k").is_none(), "public halves alone");
    }
}

#[tokio::test]
async fn the_token_endpoint_speaks_oauth() {
    let program = Program::start(&["--issuer-path", "/t", "--scope", "orders:read"]).await;
    let endpoint = program.told("token_endpoint").to_owned();
    let ask = |form: &'static str| {
        program.client.post(&endpoint).header("content-type", "application/x-www-form-urlencoded").body(form)
    };
    let answer = ask("grant_type=client_credentials&client_id=batch&client_secret=any").send().await.unwrap();
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let granted: Value = answer.json().await.unwrap();
    assert_eq!((&granted["token_type"], &granted["scope"]), (&json!("Bearer"), &json!("orders:read")));
    assert_eq!(granted["expires_in"], 3_600);
    assert_eq!(verdict(&program, granted["access_token"].as_str().unwrap()).await.as_deref(), Ok("batch"));

    let basic = ask("grant_type=client_credentials&scope=a+b&resource=https%3A%2F%2Fother.example.com");
    let granted: Value = basic.basic_auth("nightly", Some("x")).send().await.unwrap().json().await.unwrap();
    assert_eq!(granted["scope"], "a b");
    assert_eq!(verdict(&program, granted["access_token"].as_str().unwrap()).await, Err("audience_mismatch"));

    for (form, status, code) in [
        ("grant_type=client_credentials", 401, "invalid_client"),
        ("grant_type=client_credentials&client_id=", 401, "invalid_client"),
        ("grant_type=password&client_id=x", 400, "unsupported_grant_type"),
        ("client_id=x", 400, "invalid_request"),
        ("grant_type=client_credentials&client_id=x&client_id=y", 400, "invalid_request"),
    ] {
        let answer = ask(form).send().await.unwrap();
        assert_eq!(answer.status(), status, "{form}");
        assert_eq!(answer.json::<Value>().await.unwrap()["error"], code, "{form}");
    }
}

#[tokio::test]
async fn drafts_are_signed_as_they_are_written() {
    let program = Program::start(&[]).await;
    let header = json!({ "alg": "ES256", "typ": "at+jwt", "kid": program.told("key_id") }).to_string();
    let twice = format!(r#"{{"iss":"{}","iss":"x"}}"#, program.told("issuer"));
    let signed = program.api("sign", json!({ "header": header, "payload": twice })).await;
    assert_eq!(program.code(signed["token"].as_str().unwrap()).await, "claim_repeated");
    let signed = program.api("sign", json!({ "header": "no JSON", "payload": "" })).await;
    assert_eq!(program.code(signed["token"].as_str().unwrap()).await, "header_malformed");
}

#[tokio::test]
async fn the_page_is_told_what_explain_says() {
    let program = Program::start(&[]).await;
    let good = program.api("check", json!({ "token": program.told("token") })).await;
    assert_eq!((&good["outcome"], &good["code"]), (&json!("accepted"), &Value::Null));
    let bad = program.api("check", json!({ "token": tampered(program.told("token")) })).await;
    assert_eq!((&bad["outcome"], &bad["code"]), (&json!("refused"), &json!("signature_invalid")));
    let signature = program.told("token").rsplit('.').next().unwrap();
    assert!(!bad.to_string().contains(signature), "the signature is nobody's to see");
}
