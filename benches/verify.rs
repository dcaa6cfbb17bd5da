//! Full verification of each algorithm beside the raw signature of the same backend.
//!
//! `cargo bench --bench verify -- ES256` runs one algorithm. For ratios, `cargo bench --bench ratio` is the better
//! measure: there the candidates take turns.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::hint::black_box;
use std::task::Poll;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use criterion::{Criterion, criterion_group, criterion_main};
use portcullis::crypto::{Backend, VerifyKey};
use portcullis::testkit::Mint;
use portcullis::{Algorithm, Issuer, Verifier};

const ISSUER: &str = "https://id.example.com";

fn each_algorithm(criterion: &mut Criterion) {
    for algorithm in Algorithm::ALL {
        let mint = Mint::builder(ISSUER).algorithm(*algorithm).build();
        let token = mint.token().scope("orders:read orders:write stock:read").mint();
        let (input, signature) = token.rsplit_once('.').unwrap();
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        for backend in Backend::available().iter().filter(|backend| backend.supports(*algorithm)) {
            let jwks = mint.jwks();
            let key =
                VerifyKey::prepare(&jwks.keys()[0], [*algorithm].into_iter().collect(), *backend).unwrap();
            let issuer = Issuer::new(ISSUER, jwks).audience(mint.audience()).algorithms([*algorithm]);
            let verifier =
                Verifier::builder().issuer(issuer).backend(*backend).clock(mint.clock()).build().unwrap();

            let mut group = criterion.benchmark_group(format!("{algorithm}/{}", backend.name()));
            group.bench_function("signature", |bencher| {
                bencher.iter(|| {
                    assert!(key.verify(*algorithm, black_box(input.as_bytes()), black_box(&signature)))
                });
            });
            group.bench_function("verify", |bencher| {
                bencher.iter(|| match verifier.verify_cached(black_box(&token)) {
                    Poll::Ready(Ok(token)) => token,
                    other => panic!("{other:?}"),
                });
            });
            group.finish();
        }
    }
}

fn refusals(criterion: &mut Criterion) {
    use portcullis::testkit::Flaw;

    let mint = Mint::new(ISSUER);
    let issuer = Issuer::new(ISSUER, mint.jwks()).audience(mint.audience());
    let verifier = Verifier::builder().issuer(issuer).clock(mint.clock()).build().unwrap();
    let mut group = criterion.benchmark_group("refused");
    for (name, flaw) in [
        ("garbage", Flaw::Garbage),
        ("alg none", Flaw::AlgNone),
        ("unknown key", Flaw::UnknownKey),
        ("signature", Flaw::TamperedPayload),
        ("expired", Flaw::Expired),
    ] {
        let token = mint.token().flawed(flaw);
        group.bench_function(name, |bencher| {
            bencher
                .iter(|| assert!(matches!(verifier.verify_cached(black_box(&token)), Poll::Ready(Err(_)))));
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(50)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(800))
        .without_plots();
    targets = each_algorithm, refusals
}
criterion_main!(benches);
