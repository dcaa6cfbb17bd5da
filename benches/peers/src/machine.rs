//! Where and when a run took place.

use std::process::Command;
use std::{fs, thread};

use serde::{Deserialize, Serialize};

#[derive(Deserialize, Serialize)]
pub struct Machine {
    pub date: String,
    pub processor: String,
    pub threads: usize,
    pub compiler: String,
}

impl Machine {
    pub fn here() -> Self {
        let processor = fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| {
            let line = text.lines().find(|line| line.starts_with("model name"))?;
            Some(line.split_once(':')?.1.trim().to_owned())
        });
        Self {
            date: says("date", &["-u", "+%F"]),
            processor: processor.unwrap_or_else(|| std::env::consts::ARCH.into()),
            threads: thread::available_parallelism().map_or(1, usize::from),
            compiler: says("rustc", &["--version"]),
        }
    }
}

fn says(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    output.map_or_else(|_| "unknown".into(), |output| String::from_utf8_lossy(&output.stdout).trim().into())
}
