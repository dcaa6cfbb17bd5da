//! The process of the peers that cannot be linked into this one: see `apart/src/main.rs`.

use std::cell::RefCell;
use std::env;
use std::process::Command;
use std::rc::Rc;

use portcullis_peer_bench_shared::{Line, Remote, Task};

use crate::peers::Prepared;

/// The line to it, or why there is none.
pub struct Apart(Result<Rc<RefCell<Line>>, String>);

impl Apart {
    /// Builds and starts it, which takes a minute the first time.
    pub fn start() -> Self {
        Self(Self::line())
    }

    fn line() -> Result<Rc<RefCell<Line>>, String> {
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let built = Command::new(cargo)
            .args(["build", "--quiet", "--release", "--package", NAME])
            .args(["--manifest-path", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")])
            .status();
        if !built.is_ok_and(|status| status.success()) {
            return Err("could not be built: BoringSSL wants cmake, a C++ compiler and libclang".into());
        }
        let beside = env::current_exe().map_err(|error| error.to_string())?.with_file_name(NAME);
        Remote::start(Command::new(beside)).map_err(|error| error.to_string())
    }

    pub fn prepare(&self, peer: &str, task: &Task) -> Prepared {
        let line = self.0.as_ref().map_err(Clone::clone)?;
        Ok(Box::new(Remote::prepare(line, peer, task)?))
    }
}

const NAME: &str = "portcullis-peer-bench-apart";
