//! Explanations of any token: they decide as a verification does, show no signature, and show nothing to `Debug`.

use futures_util::FutureExt as _;
use portcullis::Verifier;
use portcullis::explain::{Explanation, Verdict};
use proptest::prelude::*;

use crate::album::Album;
use crate::explained::agreed;
use crate::hostile::{self, VERIFIERS, signed};
use crate::inputs::{HEADERS, PAYLOADS, TOKENS, mutated};
use crate::requirements;
use crate::testing::cases;

fn explained(verifier: &Verifier, token: &str) -> Explanation {
    let requirement = requirements::all().into_iter().next();
    let _ = agreed(verifier, token, requirement.as_ref()).now_or_never().expect("fixed keys never wait");
    agreed(verifier, token, None).now_or_never().expect("fixed keys never wait")
}

proptest! {
    #![proptest_config(cases(150))]

    #[test]
    fn of_any_token(
        token in mutated(&TOKENS), header in mutated(&HEADERS), payload in mutated(&PAYLOADS),
    ) {
        let good = hostile::header().to_string();
        let tokens =
            [String::from_utf8_lossy(&token).into_owned(), signed(&header, &payload), signed(good, &payload)];
        for (token, verifier) in tokens.iter().flat_map(|token| VERIFIERS.iter().map(move |own| (token, own))) {
            let _ = explained(verifier, token);
        }
    }
}

#[test]
fn of_every_hostile_token() {
    let good = signed(hostile::header().to_string(), hostile::claims().to_string());
    for token in hostile::tokens().into_iter().chain([good]) {
        for verifier in VERIFIERS.iter() {
            let _ = explained(verifier, &token);
        }
    }
}

/// What stands in the token is for people who ask for it: `Debug`, which ends in logs, has nothing of it.
pub(crate) fn pictures(album: &mut Album) {
    album.display("Verdict", &Verdict::Pass);
    album.debug("Verdict", &[Verdict::Fail, Verdict::NotReached]);
    for token in hostile::tokens() {
        for verifier in VERIFIERS.iter() {
            let explanation = explained(verifier, &token);
            album.debug("Explanation", &explanation);
            album.debug("ExplainedCheck", explanation.checks());
        }
    }
}
