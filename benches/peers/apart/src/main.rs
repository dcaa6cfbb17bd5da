//! The peers that cannot be linked into one program with the others, driven by the bench through a pipe.
//!
//! jwt-simple's default backend is BoringSSL, whose C symbols have the names of OpenSSL's, which josekit and jwtk bring
//! into the main process: one program cannot hold both. And jwtk itself has two backends that exclude each other: with
//! its default features it verifies RSA with aws-lc-rs, and this is where these are measured.

mod jwt_simple;
mod jwtk;

use portcullis_peer_bench_shared::{serve, signature_alone};

fn main() {
    serve(|peer, task| match peer {
        "jwt-simple" => jwt_simple::prepare(task),
        "signature" => signature_alone(task),
        "jwtk" => jwtk::prepare(task),
        _ => Err("nobody here has that name".into()),
    });
}
