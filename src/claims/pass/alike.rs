//! Our pass over a payload beside the [`oracle`](super::oracle): they take and refuse the same payloads, for the same
//! reasons, and read the same from them.

use proptest::prelude::*;
use proptest::sample::Index;

use super::oracle::{Read, read};
use super::{Mark, Spans};
use crate::claims::ClaimsSet;
use crate::error::Rejection;

fn ours(payload: &[u8]) -> Result<Read, Rejection> {
    let claims = ClaimsSet::parse(payload, 0)?;
    assert_eq!(claims.payload().as_bytes(), payload);
    let owned = |text: Option<&str>| text.map(str::to_owned);
    let listed = |texts: Spans| {
        let texts = texts.is_present().then(|| texts.of(claims.buffer()));
        texts.map(|texts| texts.map(str::to_owned).collect())
    };
    let fields = claims.fields();
    let claim = |mark: Option<Mark>| mark.map(Mark::claim);
    Ok(Read {
        iss: owned(claims.issuer()),
        sub: owned(claims.subject()),
        jti: owned(claims.token_id()),
        client_id: owned(claims.client_id()),
        azp: owned(claims.authorized_party()),
        acr: owned(claims.authentication_context()),
        aud: listed(fields.aud),
        scope: listed(fields.scope),
        scp: listed(fields.scp),
        amr: claims.authentication_methods().map(str::to_owned).collect(),
        exp: claims.time().exp,
        nbf: claims.time().nbf,
        iat: claims.time().iat,
        auth_time: claims.authenticated_at(),
        cnf: claims.has_confirmation(),
        nonce: fields.nonce,
        id_token: claim(fields.marks.id_token),
        access_token: claim(fields.marks.access_token),
        neither: claim(fields.marks.neither),
    })
}

fn agree(payload: &[u8]) {
    let (ours, theirs) = (ours(payload), read(payload));
    assert_eq!(ours, theirs, "{}", String::from_utf8_lossy(payload));
}

const NAMES: [&str; 28] = [
    "iss",
    "sub",
    "jti",
    "client_id",
    "azp",
    "acr",
    "aud",
    "scope",
    "scp",
    "amr",
    "exp",
    "nbf",
    "iat",
    "auth_time",
    "cnf",
    "nonce",
    "typ",
    "token_use",
    "at_hash",
    "c_hash",
    "s_hash",
    "events",
    "a",
    "b",
    "roles",
    "",
    "name\u{e9}",
    "\u{1f600}",
];

const NUMBERS: [&str; 44] = [
    "0",
    "-0",
    "1",
    "-1",
    "7",
    "1700000000",
    "4102444800",
    "00",
    "01",
    "-01",
    "-",
    "+1",
    ".5",
    "1.",
    "1.5",
    "-1.5",
    "1.0",
    "1.e3",
    "1e",
    "1e+",
    "17e8",
    "17E+8",
    "17e-1",
    "1e308",
    "1e309",
    "1e400",
    "-1e400",
    "1e-400",
    "0e999999999999",
    "0e-999999999999",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "-9223372036854775809",
    "18446744073709551615",
    "18446744073709551616",
    "1700000000.123456789",
    "0.1e1",
    "1.7976931348623157e308",
    "1.7976931348623159e308",
    "NaN",
    "Infinity",
    "0x10",
    "1_000",
];

const STRINGS: [&str; 40] = [
    r#""""#,
    r#""a""#,
    r#""a b  c""#,
    r#""ID""#,
    r#""bearer""#,
    r#""Refresh""#,
    r#""OFFLINE""#,
    r#""logout""#,
    r#""access""#,
    r#""id""#,
    r#""https:\/\/id.example""#,
    r#""\u0061""#,
    r#""\"""#,
    r#""\\""#,
    r#""\\\"""#,
    r#""\b\f\n\r\t""#,
    r#""\u00e9""#,
    r#""\ud83d\ude00""#,
    r#""\ud83d""#,
    r#""\ude00""#,
    r#""\ud83d\u0061""#,
    r#""\ud83dx""#,
    r#""\u12""#,
    r#""\u12g4""#,
    r#""\x""#,
    r#""\u0000""#,
    "\"\u{7f}\"",
    "\"\u{0}\"",
    "\"a\nb\"",
    "\"\u{1f}\"",
    "\"\u{e9}\u{1f600}\u{10ffff}\"",
    r#""unclosed"#,
    r#""1234567""#,
    r#""12345678""#,
    r#""123456789""#,
    r#""1234567\n""#,
    r#""12345678\n""#,
    r#""a:b,c\"d""#,
    r#"'a'"#,
    r#""2020-03-14T18:52:01.180Z""#,
];

