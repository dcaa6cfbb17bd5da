//! Other texts for the same token, and other things than a token.

use portcullis::Algorithm::ES256;
use serde_json::json;

use crate::stage::{Stage, segments, signed_as_written};
use crate::support::b64;
use crate::support::fixture::{claims, with};
use crate::support::mint::MintKey;

/// Each segment of a good token in turn, changed; the signature is over what is sent.
fn each_segment_changed(name: &str, change: impl Fn(&str) -> String, code: &str) {
    let key = MintKey::new(ES256, "a");
    let stage = Stage::trusting(&key);
    let good = key.token(&claims());
    let [header, payload, signature] = segments(&good);
    stage.accepts("as minted", &good);
    stage.refuses(&format!("{name}: header"), &signed_as_written(&key, &change(header), payload), code);
    stage.refuses(&format!("{name}: payload"), &signed_as_written(&key, header, &change(payload)), code);
    stage.refuses(&format!("{name}: signature"), &format!("{header}.{payload}.{}", change(signature)), code);
}

#[test]
fn padded_base64() {
    for padding in ["=", "==", "===", "%3d"] {
        each_segment_changed(padding, |segment| format!("{segment}{padding}"), "token_malformed");
    }
}

#[test]
fn white_space_and_controls_in_base64() {
    for odd in [" ", "\t", "\n", "\r\n", "\0", "\u{a0}", "\u{feff}", "\u{200b}", "%20", "!", "\u{ff21}"] {
        each_segment_changed(odd, |segment| format!("{odd}{segment}"), "token_malformed");
        each_segment_changed(odd, |segment| format!("{segment}{odd}"), "token_malformed");
        each_segment_changed(odd, |s| format!("{}{odd}{}", &s[..8], &s[8..]), "token_malformed");
    }
}

/// The last character of a segment may carry bits that no byte needs: other text, same bytes, same signature.
#[test]
fn stray_bits_in_base64() {
    let key = MintKey::new(ES256, "a");
    let stage = Stage::trusting(&key);
    let good = key.token(&claims());
    stage.accepts("as minted", &good);
    // 64 bytes leave one over: two characters, of which the second has four bits to spare.
    let [header, payload, signature] = segments(&good);
    stage.refuses("signature", &format!("{header}.{payload}.{}", strayed(signature)), "token_malformed");
    for spare in [1, 2] {
        let fill = |text: String| {
            let missing = (spare + 3 - text.len() % 3) % 3;
            let (start, end) = text.split_at(text.len() - 1);
            b64(format!("{start}{}{end}", " ".repeat(missing)))
        };
        let (header, payload) = (fill(key.header().to_string()), fill(claims().to_string()));
        stage.accepts("filled up with blanks", &signed_as_written(&key, &header, &payload));
        let token = signed_as_written(&key, &strayed(&header), &payload);
        stage.refuses("header", &token, "token_malformed");
        let token = signed_as_written(&key, &header, &strayed(&payload));
        stage.refuses("payload", &token, "token_malformed");
    }
}

/// The last character has zeros in its spare bits. Every fourth of the alphabet has; the next one has a one there.
fn strayed(segment: &str) -> String {
    let (start, last) = segment.split_at(segment.len() - 1);
    format!("{start}{}", char::from(last.as_bytes()[0] + 1))
}

#[test]
fn the_standard_alphabet_of_base64() {
    let key = MintKey::new(ES256, "a");
    let stage = Stage::trusting(&key);
    let odd = with("sub", json!("\u{fb}\u{ff}\u{fe}~~~???\u{ef}\u{bf}>>>"));
    let good = key.token(&odd);
    let [header, payload, signature] = segments(&good);
    assert!(payload.contains(['-', '_']), "{payload}");
    stage.accepts("as minted", &good);
    let standard = |segment: &str| segment.replace('-', "+").replace('_', "/");
    let token = signed_as_written(&key, header, &standard(payload));
    stage.refuses("the payload", &token, "token_malformed");
    let mixed = format!("{header}.{payload}.{}+/", &signature[..signature.len() - 2]);
    stage.refuses("the signature", &mixed, "token_malformed");
}

#[test]
fn another_number_of_segments() {
    let key = MintKey::new(ES256, "a");
    let stage = Stage::trusting(&key);
    let good = key.token(&claims());
    let [header, payload, signature] = segments(&good);
    stage.accepts("three", &good);
    for (name, token) in [
        ("none", String::new()),
        ("one", header.to_owned()),
        ("two", format!("{header}.{payload}")),
        ("four", format!("{good}.")),
        ("four, the first empty", format!(".{good}")),
        ("four, the payload twice", format!("{header}.{payload}.{payload}.{signature}")),
        ("six", format!("{good}.{good}")),
        ("thousands", ".".repeat(16_000)),
    ] {
        stage.refuses(name, &token, "token_malformed");
    }
}

#[test]
fn an_encrypted_token() {
    let key = MintKey::new(ES256, "a");
    let stage = Stage::trusting(&key);
    let good = key.token(&claims());
    stage.accepts("signed", &good);
    let header = b64(r#"{"alg":"RSA-OAEP","enc":"A256GCM","cty":"JWT"}"#);
    stage.refuses("five segments", &format!("{header}.AA.AA.AA.AA"), "token_malformed");
    stage.refuses("a good token and two more", &format!("{good}.AA.AA"), "token_malformed");
    let [_, payload, signature] = segments(&good);
    let token = format!("{header}.{payload}.{signature}");
    stage.refuses("its header before three", &token, "header_unsupported");
    // A nested token: what it carries was never a claims set.
    let nested = signed_as_written(&key, &b64(key.header().to_string()), &b64(&good));
    stage.refuses("a token in a token", &nested, "claims_malformed");
}

/// RFC 7515, section 7.2; CVE-2022-39227 was a reader that took either form and verified one part and read another.
#[test]
fn the_json_serialisation() {
    let key = MintKey::new(ES256, "a");
    let stage = Stage::trusting(&key);
    let good = key.token(&claims());
    let [header, payload, signature] = segments(&good);
    stage.accepts("compact", &good);
    let forged = b64(with("sub", json!("admin")).to_string());
    let one = json!({"protected": header, "signature": signature});
    let mut flattened = one.clone();
    flattened["payload"] = json!(payload);
    for (name, token) in [
        ("flattened", flattened.to_string()),
        ("general", json!({"payload": payload, "signatures": [one]}).to_string()),
        ("an unprotected header", {
            let mut object = flattened.clone();
            object["header"] = json!({"jwk": {}});
            object.to_string()
        }),
        (
            "a compact one within",
            format!(
                r#"{{" {header}.{forged}.":"","protected":"{header}","payload":"{payload}","signature":"{signature}"}}"#
            ),
        ),
    ] {
        stage.refuses(name, &token, "token_malformed");
    }
    let segment = b64(flattened.to_string());
    stage.refuses("within a segment", &format!("{segment}.{forged}.{signature}"), "header_malformed");
}
