//! What several benches need: verifiers, tokens with the raw signature beside them, a service, a source of keys,
//! measuring in turns, and a table that judges.
#![allow(dead_code, unreachable_pub, reason = "each bench uses its own part")]

pub mod material;
pub mod service;
pub mod source;
pub mod table;
pub mod timing;
pub mod verifiers;