const ODD: [&str; 16] = [
    "null", "true", "false", "nul", "tru", "falsee", "nullx", "truex", "", "[", "{", "]", "}", ",", ":",
    "[1,",
];

fn space() -> impl Strategy<Value = &'static str> {
    prop_oneof![12 => Just(""), 1 => Just(" "), 1 => Just("\n\t\r "), 1 => Just("\u{a0}"), 1 => Just("\u{c}")]
}

fn scalar() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => prop::sample::select(&STRINGS[..]).prop_map(str::to_owned),
        3 => prop::sample::select(&NUMBERS[..]).prop_map(str::to_owned),
        1 => prop::sample::select(&ODD[..]).prop_map(str::to_owned),
        2 => "\"[a-z:/.]{0,30}\"",
        1 => "-?[0-9]{1,25}(\\.[0-9]{1,25})?([eE][+-]?[0-9]{1,4})?",
        1 => "[0-9]{290,330}",
    ]
}

/// A name of a claim, now and then spelt with an escape or not a name.
fn name() -> impl Strategy<Value = String> {
    let known = prop::sample::select(&NAMES[..]);
    prop_oneof![
        20 => known.clone().prop_map(|name| format!("\"{name}\"")),
        2 => known.prop_map(|name| match name.chars().next() {
            Some(first) if first.is_ascii() => format!("\"\\u{:04x}{}\"", u32::from(first), name.split_at(1).1),
            _ => format!("\"{name}\""),
        }),
        1 => scalar(),
    ]
}

fn value() -> impl Strategy<Value = String> {
    let listed = |items: Vec<(String, &str)>, [open, close]: [&str; 2]| {
        let items: Vec<_> = items.iter().map(|(item, space)| format!("{space}{item}{space}")).collect();
        format!("{open}{}{close}", items.join(","))
    };
    scalar().prop_recursive(4, 24, 5, move |inner| {
        let array = prop::collection::vec((inner.clone(), space()), 0..5);
        let member =
            (name(), space(), inner).prop_map(|(name, space, value)| format!("{name}{space}:{value}"));
        let object = prop::collection::vec((member, space()), 0..5);
        prop_oneof![
            array.prop_map(move |items| listed(items, ["[", "]"])),
            object.prop_map(move |members| listed(members, ["{", "}"])),
        ]
    })
}

fn payload() -> impl Strategy<Value = String> {
    let member = (name(), space(), space(), value(), space())
        .prop_map(|(name, one, two, value, three)| format!("{name}{one}:{two}{value}{three}"));
    (space(), prop::collection::vec(member, 0..10), space())
        .prop_map(|(before, members, behind)| format!("{before}{{{}}}{behind}", members.join(",")))
}

