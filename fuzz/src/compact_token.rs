//! A compact token of any text.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use portcullis::Algorithm;
use portcullis::jose::{MAX_HEADER_BYTES, MAX_TOKEN_BYTES, UnverifiedToken};

use super::issuer::{DEAD, Ignored, KNOWN, LIVE, decide, peer_accepts};

/// A token that parses is its own canonical text. Under keys whose private halves are gone none is good, and under keys
/// that signed a few exactly those are, byte for byte; every backend says the same, and so does `jsonwebtoken`.
pub fn check(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let parsed = UnverifiedToken::parse(text, MAX_TOKEN_BYTES);
    check_peer_form(text, parsed.as_ref().map(drop).map_err(|rejection| rejection.code()));
    let token = match &parsed {
        Ok(token) => token,
        Err(rejection) => {
            for verifier in [&DEAD[0], &DEAD[1], &*LIVE].into_iter().flatten() {
                let refused = decide(verifier, text).map(drop);
                assert_eq!(refused, Err(rejection.code()), "the outer form is judged first");
            }
            return;
        }
    };
    assert_eq!(token.as_str(), text);
    let segments: Vec<_> = text.split('.').collect();
    assert_eq!(segments.len(), 3);
    for segment in segments {
        let bytes = URL_SAFE_NO_PAD.decode(segment).expect("each segment is base64url");
        assert_eq!(URL_SAFE_NO_PAD.encode(bytes), segment, "two texts must not name one token");
    }
    assert_eq!(format!("{token:?}"), format!("UnverifiedToken {{ bytes: {}, .. }}", text.len()));
    let header = token.header();
    let algorithm = header.as_ref().ok().map(|header| header.algorithm());
    for verifiers in DEAD.iter() {
        let codes = verifiers.iter().map(|verifier| decide(verifier, text).map(drop));
        let code = agreed(codes).expect_err("nothing verifies under these keys");
        if let Err(rejection) = &header {
            assert_eq!(rejection.code(), code, "the header is judged before the rest");
        }
        if algorithm.is_some_and(|algorithm| algorithm.name().starts_with("HS")) {
            assert_ne!(code, "signature_invalid", "a public key must not serve as a secret");
        }
    }
    let live = agreed(LIVE.iter().map(|verifier| decide(verifier, text).map(drop)));
    assert_eq!(live.is_ok(), KNOWN.iter().any(|known| known == text), "{live:?}");
    if let Some(theirs) = algorithm.and_then(|algorithm: Algorithm| peer_accepts(text, algorithm)) {
        assert_eq!(live.is_ok(), theirs, "jsonwebtoken differs: {live:?}");
    }
}

/// What all backends say.
fn agreed(mut codes: impl Iterator<Item = Result<(), &'static str>>) -> Result<(), &'static str> {
    let first = codes.next().expect("a backend");
    for other in codes {
        assert_eq!(first, other, "backends differ");
    }
    first
}

/// Differences from `jsonwebtoken`: it sets no limits to sizes, and looks at the signature's encoding only when it
/// verifies. Our form says nothing of the JSON inside, so what parses here may be refused there.
fn check_peer_form(text: &str, code: Result<(), &'static str>) {
    let Ok(theirs) = jsonwebtoken::dangerous::insecure_decode::<Ignored>(text) else { return };
    let stricter = match code {
        Ok(()) => true,
        Err("token_too_large") => text.len() > MAX_TOKEN_BYTES,
        Err("header_too_large") => text.find('.').is_some_and(|end| end > MAX_HEADER_BYTES),
        Err(_) => {
            let signature = text.rsplit('.').next().unwrap_or_default();
            URL_SAFE_NO_PAD.decode(signature).is_err()
        }
    };
    assert!(stricter, "only we refuse the form of a token with {:?}: {code:?}", theirs.header.alg);
}
