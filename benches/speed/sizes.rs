//! Tokens from 300 bytes to 8 KiB.

use portcullis::{Issuer, Profile, Verifier};

use super::Bench;
use super::common::material::{AUDIENCE, ISSUER, KEY_ID, Subject, Token};
use super::common::table::Figure::{Ratio, Time};
use super::common::table::{Target, versus};
use super::common::timing::Pair;
use super::common::verifiers::{DEFAULT_ENTRIES, accept, cached, remember, uncached};

pub(crate) fn measure(bench: &mut Bench) {
    bench
        .table
        .section("sizes", "by the size of the token, first sight against the raw signature, and seen before");
    let effort = bench.effort(151, 20);
    for subject in bench.subjects.iter().filter(|subject| super::cache::is_quick_to_sign(subject)) {
        for bytes in [300, 700, 1_024, 2_048, 4_096, 8_192] {
            let token = of_size(subject, bytes);
            let name = format!("{}, {} B", subject.algorithm.name(), token.text.len());
            let builder = || {
                let issuer = Issuer::new(ISSUER, subject.key.jwk().clone()).audience(AUDIENCE);
                let issuer = issuer.algorithms([subject.algorithm]).profile(Profile::Lenient);
                Verifier::builder().issuer(issuer)
            };
            let verifier = uncached(builder());
            let pair =
                Pair::measure(effort, || subject.raw.verify(&token), || accept(&verifier, &token.text));
            bench.table.line(&name, Ratio(pair.ratio), Target::None, &versus("signature", pair, "verify"));

            let verifier = cached(builder(), DEFAULT_ENTRIES);
            remember(&verifier, [token.text.as_str()]);
            let hit = Pair::measure(effort, || (), || accept(&verifier, &token.text));
            bench.table.line(&format!("{name}, seen before"), Time(hit.second), Target::None, "");
        }
    }
}

/// A token of about this size: what must be there, and groups, as directories put them into tokens.
fn of_size(subject: &Subject, bytes: usize) -> Token {
    let mut groups = Vec::new();
    loop {
        let claims = format!(
            r#"{{"iss":"{ISSUER}","aud":"{AUDIENCE}","exp":4102444800,"sub":"2482897","groups":[{}]}}"#,
            groups.join(",")
        );
        let token = subject.signed(KEY_ID, &claims);
        if token.text.len() >= bytes || groups.len() >= 1_000 {
            return token;
        }
        // Far from the size many at a time, as each try is signed.
        let missing = (bytes - token.text.len()) * 3 / 4 / 14;
        let from = groups.len();
        groups.extend((from..from + missing.max(1)).map(|number| format!(r#""group-{number:05}""#)));
    }
}
