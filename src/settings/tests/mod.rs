//! What ties the settings to the builder and to their documentation.

mod reference;
mod round_trip;
mod schema;
