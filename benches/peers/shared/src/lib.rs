//! What both processes of the peer bench need: the task, the clock, and the line between them.

mod contender;
mod reference;
mod task;
mod wire;

pub use contender::{Contender, Local, Sweep};
pub use reference::signature_alone;
pub use task::{AUDIENCE, Algorithm, Claims, Extra, ISSUER, KEY_ID, SKEW, Task};
pub use wire::{Line, Remote, serve};
