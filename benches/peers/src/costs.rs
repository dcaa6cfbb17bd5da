//! What a peer costs a project that does nothing but verify one token: measured by `costs.sh`, kept in `costs.json`.

use serde::Deserialize;

#[derive(Deserialize)]
pub struct Costs {
    pub date: String,
    pub machine: String,
    pub projects: Vec<Project>,
}

#[derive(Deserialize)]
pub struct Project {
    pub name: String,
    pub crates: u32,
    /// Seconds of processor time of a debug build from nothing, and on the wall.
    pub cpu: f64,
    pub wall: f64,
    /// Resident memory of that program after one verification, in KiB; of that the part that no file backs.
    pub resident: u64,
    pub anonymous: u64,
}

pub fn kept() -> Option<Costs> {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/costs.json")).ok()?;
    Some(serde_json::from_str(&text).expect("costs.json as costs.sh writes it"))
}