/// Of values that are good for the claim they stand at, so that whole payloads are taken.
fn good() -> impl Strategy<Value = String> {
    let text = prop_oneof![
        "\"[a-z :/.]{0,30}\"",
        Just(r#""\u0061\"\\\n""#.to_owned()),
        "\"\\PC{0,9}\"".prop_filter("plain", |t| !t.contains('\\') && t.matches('"').count() == 2)
    ];
    let list = prop::collection::vec(text.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(",")));
    let date = prop_oneof!["[1-9][0-9]{0,19}", "-?[1-9][0-9]{0,9}\\.[0-9]{1,9}", "[1-9]e[0-9]{1,2}"];
    prop::sample::subsequence(&NAMES[..25], 0..25)
        .prop_shuffle()
        .prop_flat_map(move |names| {
            let values: Vec<_> = names
                .into_iter()
                .map(|name| {
                    let value = match name {
                        "aud" | "scope" | "scp" | "amr" => prop_oneof![text.clone(), list.clone()].boxed(),
                        "exp" | "nbf" | "iat" | "auth_time" => date.clone().boxed(),
                        "cnf" => Just(r#"{"jkt":"x"}"#.to_owned()).boxed(),
                        _ => text.clone().boxed(),
                    };
                    value.prop_map(move |value| format!("\"{name}\":{value}")).boxed()
                })
                .collect();
            values
        })
        .prop_map(|members| format!("{{{}}}", members.join(",")))
}

proptest! {
    #![proptest_config(crate::testing::cases(1_000))]

    #[test]
    fn payloads_of_all_sorts_are_read_alike(payload in payload()) {
        agree(payload.as_bytes());
    }

    #[test]
    fn good_payloads_are_read_alike(payload in good()) {
        prop_assert!(ours(payload.as_bytes()).is_ok(), "{payload}");
        agree(payload.as_bytes());
    }

    #[test]
    fn changed_payloads_are_read_alike(
        payload in prop_oneof![payload(), good()],
        changes in prop::collection::vec((any::<Index>(), 0..4u8, any::<u8>()), 1..4),
    ) {
        let mut bytes = payload.into_bytes();
        for (place, kind, byte) in changes {
            let at = place.index(bytes.len().max(1));
            match kind {
                0 if at < bytes.len() => bytes[at] = byte,
                1 if at < bytes.len() => drop(bytes.remove(at)),
                2 => bytes.truncate(at),
                _ => bytes.insert(at.min(bytes.len()), b"\"\\{}[],:0e.- "[usize::from(byte) % 13]),
            }
        }
        agree(&bytes);
    }
}

/// Where each kind of value meets each claim, alone and followed by what no claims set holds.
#[test]
fn every_claim_with_every_value() {
    let values = STRINGS.iter().chain(&NUMBERS).chain(&ODD);
    for value in values {
        for name in ["iss", "aud", "exp", "amr", "auth_time", "cnf", "nonce", "typ", "a"] {
            for behind in ["}", "x}", ",}", "}x", "", "]}", ",\"iss\":1}", ",\"x\":1,\"x\":1}"] {
                agree(format!("{{\"{name}\":{value}{behind}").as_bytes());
                agree(format!("{{\"{name}\":[{value}{behind}").as_bytes());
                agree(format!("{{\"{name}\":[{value}]{behind}").as_bytes());
                agree(format!("{{\"{name}\":[\"a\",{value}]{behind}").as_bytes());
                agree(format!("{{\"{name}\":{{\"k\":{value}}}{behind}").as_bytes());
                agree(format!("{{\"{name}\":1,\"{name}\"{value}{behind}").as_bytes());
            }
        }
    }
}

#[test]
fn every_length_and_place_of_what_ends_a_run_of_plain_characters() {
    for length in 0..=40 {
        let plain = "abcdefgh\u{7f}".chars().cycle().take(length).collect::<String>();
        for place in 0..=length {
            for special in [
                "\"", "\\", "\\n", "\\\"", "\u{1f}", "\u{0}", "\n", " ", "!", "\u{a2}", "\u{dc}", "[", "]",
                "#",
            ] {
                let mut text = plain.clone();
                text.insert_str(place, special);
                agree(format!("{{\"sub\":\"{text}\"}}").as_bytes());
                agree(format!("{{\"aud\":[\"{text}\",\"b\"],\"x\":\"{text}\"}}").as_bytes());
            }
        }
    }
}

#[test]
fn nesting_ends_at_the_same_depth() {
    for depth in 120..135 {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            for name in ["x", "cnf", "nonce", "typ"] {
                let value = format!("{}1{}", open.repeat(depth), close.repeat(depth));
                agree(format!("{{\"{name}\":{value}}}").as_bytes());
                agree(format!("{{\"y\":{value},\"{name}\":{value}}}").as_bytes());
            }
        }
    }
}

#[test]
fn many_names_are_compared_alike() {
    for count in [0, 1, 7, 8, 9, 10, 40] {
        for again in 0..=count {
            let members: Vec<_> = (0..count).map(|n| format!("\"m{n}\":{n}")).collect();
            agree(format!("{{{},\"\\u006d{again}\":0}}", members.join(",")).as_bytes());
            agree(format!("{{\"x\":{{{},\"m{again}\":0}}}}", members.join(",")).as_bytes());
        }
    }
}

#[test]
fn what_is_no_text_is_refused_alike() {
    for payload in
        [&b"{\"a\":\"\xff\"}"[..], b"{\"iss\":1,\"a\":\"\xc3\"}", b"\xef\xbb\xbf{}", b"{}\0", b"\xff", b""]
    {
        agree(payload);
    }
}
