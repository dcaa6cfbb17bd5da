//! jsonwebtoken with either of its backends.
//!
//! Its backend is one for the whole process, chosen once by `CryptoProvider::install_default`. So the one installed here
//! is a switch: it hands each call to the functions of the backend that is chosen at that moment. That costs one load
//! and one call through a pointer, and lets both take turns within one process.

use std::cell::Cell;
use std::hint::black_box;
use std::time::Duration;

use jsonwebtoken::crypto::{CryptoProvider, KeyUtils, aws_lc, rust_crypto};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use portcullis_peer_bench_shared::{AUDIENCE, Claims, Contender, ISSUER, Local, SKEW, Sweep, Task};

use super::Prepared;

pub fn aws_lc(task: &Task) -> Prepared {
    library(task, Backend::AwsLc)
}

pub fn rust_crypto(task: &Task) -> Prepared {
    library(task, Backend::RustCrypto)
}

fn library(task: &Task, backend: Backend) -> Prepared {
    let key = DecodingKey::from_jwk(&task.read_jwk::<Jwk>()?).map_err(|error| error.to_string())?;
    let algorithm: Algorithm = task.algorithm.name().parse().map_err(|_| "an unknown algorithm")?;
    let mut rules = Validation::new(algorithm);
    rules.set_issuer(&[ISSUER]);
    rules.set_audience(&[AUDIENCE]);
    rules.set_required_spec_claims(&["exp", "iss", "aud"]);
    rules.validate_nbf = true;
    rules.leeway = SKEW;
    let verify = Local(move |token: &str| match decode::<Claims>(token, &key, &rules) {
        Ok(token) => black_box(!token.claims.sub.is_empty()),
        Err(_) => false,
    });
    Ok(Box::new(With { backend, contender: verify }))
}

#[derive(Clone, Copy)]
pub enum Backend {
    AwsLc,
    RustCrypto,
}

/// A contender that is measured with this backend.
pub struct With<C> {
    pub backend: Backend,
    pub contender: C,
}

impl<C: Contender> Contender for With<C> {
    fn accepts(&mut self, token: &str) -> bool {
        self.backend.choose();
        self.contender.accepts(token)
    }

    fn batch(&mut self, token: &str, calls: u32) -> Duration {
        self.backend.choose();
        self.contender.batch(token, calls)
    }

    fn swept(&mut self, token: &str, sweep: &mut Sweep) -> Duration {
        self.backend.choose();
        self.contender.swept(token, sweep)
    }

    fn allocations(&mut self, token: &str) -> u64 {
        self.backend.choose();
        self.contender.allocations(token)
    }
}

impl Backend {
    fn choose(self) {
        // Fails at every call but the first: the switch is in place then.
        let _ = SWITCH.install_default();
        CHOSEN.set(self);
    }

    fn provider(self) -> &'static CryptoProvider {
        match self {
            Self::AwsLc => &aws_lc::DEFAULT_PROVIDER,
            Self::RustCrypto => &rust_crypto::DEFAULT_PROVIDER,
        }
    }
}

thread_local! {
    static CHOSEN: Cell<Backend> = const { Cell::new(Backend::AwsLc) };
}

static SWITCH: CryptoProvider = CryptoProvider {
    signer_factory: |algorithm, key| (CHOSEN.get().provider().signer_factory)(algorithm, key),
    verifier_factory: |algorithm, key| (CHOSEN.get().provider().verifier_factory)(algorithm, key),
    // Asked for thumbprints and private keys, of which there are none here.
    key_utils: KeyUtils::new_unimplemented(),
};
