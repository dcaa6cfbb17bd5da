//! JSON that two readers read differently, or that costs one of them too much.

use portcullis::Algorithm::ES256;
use serde_json::json;

use crate::stage::{Stage, signed_as_written};
use crate::support::b64;
use crate::support::fixture::{NOW, claims, with, without};
use crate::support::mint::MintKey;

/// A stage, and tokens signed by the right key over whatever bytes.
struct Bench {
    key: MintKey,
    stage: Stage,
}

impl Bench {
    fn new() -> Self {
        let key = MintKey::new(ES256, "a");
        let stage = Stage::trusting(&key);
        stage.accepts("as minted", &key.token(&claims()));
        Self { key, stage }
    }

    fn header(&self, header: impl AsRef<[u8]>) -> String {
        signed_as_written(&self.key, &b64(header), &b64(claims().to_string()))
    }

    fn payload(&self, payload: impl AsRef<[u8]>) -> String {
        signed_as_written(&self.key, &b64(self.key.header().to_string()), &b64(payload))
    }

    /// The claims with something written in front of them.
    fn with_front(&self, members: &str) -> String {
        self.payload(claims().to_string().replacen('{', &format!("{{{members},"), 1))
    }
}

#[test]
fn a_repeated_header_member() {
    let bench = Bench::new();
    for header in [
        r#"{"typ":"at+jwt","alg":"ES256","kid":"a","alg":"ES256"}"#,
        r#"{"typ":"at+jwt","alg":"none","alg":"ES256","kid":"a"}"#,
        r#"{"typ":"at+jwt","alg":"ES256","kid":"b","kid":"a"}"#,
        r#"{"typ":"JWT","typ":"at+jwt","alg":"ES256","kid":"a"}"#,
        r#"{"typ":"at+jwt","alg":"ES256","kid":"a","x":1,"x":1}"#,
        r#"{"typ":"at+jwt","alg":"ES256","kid":"a","jwk":{"kty":"EC","kty":"EC"}}"#,
        r#"{"typ":"at+jwt","alg":"ES256","kid":"a","x":[{"y":{"z":1,"z":2}}]}"#,
    ] {
        bench.stage.refuses(header, &bench.header(header), "header_malformed");
    }
}

#[test]
fn a_repeated_claim() {
    let bench = Bench::new();
    for claim in ["iss", "aud", "exp", "nbf", "iat", "sub", "jti", "client_id", "scope"] {
        let same = format!("\"{claim}\":{}", claims()[claim]);
        bench.stage.refuses(&same, &bench.with_front(&same), "claim_repeated");
    }
    for members in [r#""sub":"admin""#, r#""exp":1"#, r#""x":1,"x":1"#, r#""cnf":{},"cnf":{}"#] {
        bench.stage.refuses(members, &bench.with_front(members), "claim_repeated");
    }
    for nested in [
        r#""x":{"y":1,"y":1}"#,
        r#""x":[[{"y":1,"z":2,"y":3}]]"#,
        r#""realm_access":{"roles":[],"roles":["admin"]}"#,
    ] {
        bench.stage.refuses(nested, &bench.with_front(nested), "claims_malformed");
    }
}

/// `\u0061lg` is `alg`: a reader that compares names before it unescapes them sees two members where there is one twice.
#[test]
fn a_member_name_spelt_with_escapes() {
    let bench = Bench::new();
    let escaped = r#"{"\u0074yp":"at+jwt","\u0061lg":"ES256","k\u0069d":"\u0061"}"#;
    bench.stage.accepts("once, it is the member", &bench.header(escaped));
    for header in [
        r#"{"typ":"at+jwt","alg":"ES256","kid":"a","\u0061lg":"none"}"#,
        r#"{"typ":"at+jwt","\u0061lg":"none","alg":"ES256","kid":"a"}"#,
        r#"{"typ":"at+jwt","alg":"ES256","kid":"a","\u006bid":"b"}"#,
        r#"{"typ":"at+jwt","alg":"ES256","kid":"a","x":1,"\u0078":2}"#,
    ] {
        bench.stage.refuses(header, &bench.header(header), "header_malformed");
    }
    let critical = r#"{"typ":"at+jwt","alg":"ES256","kid":"a","\u0063rit":["x"]}"#;
    bench.stage.refuses(critical, &bench.header(critical), "header_unsupported");
    for members in [r#""\u0065xp":9999999999"#, r#""su\u0062":"admin""#, r#""x":1,"\u0078":2"#] {
        bench.stage.refuses(members, &bench.with_front(members), "claim_repeated");
    }
    let bound = r#""\u0063nf":{"jkt":"x"}"#;
    bench.stage.refuses(bound, &bench.with_front(bound), "confirmation_unsupported");
}

