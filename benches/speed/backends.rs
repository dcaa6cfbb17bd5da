//! Every algorithm on every backend that is compiled in: the key as this crate holds it, and the whole of `verify`.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use portcullis::crypto::{Backend, VerifyKey};
use portcullis::testkit::Mint;
use portcullis::{Algorithm, Issuer, Verifier};

use super::Bench;
use super::common::material::ISSUER;
use super::common::table::Figure::Ratio;
use super::common::table::{Target, versus};
use super::common::timing::Pair;
use super::common::verifiers::{accept, uncached};

pub(crate) fn measure(bench: &mut Bench) {
    bench
        .table
        .section("backends", "each algorithm on each backend, `verify` against its signature, no cache");
    let effort = bench.effort(51, 10);
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
            let verifier = uncached(Verifier::builder().issuer(issuer).backend(*backend).clock(mint.clock()));
            let pair = Pair::measure(
                effort,
                || assert!(key.verify(*algorithm, input.as_bytes(), &signature)),
                || accept(&verifier, &token),
            );
            let name = format!("{algorithm}, {}", backend.name());
            bench.table.line(&name, Ratio(pair.ratio), Target::None, &versus("signature", pair, "verify"));
        }
    }
}
