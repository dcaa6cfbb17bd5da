//! One hot token, remembered.

use std::hint::black_box;
use std::task::Poll;
use std::time::Duration;

use allocation_counter::measure as count;
use portcullis::audit::{Audit, AuditEvent};
use portcullis::revoke::RevocationStatus;
use portcullis::{Issuer, Metrics, VerifiedToken, Verifier};
use tokio::runtime::Runtime;

use super::Bench;
use super::common::material::{AUDIENCE, ISSUER, Subject};
use super::common::source::Source;
use super::common::table::Figure::{Allocations, Ratio, Time};
use super::common::table::{Target, versus};
use super::common::timing::Pair;
use super::common::verifiers::{DEFAULT_ENTRIES, accept, cached, remember};

/// What a service reads of the claims.
#[derive(serde::Deserialize)]
struct User {
    tenant: String,
}

pub(crate) fn measure(bench: &mut Bench) {
    bench.table.section("seen", "one hot token, the whole of `verify`");
    let effort = bench.effort(301, 100);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    for subject in &bench.subjects {
        let name = subject.algorithm.name();
        let token = subject.token(0);
        let verifier = subject.cached(DEFAULT_ENTRIES);
        remember(&verifier, [token.text.as_str()]);
        let few = bench.effort(101, 20);
        let signature = Pair::measure(few, || accept(&verifier, &token.text), || subject.raw.verify(&token));
        let detail = format!("{:.0} × faster than the signature", signature.ratio);
        let alone = Pair::measure(effort, || (), || accept(&verifier, &token.text));
        bench.table.line(&format!("{name}, fixed keys"), Time(alone.second), Target::AtMost(120.0), &detail);
        let allocations = count(|| accept(&verifier, &token.text)).count_total;
        bench.table.line(&format!("{name}, allocations"), Allocations(allocations), Target::AtMost(0.0), "");

        let asked = |_: &VerifiedToken| RevocationStatus::NotRevoked;
        let revocable = cached(subject.builder().revocation(asked), DEFAULT_ENTRIES);
        remember(&revocable, [token.text.as_str()]);
        let pair =
            Pair::measure(effort, || accept(&verifier, &token.text), || accept(&revocable, &token.text));
        let detail = versus("without", pair, "with");
        let title = format!("{name}, a revocation check asked");
        bench.table.line(&title, Time(pair.second), Target::AtMost(120.0), &detail);

        let counted = cached(subject.builder().metrics(Metrics::new()), DEFAULT_ENTRIES);
        remember(&counted, [token.text.as_str()]);
        let pair = Pair::measure(effort, || accept(&verifier, &token.text), || accept(&counted, &token.text));
        let detail = versus("without", pair, "with");
        let title = format!("{name}, counted for metrics");
        bench.table.line(&title, Time(pair.second), Target::AtMost(120.0), &detail);

        // A sink that does nothing: what an event costs before it is written anywhere.
        let audit = Audit::new(|event: &AuditEvent<'_>| _ = black_box(event.outcome), vec![7; 32]).unwrap();
        let recorded = cached(subject.builder().audit(audit), DEFAULT_ENTRIES);
        remember(&recorded, [token.text.as_str()]);
        let pair =
            Pair::measure(effort, || accept(&verifier, &token.text), || accept(&recorded, &token.text));
        let detail = versus("without", pair, "with");
        bench.table.line(
            &format!("{name}, an event for the audit"),
            Time(pair.second),
            Target::None,
            &detail,
        );

        let read = || {
            let Poll::Ready(Ok(token)) = verifier.verify_cached(&token.text) else { panic!("a good token") };
            assert_eq!(token.claims::<User>().unwrap().tenant, "t-1029384756");
        };
        read();
        let pair = Pair::measure(effort, || accept(&verifier, &token.text), read);
        let detail = format!("{} allocs; {}", count(read).count_total, versus("without", pair, "with"));
        bench.table.line(
            &format!("{name}, claims as a type, over that"),
            Time(pair.more),
            Target::None,
            &detail,
        );

        // No issuer publishes a secret.
        if subject.key.public_pem().is_none() {
            continue;
        }
        let (_source, renewing) = remote(&runtime, subject);
        remember(&renewing, [token.text.as_str()]);
        let pair =
            Pair::measure(effort, || accept(&verifier, &token.text), || accept(&renewing, &token.text));
        let detail = versus("fixed", pair, "remote");
        bench.table.line(&format!("{name}, remote keys"), Time(pair.second), Target::AtMost(120.0), &detail);
        bench.table.line(&format!("{name}, remote keys over fixed"), Ratio(pair.ratio), Target::None, "");
    }
}

/// A verifier whose keys renew themselves, with the keys there.
pub(crate) fn remote(runtime: &Runtime, subject: &Subject) -> (std::sync::Arc<Source>, Verifier) {
    let source = Source::new(format!(r#"{{"keys":[{}]}}"#, subject.key.jwk_json()));
    let issuer = Issuer::new(ISSUER, source.keys()).audience(AUDIENCE).algorithms([subject.algorithm]);
    let verifier = runtime.block_on(async {
        let verifier = cached(Verifier::builder().issuer(issuer), DEFAULT_ENTRIES);
        verifier.ready(Duration::from_secs(5)).await.unwrap();
        verifier
    });
    (source, verifier)
}
