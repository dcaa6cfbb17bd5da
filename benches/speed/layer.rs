//! What the layer adds to a service: to one that is bare, for a token seen before; to one that verifies, at first sight.

use allocation_counter::measure as count;
use http::Request;
use tower::Layer;

use super::Bench;
use super::common::service::{answer, authorization, through};
use super::common::table::Figure::{Allocations, Time};
use super::common::table::{Target, versus};
use super::common::timing::Pair;
use super::common::verifiers::{DEFAULT_ENTRIES, accept, remember};

pub(crate) fn measure(bench: &mut Bench) {
    bench.table.section("layer", "added to a service that does nothing");
    for subject in &bench.subjects {
        let name = subject.algorithm.name();
        let token = subject.token(0);
        let authorization = authorization(&token.text);
        let mut bare = tower::service_fn(answer);

        let verifier = subject.cached(DEFAULT_ENTRIES);
        remember(&verifier, [token.text.as_str()]);
        let mut guarded = verifier.layer().layer(tower::service_fn(answer));
        through(&mut guarded, &authorization);
        let allocations = count(|| through(&mut guarded, &authorization)).count_total
            - count(|| through(&mut bare, &authorization)).count_total;
        let effort = bench.effort(301, 50);
        let pair = Pair::measure(
            effort,
            || through(&mut bare, &authorization),
            || through(&mut guarded, &authorization),
        );
        let detail = versus("bare", pair, "guarded");
        bench.table.line(&format!("{name}, seen before"), Time(pair.more), Target::AtMost(200.0), &detail);
        let name_of = format!("{name}, seen before, allocations");
        bench.table.line(
            &name_of,
            Allocations(allocations),
            Target::AtMost(planted() as f64),
            "those of the extension map allowed",
        );

        let verifier = subject.uncached();
        let mut guarded = verifier.layer().layer(tower::service_fn(answer));
        let effort = bench.effort(201, 10);
        let pair = Pair::measure(
            effort,
            || {
                through(&mut bare, &authorization);
                accept(&verifier, &token.text);
            },
            || through(&mut guarded, &authorization),
        );
        let detail = versus("bare and `verify`", pair, "guarded");
        bench.table.line(
            &format!("{name}, first sight, over `verify`"),
            Time(pair.more),
            Target::None,
            &detail,
        );
    }
}

/// Heap allocations of planting a value as large as a pointer in the extensions of a request that has none.
fn planted() -> u64 {
    let mut request = Request::new(());
    count(|| {
        request.extensions_mut().insert(std::sync::Weak::<()>::new());
    })
    .count_total
}
