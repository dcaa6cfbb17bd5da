//! `portcullis keys`, as a script or a person runs it.

use super::support::{Run, portcullis};
use portcullis::Algorithm;
use portcullis::testkit::{Answer, SigningKey, TestIssuer};
use serde_json::{Value, json};

fn keys(arguments: &[&str], stdin: &str) -> Run {
    portcullis(&[&["keys", "--json"], arguments].concat(), stdin)
}

/// Severity and code of each finding.
fn found(run: &Run) -> Vec<(String, String)> {
    let text = |finding: &Value, name: &str| finding[name].as_str().unwrap().to_owned();
    let json = run.json();
    let findings = json["findings"].as_array().unwrap();
    findings.iter().map(|finding| (text(finding, "severity"), text(finding, "code"))).collect()
}

fn has(run: &Run, severity: &str, code: &str) -> bool {
    found(run).contains(&(severity.to_owned(), code.to_owned()))
}

fn entry(algorithm: Algorithm, kid: &str) -> Value {
    serde_json::from_str(&SigningKey::generate(algorithm, kid).jwk_json()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_in_order_has_nothing_but_notes() {
    let issuer = TestIssuer::start().await;
    issuer.cache_control(Some("max-age=600"));
    for place in [
        issuer.identifier().to_owned(),
        issuer.jwks_url(),
        format!("{}/.well-known/openid-configuration", issuer.identifier()),
    ] {
        let run = keys(&[&place, "--strict"], "");
        assert_eq!(run.exit, 0, "{place}: {}{}", run.stdout, run.stderr);
        assert!(found(&run).iter().all(|(severity, _)| severity == "note"), "{}", run.stdout);
        let json = run.json();
        assert_eq!((&json["keys"][0]["kid"], &json["keys"][0]["size"]), (&json!("key-1"), &json!("P-256")));
        assert_eq!(json["keys"][0]["thumbprint"].as_str().map(str::len), Some(43));
    }
    let read = portcullis(&["keys", issuer.identifier()], "");
    assert!(
        read.stdout.contains("key-1") && read.stdout.contains("usable keys: 1; errors: 0"),
        "{}",
        read.stdout
    );
    assert_eq!(read.stderr, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_answer_says_of_its_own_life_is_judged() {
    let issuer = TestIssuer::start().await;
    for (value, want) in [
        (None, "cache_absent"),
        (Some("no-store"), "cache_forbidden"),
        (Some("max-age=5"), "cache_short"),
        (Some("max-age=864000"), "cache_long"),
    ] {
        issuer.cache_control(value);
        let run = keys(&[issuer.identifier()], "");
        assert!(run.exit == 0 && has(&run, "warning", want), "{value:?}: {}", run.stdout);
        assert_eq!(keys(&[issuer.identifier(), "--strict"], "").exit, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn metadata_that_does_not_fit_is_told() {
    let issuer = TestIssuer::start().await;
    let own = issuer.identifier();
    let metadata = |change: Value| {
        let mut json = json!({"issuer": own, "jwks_uri": issuer.jwks_url(), "id_token_signing_alg_values_supported": ["ES256"]});
        json.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        Answer::Body(json.to_string())
    };
    for (change, severity, code, exit) in [
        (json!({}), "note", "metadata_incomplete", 0),
        (json!({"issuer": format!("{own}/")}), "error", "discovery_issuer_mismatch", 1),
        (json!({"jwks_uri": "http://id.example.com/jwks"}), "error", "discovery_jwks_uri", 1),
        (json!({"jwks_uri": null}), "error", "discovery_member_missing", 1),
        (json!({"id_token_signing_alg_values_supported": ["RS256"]}), "warning", "metadata_algorithms", 0),
        (
            json!({"jwks_uri": issuer.jwks_url().replace("127.0.0.1", "localhost")}),
            "note",
            "jwks_uri_elsewhere",
            0,
        ),
    ] {
        issuer.answer_discovery(metadata(change.clone()));
        let run = keys(&[own], "");
        assert!(run.exit == exit && has(&run, severity, code), "{change}: {} {}", run.exit, run.stdout);
    }
    issuer.answer_discovery(metadata(json!({"issuer": format!("{own}/")})));
    let run = keys(&[own], "");
    assert!(run.stdout.contains("only the trailing slash differs"), "{}", run.stdout);
    assert_eq!(run.json()["keys"][0]["kid"], "key-1", "what it points to is looked at all the same");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_fetched_is_no_finding_about_keys() {
    let issuer = TestIssuer::start().await;
    let own = issuer.identifier();
    issuer.answer_discovery(Answer::Status(404));
    assert_eq!(keys(&[own], "").exit, 3);
    issuer.answer_discovery(Answer::Normal);
    issuer.answer(Answer::Redirect("http://127.0.0.1/".to_owned()));
    let redirected = keys(&[own], "");
    assert!(redirected.exit == 3 && has(&redirected, "failure", "fetch_status"), "{}", redirected.stdout);
    issuer.answer(Answer::Html);
    let page = keys(&[own], "");
    assert!(page.exit == 1 && has(&page, "error", "key_set_not_json"), "{}", page.stdout);
    // Bound, so that nobody else gets the port, and not listening.
    let silent = tokio::net::TcpSocket::new_v4().unwrap();
    silent.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let down = keys(&[&format!("http://{}", silent.local_addr().unwrap())], "");
    assert!(down.exit == 3 && has(&down, "failure", "fetch_connect"), "{}", down.stdout);
    // The address of a set that is none is taken for an issuer; what it answered itself is told.
    for (answer, words) in [
        (Answer::Html, "not JSON"),
        (Answer::Status(500), "status 500"),
        (Answer::Body("[]".to_owned()), "JSON that is no object"),
    ] {
        issuer.answer(answer);
        let run = keys(&[&issuer.jwks_url()], "");
        assert!(run.exit == 3 && has(&run, "failure", "discovery_status"), "{}", run.stdout);
        assert!(run.stdout.contains(words), "{}", run.stdout);
    }
    assert_eq!(keys(&["no-such-file"], "").exit, 3);
    assert_eq!(keys(&["http://id.example.com"], "").exit, 2, "http is for this very machine");
}

#[test]
fn entries_are_judged_one_by_one() {
    let good = entry(Algorithm::ES256, "a");
    let rsa = entry(Algorithm::RS256, "r");
    let with = |base: &Value, change: Value| {
        let mut json = base.clone();
        json.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        json
    };
    let without = |base: &Value, name: &str| {
        let mut json = base.clone();
        json.as_object_mut().unwrap().remove(name);
        json
    };
    let short = json!({"kty": "RSA", "kid": "s", "alg": "RS256", "use": "sig", "e": "AQAB", "n": format!("x{}Q", "A".repeat(169))});
    for (set, severity, code, exit) in [
        (vec![good.clone()], "", "", 0),
        (vec![good.clone(), with(&good, json!({"d": "hidden-hidden-hidden"}))], "error", "key_private", 1),
        (vec![with(&good, json!({"d": "hidden-hidden-hidden"}))], "error", "key_private", 1),
        (
            vec![with(&good, json!({"d": "hidden-hidden-hidden", "use": "enc"})), rsa.clone()],
            "error",
            "key_private",
            1,
        ),
        (
            vec![
                good.clone(),
                json!({"kty": "oct", "kid": "h", "use": "sig", "alg": "HS256", "k": "aGlkZGVuLWhpZGRlbi1oaWRkZW4taGlkZGVuLWhpZGRlbg"}),
            ],
            "error",
            "key_symmetric",
            1,
        ),
        (vec![good.clone(), short], "error", "rsa_modulus_bits", 1),
        (vec![good.clone(), good.clone()], "error", "kid_repeated", 1),
        (vec![good.clone(), with(&rsa, json!({"kid": "a"}))], "warning", "kid_repeated", 0),
        (vec![good.clone(), without(&rsa, "kid")], "warning", "kid_missing", 0),
        (vec![without(&good, "kid")], "note", "kid_missing", 0),
        (vec![without(&rsa, "alg")], "warning", "alg_missing", 0),
        (vec![without(&good, "alg")], "note", "alg_missing", 0),
        (vec![good.clone(), with(&rsa, json!({"use": "both"}))], "warning", "use_unknown", 0),
        (vec![without(&good, "use")], "note", "use_missing", 0),
        (
            vec![good.clone(), with(&rsa, json!({"use": "enc", "alg": "RSA-OAEP"}))],
            "note",
            "key_not_for_verifying",
            0,
        ),
        (vec![good.clone(), json!({"kty": "PQC", "kid": "q"})], "note", "key_type_unknown", 0),
        (
            vec![good.clone(), json!({"kty": "OKP", "crv": "X25519", "kid": "x", "x": "AA"})],
            "note",
            "curve_unknown",
            0,
        ),
        (vec![good.clone(), with(&good, json!({"kid": "b", "x": "AA"}))], "error", "key_length", 1),
        (vec![with(&good, json!({"x5c": []}))], "note", "certificate_ignored", 0),
        (vec![entry(Algorithm::ES512, "5")], "note", "alg_not_default", 0),
        (vec![with(&good, json!({"use": "enc"}))], "note", "key_not_for_verifying", 1),
        (vec![], "error", "key_set_no_usable_key", 1),
        (vec![good.clone(); 101], "error", "key_set_too_many_keys", 1),
    ] {
        let json = json!({"keys": set}).to_string();
        let run = keys(&["-"], &json);
        assert_eq!(run.exit, exit, "{code}: {}{}", run.stdout, run.stderr);
        assert!(
            code.is_empty() == found(&run).is_empty() && (code.is_empty() || has(&run, severity, code)),
            "{code}: {}",
            run.stdout
        );
        let read = portcullis(&["keys", "-"], &json);
        assert!(read.exit == exit && read.stdout.contains(code));
        for run in [run, read] {
            assert!(
                !run.stdout.contains("hidden") && !run.stdout.contains("aGlkZGVu") && run.stderr.is_empty()
            );
        }
    }
}

#[test]
fn a_broken_file_is_an_error_and_a_missing_argument_a_mistake() {
    for (text, want) in [
        ("", "key_set_not_json"),
        ("{}", "key_set_keys_missing"),
        (r#"{"keys":[],"keys":[]}"#, "key_set_repeated_member"),
    ] {
        let run = keys(&["-"], text);
        assert!(run.exit == 1 && has(&run, "error", want), "{text}: {}", run.stdout);
    }
    let large = format!(r#"{{"keys":[]}}{}"#, " ".repeat(300_000));
    assert!(has(&keys(&["-"], &large), "failure", "fetch_too_large"));
    assert_eq!(portcullis(&["keys"], "").exit, 2);
}

#[test]
fn findings_say_what_there_is_to_see_and_nothing_of_entries_that_are_left_alone() {
    let good = entry(Algorithm::ES256, "a");
    let empty = keys(&["-"], r#"{"keys":[]}"#);
    assert!(empty.stdout.contains("it is empty") && !empty.stdout.contains("entries"), "{}", empty.stdout);
    let twice = keys(&["-"], &json!({"keys": [good, good]}).to_string());
    assert!(twice.stdout.contains("entry 1 has the `kid` of entry 0 too"), "{}", twice.stdout);
    let unknown = keys(&["-"], &json!({"keys": [good, {"kty": "PQC", "kid": "q"}]}).to_string());
    assert_eq!(found(&unknown), [("note".to_owned(), "key_type_unknown".to_owned())]);
    for text in ["<html>", "{}"] {
        let run = portcullis(&["keys", "-"], text);
        assert!(!run.stdout.contains("docs/") && run.stdout.contains("address"), "{}", run.stdout);
    }
}
