//! What the layer adds to a service: to one that is bare, for a token seen before; to one that verifies, at first sight.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::hint::black_box;
use std::task::{Context, Poll, Waker};

use allocation_counter::measure as count;
use http::header::AUTHORIZATION;
use http::{HeaderValue, Request, Response};
use tower::{Layer, Service, ServiceExt};

use super::Bench;
use super::common::table::Figure::{Allocations, Time};
use super::common::table::{Target, versus};
use super::common::timing::Pair;
use super::common::verifiers::{DEFAULT_ENTRIES, accept, remember};

pub(crate) fn measure(bench: &mut Bench) {
    bench.table.section("layer", "added to a service that does nothing");
    for subject in &bench.subjects {
        let name = subject.algorithm.name();
        let token = subject.token(0);
        let authorization = HeaderValue::try_from(format!("Bearer {}", token.text)).unwrap();
        let mut bare = tower::service_fn(answer);

        let verifier = subject.cached(DEFAULT_ENTRIES);
        remember(&verifier, [token.text.as_str()]);
        let mut guarded = verifier.layer().layer(tower::service_fn(answer));
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

/// The inner service: nothing, so that only the layer is measured.
fn answer(request: Request<()>) -> Ready<Result<Response<()>, Infallible>> {
    black_box(&request);
    ready(Ok(Response::new(())))
}

/// One request, built and served, without a runtime: nothing waits.
fn through<S>(service: &mut S, authorization: &HeaderValue)
where
    S: Service<Request<()>, Response = Response<()>, Error = Infallible>,
{
    let request = Request::builder().header(AUTHORIZATION, authorization).body(()).unwrap();
    let mut context = Context::from_waker(Waker::noop());
    let mut response = std::pin::pin!(service.ready());
    let Poll::Ready(Ok(ready)) = response.as_mut().poll(&mut context) else { panic!("not ready") };
    let mut response = std::pin::pin!(ready.call(request));
    let Poll::Ready(Ok(response)) = response.as_mut().poll(&mut context) else { panic!("waited") };
    assert_eq!(response.status(), 200);
}
