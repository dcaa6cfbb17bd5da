//! Refusals: before the signature, by it, and after it; at first sight, and for the same token again and again.

use allocation_counter::measure as count;

use super::Bench;
use super::common::material::{AUDIENCE, KEY_ID, Subject, claims, claims_of};
use super::common::table::Figure::{Allocations, Ratio, Time};
use super::common::table::Target;
use super::common::timing::Pair;
use super::common::verifiers::{DEFAULT_ENTRIES, refuse};

pub(crate) fn measure(bench: &mut Bench) {
    bench.table.section("refused", "refusals; nothing of them is remembered");
    let effort = bench.effort(101, 10);
    for subject in &bench.subjects {
        let good = subject.token(0);
        for (reason, moment, token) in refusals(subject) {
            let name = format!("{}, {reason}", subject.algorithm.name());
            let (first, again) = (subject.uncached(), subject.cached(DEFAULT_ENTRIES));
            let pair = Pair::measure(effort, || refuse(&first, &token), || refuse(&again, &token));
            let allocations = count(|| refuse(&again, &token)).count_total;
            let detail = format!("{allocations} allocs; again with a cache {:.3} ×", pair.ratio);
            match moment {
                Moment::Early => {
                    bench.table.line(&name, Time(pair.first), Target::None, &detail);
                    let name = format!("{name}, allocations");
                    bench.table.line(&name, Allocations(allocations), Target::AtMost(1.0), "");
                }
                Moment::Late => {
                    let raw = Pair::measure(effort, || subject.raw.verify(&good), || refuse(&first, &token));
                    bench.table.line(
                        &name,
                        Ratio(raw.ratio),
                        Target::None,
                        &format!("of the signature; {detail}"),
                    );
                }
            }
        }
    }
}

/// Whether the signature has been verified by then.
enum Moment {
    Early,
    Late,
}

fn refusals(subject: &Subject) -> [(&'static str, Moment, String); 6] {
    let good = subject.token(0);
    let (input, _) = good.text.rsplit_once('.').unwrap();
    [
        ("no signature", Moment::Early, input.to_owned()),
        ("unknown key", Moment::Early, subject.signed("key-2025-12", &claims(0)).text),
        ("a header that is none", Moment::Early, good.text.replacen("eyJ", "eyK", 1)),
        ("forged", Moment::Late, good.forged()),
        ("expired", Moment::Late, subject.signed(KEY_ID, &claims_of(0, AUDIENCE, 1_700_000_300)).text),
        (
            "other audience",
            Moment::Late,
            subject.signed(KEY_ID, &claims_of(0, "https://an.example.com", 4_102_444_800)).text,
        ),
    ]
}