#[test]
fn a_member_name_in_another_case() {
    let bench = Bench::new();
    bench.stage.accepts("beside the right one it means nothing", &bench.with_front(r#""EXP":1,"Aud":"x""#));
    let header = r#"{"typ":"at+jwt","ALG":"ES256","kid":"a"}"#;
    bench.stage.refuses(header, &bench.header(header), "header_malformed");
    for (right, other) in [("exp", "Exp"), ("aud", "AUD"), ("iss", "\u{131}ss"), ("sub", "sub ")] {
        let mut claims = without(right);
        claims[other] = crate::support::fixture::claims()[right].clone();
        bench.stage.refuses(other, &bench.payload(claims.to_string()), "claim_missing");
    }
}

#[test]
fn deep_nesting() {
    let bench = Bench::new();
    for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
        let value = |depth: usize| format!("{}1{}", open.repeat(depth), close.repeat(depth));
        let claim = |depth: usize| bench.with_front(&format!("\"x\":{}", value(depth)));
        let header = |depth: usize| {
            bench.header(format!(r#"{{"typ":"at+jwt","alg":"ES256","kid":"a","x":{}}}"#, value(depth)))
        };
        bench.stage.accepts("100 in the claims", &claim(100));
        bench.stage.accepts("100 in the header", &header(100));
        for depth in [130, 600] {
            bench.stage.refuses("the claims", &claim(depth), "claims_malformed");
            bench.stage.refuses("the header", &header(depth), "header_malformed");
        }
    }
    let open = bench.payload("[".repeat(11_000));
    bench.stage.refuses("nothing but brackets", &open, "claims_malformed");
    let open = bench.with_front(&format!("\"x\":{}", "[".repeat(10_000)));
    bench.stage.refuses("never closed", &open, "claims_malformed");
}

#[test]
fn numbers_beyond_every_reader() {
    let bench = Bench::new();
    let exp =
        |number: &str| bench.payload(with("exp", json!("NUMBER")).to_string().replace(r#""NUMBER""#, number));
    for number in ["1700000600.5", "17000006e2", "1.7000006e9", "9223372036854775807", "9223372036854775808"]
    {
        bench.stage.accepts(number, &exp(number));
    }
    let digits = "9".repeat(4_000);
    for number in [
        "1e999",
        "-1e999",
        "1e400",
        &digits,
        "0x7fffffff",
        "0b1",
        "0o17",
        "01700000600",
        "+1700000600",
        "1_700_000_600",
        "1700000600.",
        ".5",
        "1e",
        "NaN",
        "Infinity",
        "-Infinity",
        "--1",
        "1700000600n",
    ] {
        bench.stage.refuses(number, &exp(number), "claims_malformed");
    }
    for number in
        ["0", "-0", "-0.0", "1.5e3", "1e-400", "-1", "-9223372036854775808", "-9223372036854775809", "-1e300"]
    {
        bench.stage.refuses(number, &exp(number), "token_expired");
    }
}

#[test]
fn bytes_that_are_no_text() {
    let bench = Bench::new();
    let (header, payload) = (bench.key.header().to_string(), claims().to_string());
    let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
    type Change = (&'static str, fn(&str) -> Vec<u8>);
    let changed: [Change; 8] = [
        ("a byte order mark", |text| [&b"\xef\xbb\xbf"[..], text.as_bytes()].concat()),
        ("NUL behind", |text| [text.as_bytes(), &b"\0"[..]].concat()),
        ("NUL before", |text| [&b"\0"[..], text.as_bytes()].concat()),
        ("NUL in a string", |text| text.replacen(":\"", ":\"\0", 1).into_bytes()),
        ("a bare line feed in a string", |text| text.replacen(":\"", ":\"\n", 1).into_bytes()),
        ("no UTF-8", |text| {
            text.replacen('{', r#"{"x":"@","#, 1).bytes().map(|b| if b == b'@' { 0xff } else { b }).collect()
        }),
        ("overlong", |text| {
            let (start, end) = text.split_at(1);
            [start.as_bytes(), &b"\"x\":\"\xc0\xaf\","[..], end.as_bytes()].concat()
        }),
        ("a surrogate in bytes", |text| {
            let (start, end) = text.split_at(1);
            [start.as_bytes(), &b"\"x\":\"\xed\xa0\x80\","[..], end.as_bytes()].concat()
        }),
    ];
    for (name, change) in changed {
        bench.stage.refuses(name, &bench.header(change(&header)), "header_malformed");
        bench.stage.refuses(name, &bench.payload(change(&payload)), "claims_malformed");
    }
    bench.stage.refuses("UTF-16", &bench.header(utf16(&header)), "header_malformed");
    bench.stage.refuses("UTF-16", &bench.payload(utf16(&payload)), "claims_malformed");
}

#[test]
fn lone_surrogates() {
    let bench = Bench::new();
    bench.stage.accepts("a pair", &bench.with_front(r#""x":"\ud83d\ude00""#));
    for text in [r"\ud800", r"\udc00", r"\ud83d", r"\ud83d\u0041", r"\ude00\ud83d", r"\uD8", r"\uzzzz"] {
        let value = format!("\"x\":\"{text}\"");
        bench.stage.refuses(text, &bench.with_front(&value), "claims_malformed");
        let name = format!("\"{text}\":1");
        bench.stage.refuses(text, &bench.with_front(&name), "claims_malformed");
        let header = format!(r#"{{"typ":"at+jwt","alg":"ES256","kid":"a",{value}}}"#);
        bench.stage.refuses(text, &bench.header(header), "header_malformed");
    }
}

#[test]
fn json_that_only_some_read() {
    let bench = Bench::new();
    let (header, payload) = (bench.key.header().to_string(), claims().to_string());
    type Change = (&'static str, fn(&str) -> String);
    let changed: [Change; 12] = [
        ("a comma too many", |text| text.replace('}', ",}")),
        ("a comment", |text| text.replacen('{', "{/**/", 1)),
        ("single quotes", |text| text.replace('"', "'")),
        ("bare names", |text| text.replacen("\"a", "a", 1)),
        ("never closed", |text| text.replace('}', "")),
        ("a second object", |text| format!("{text}{text}")),
        ("a word behind", |text| format!("{text}null")),
        ("an array", |text| format!("[{text}]")),
        ("a string", |text| format!("{text:?}")),
        ("a form feed", |text| format!("\u{c}{text}")),
        ("nothing", |_| String::new()),
        ("null", |_| "null".to_owned()),
    ];
    for (name, change) in changed {
        bench.stage.refuses(name, &bench.header(change(&header)), "header_malformed");
        bench.stage.refuses(name, &bench.payload(change(&payload)), "claims_malformed");
    }
}

/// A claim of the wrong type is a fault, and never an absent claim: CVE-2026-25537 was a check skipped so.
#[test]
fn a_claim_of_the_wrong_type() {
    let bench = Bench::new();
    for (claim, value) in [
        ("exp", json!((NOW + 600).to_string())),
        ("exp", json!(null)),
        ("exp", json!(true)),
        ("exp", json!([NOW + 600])),
        ("exp", json!({"$gt": 0})),
        ("nbf", json!((NOW + 600).to_string())),
        ("nbf", json!(null)),
        ("iat", json!("yesterday")),
        ("iss", json!(["https://id.example"])),
        ("aud", json!({"https://api.example": true})),
        ("aud", json!(["https://api.example", null])),
        ("sub", json!(0)),
        ("jti", json!({})),
        ("client_id", json!(["client-1"])),
        ("scope", json!({"orders:read": true})),
        ("cnf", json!("none")),
        ("cnf", json!(null)),
    ] {
        bench.stage.refuses(
            &format!("{claim}: {value}"),
            &bench.key.token(&with(claim, value)),
            "claim_type",
        );
    }
}
