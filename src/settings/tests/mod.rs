//! What ties the settings to the builder and to their documentation.

mod http;
mod presets;
mod reference;
mod requirements;
mod round_trip;
mod schema;
