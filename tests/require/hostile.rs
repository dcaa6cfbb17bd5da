//! Claims of shapes that nobody meant, in payloads written by hand.

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use portcullis::require::{
    AuthorizationDetail, amr, authorization_details, claim, claim_at, group, max_age, role,
};
use portcullis::testkit::SigningKey;
use portcullis::{Algorithm, Issuer, Profile, Requirement, UnixTime, VerifiedToken, Verifier};

use crate::stage::{ISSUER, verified};

const NOW: i64 = 1_700_000_000;

static KEY: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generate(Algorithm::EdDSA, "a"));

static VERIFIER: LazyLock<Verifier> = LazyLock::new(|| {
    let issuer = Issuer::new(ISSUER, KEY.jwk().clone()).audience("api").profile(Profile::Lenient);
    let builder = Verifier::builder().issuer(issuer).max_token_bytes(1 << 20);
    builder.clock(|| UnixTime::from_seconds(NOW)).build().unwrap()
});

/// A good token with these members, written exactly so.
fn holding(members: &str) -> VerifiedToken {
    let payload = format!(r#"{{"iss":"{ISSUER}","aud":"api","exp":{},{members}}}"#, NOW + 60);
    let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let input = format!("{}.{}", encode(r#"{"alg":"EdDSA","kid":"a"}"#), encode(&payload));
    let signature = URL_SAFE_NO_PAD.encode(KEY.sign(input.as_bytes()));
    verified(&VERIFIER, &format!("{input}.{signature}"))
}

fn is_met(requirement: &Requirement, members: &str) -> bool {
    holding(members).require(requirement).is_ok()
}

#[test]
fn escapes_are_resolved_before_texts_are_compared() {
    for (requirement, members) in [
        (role("admin"), r#""roles":["adm\u0069n"]"#),
        (role("admin"), r#""r\u006fles":["admin"]"#),
        (role("admin"), r#""roles":[{"valu\u0065":"\u0061dmin"}]"#),
        (group("a/b"), r#""groups":["a\/b"]"#),
        (claim("a.b").contains("x\"y"), r#""\u0061":{"\u0062":["x\"y"]}"#),
        (claim("a").equals("é"), r#""a":"\u00e9""#),
        (claim("a").equals("é"), r#""a":"é""#),
        (claim("a").equals("😀"), r#""a":"\ud83d\ude00""#),
        (claim_at(["a\nb"]).equals(1), r#""a\nb":1"#),
        (authorization_details("pay"), r#""authorization_details":[{"type":"p\u0061y"}]"#),
        (amr("otp"), r#""amr":["\u006ftp"]"#),
    ] {
        assert!(is_met(&requirement, members), "{requirement}: {members}");
    }
    for (requirement, members) in [
        (role("adm\\u0069n"), r#""roles":["adm\u0069n"]"#),
        (role("admin"), r#""roles":["adm\\u0069n"]"#),
        (role("admin"), r#""roles":["admin\u0000"]"#),
        (role("admin"), r#""roles":["\u0430dmin"]"#),
        (claim("a").equals("é"), r#""a":"e\u0301""#),
    ] {
        assert!(!is_met(&requirement, members), "{requirement}: {members}");
    }
}

#[test]
fn another_type_at_any_step_of_a_path_is_no_way() {
    let requirement = claim("a.b.c").contains("x");
    assert!(is_met(&requirement, r#""a":{"z":[{"b":{}}],"b":{"y":"}","c":["w","x"]}}"#));
    for other in ["null", "true", "7", "-1.5e3", r#""x""#, r#"["x"]"#, "[]", "{}", r#"[{"b":{"c":["x"]}}]"#] {
        for members in [
            format!(r#""a":{other}"#),
            format!(r#""a":{{"b":{other}}}"#),
            format!(r#""b":{{"c":["x"]}},"a":{{"c":["x"],"b":{other}}}"#),
        ] {
            assert!(!is_met(&requirement, &members), "{members}");
        }
    }
    for nested in [r#"[["x"]]"#, r#"[{"x":"x"}]"#, r#"[["a","x"],"y"]"#, r#"{"x":"x"}"#, r#"[[],[],{}]"#] {
        assert!(!is_met(&requirement, &format!(r#""a":{{"b":{{"c":{nested}}}}}"#)), "{nested}");
    }
}

#[test]
fn what_looks_like_the_end_of_something_in_a_text_is_text() {
    let requirement = claim("a.b").equals("x");
    assert!(is_met(&requirement, r#""t":"\"}],\"a\":{\"b\":\"y\"}","a":{"u":"}]\\","b":"x"}"#));
    assert!(!is_met(&requirement, r#""t":"\",\"a\":{\"b\":\"x\"}","a":{"u":"\"b\":\"x\"","b":"y"}"#));
    assert!(!is_met(&requirement, r#""z":{"a":{"b":"x"}},"l":[{"a":{"b":"x"}}]"#), "deeper, not at the path");
    assert!(is_met(&requirement, " \"a\" :\t{ \"b\"\n: \"x\" } "), "white space");
}

#[test]
fn great_and_deep_claims_are_read_to_their_end() {
    let many: Vec<String> = (0..10_000).map(|number| format!("\"role-{number}\"")).collect();
    let objects: Vec<String> = (0..10_000).map(|number| format!(r#"{{"value":"role-{number}"}}"#)).collect();
    for list in [many.join(","), objects.join(",")] {
        let members = format!(r#""roles":[{list}],"a":{{"b":[{list}]}}"#);
        let token = holding(&members);
        assert_eq!(token.require(&role("role-9999")), Ok(()));
        assert_eq!(token.require(&role("role-10000")).unwrap_err().code(), "role_missing");
        let listed = claim("a.b").contains("role-9999");
        assert_eq!(token.require(&listed).is_ok(), list.starts_with('"'), "an object is no text");
    }
    let details = vec![r#"{"type":"a","actions":["x"]}"#; 10_000].join(",");
    let token = holding(&format!(r#""authorization_details":[{details},{{"type":"a","actions":["y"]}}]"#));
    let detail = |action: &str| authorization_details(AuthorizationDetail::new("a").action(action));
    assert_eq!(token.require(&detail("y")), Ok(()));
    assert_eq!(token.require(&detail("z")).unwrap_err().code(), "authorization_detail_missing");

    let path = || std::iter::repeat_n("a", 120);
    let (arrays, objects) = (["[".repeat(120), "]".repeat(120)].concat(), "{\"a\":".repeat(119));
    let deep = &format!("\"x\":{arrays},\"a\":{objects}1{}", "}".repeat(119));
    assert!(is_met(&claim_at(path()).equals(1), deep));
    assert!(!is_met(&claim_at(path().skip(1)).equals(1), deep));
    assert!(!is_met(&claim_at(path().chain(["a"])).equals(1), deep));
}

#[test]
fn numbers_that_are_no_integers_equal_none() {
    let requirement = claim("n").equals(100);
    assert!(is_met(&requirement, r#""n":100"#));
    for other in
        ["1e2", "100.0", "100.5", "-100", "1000", "99.99999999999999999999999", "100000000000000000000"]
    {
        assert!(!is_met(&requirement, &format!(r#""n":{other}"#)), "{other}");
    }
    assert!(is_met(&claim("n").equals(i64::MIN), &format!(r#""n":{}"#, i64::MIN)));
    assert!(!is_met(&claim("n").equals(i64::MAX), r#""n":9223372036854775808"#));
}

#[test]
fn a_time_of_authentication_that_is_no_date_is_none() {
    let requirement = max_age(std::time::Duration::from_secs(60));
    assert!(is_met(&requirement, &format!(r#""auth_time":{NOW}.5"#)));
    for other in ["null", "true", "[]", "{}", "1e300", "-1e300", &format!("\"{NOW}\""), &format!("[{NOW}]")] {
        assert!(!is_met(&requirement, &format!(r#""auth_time":{other}"#)), "{other}");
    }
    assert!(!is_met(&requirement, &format!(r#""x":{{"auth_time":{NOW}}}"#)));
}
