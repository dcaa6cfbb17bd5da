//! Everybody who is measured.

mod axum_jwt_auth;
mod huskarl;
mod josekit;
mod jsonwebtoken;
mod jwt_authorizer;
mod jwtk;
mod oauth_resource_server;
mod portcullis;
mod tower_oauth2;

use portcullis_peer_bench_shared::{Contender, Task};

use crate::apart::Apart;

pub type Prepared = Result<Box<dyn Contender>, String>;

/// A way of verifying tokens: a crate, and where it makes a difference its backend or setting.
pub struct Peer {
    /// The crate as crates.io calls it; its version is read from the manifest.
    pub package: &'static str,
    /// Empty if there is but one way.
    pub variant: &'static str,
    /// As a library call: `None` if it has none.
    pub library: Option<Prepare>,
    /// As a layer or extractor of axum.
    pub layer: Option<Layer>,
}

pub enum Prepare {
    Here(fn(&Task) -> Prepared),
    /// In the other process, under this name.
    Apart(&'static str),
}

pub struct Layer {
    pub prepare: fn(&Task) -> Prepared,
    pub axum: Axum,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Axum {
    V08,
    V07,
}

impl Peer {
    pub fn name(&self) -> String {
        if self.variant.is_empty() {
            return self.package.into();
        }
        format!("{}, {}", self.package, self.variant)
    }

    pub fn prepare_library(&self, task: &Task, apart: &Apart) -> Option<Prepared> {
        match self.library.as_ref()? {
            Prepare::Here(prepare) => Some(prepare(task)),
            Prepare::Apart(name) => Some(apart.prepare(name, task)),
        }
    }
}

/// In the order of the tables.
pub fn all() -> Vec<Peer> {
    let here = |package, variant, library, layer: Option<fn(&Task) -> Prepared>| Peer {
        package,
        variant,
        library: Some(Prepare::Here(library)),
        layer: layer.map(|prepare| Layer { prepare, axum: Axum::V08 }),
    };
    let apart =
        |package, variant| Peer { package, variant, library: Some(Prepare::Apart(package)), layer: None };
    vec![
        here("portcullis", "seen before", portcullis::seen_before, Some(portcullis::layer_seen_before)),
        here("portcullis", "first sight", portcullis::first_sight, Some(portcullis::layer_first_sight)),
        here("jsonwebtoken", "aws-lc", jsonwebtoken::aws_lc, None),
        here("jsonwebtoken", "RustCrypto", jsonwebtoken::rust_crypto, None),
        apart("jwt-simple", "BoringSSL"),
        here("josekit", "OpenSSL", josekit::prepare, None),
        apart("jwtk", "aws-lc"),
        here("jwtk", "OpenSSL", jwtk::prepare, None),
        Peer {
            layer: Some(Layer { prepare: jwt_authorizer::layer, axum: Axum::V07 }),
            ..here("jwt-authorizer", "", jwt_authorizer::library, None)
        },
        here("axum-jwt-auth", "", axum_jwt_auth::library, Some(axum_jwt_auth::layer)),
        Peer {
            library: None,
            ..here("tower-oauth2-resource-server", "aws-lc", tower_oauth2::aws_lc, Some(tower_oauth2::aws_lc))
        },
        Peer {
            library: None,
            ..here(
                "tower-oauth2-resource-server",
                "RustCrypto",
                tower_oauth2::rust_crypto,
                Some(tower_oauth2::rust_crypto),
            )
        },
        here("oauth-resource-server", "", oauth_resource_server::library, Some(oauth_resource_server::layer)),
        here("huskarl-resource-server", "", huskarl::library, Some(huskarl::layer)),
    ]
}
