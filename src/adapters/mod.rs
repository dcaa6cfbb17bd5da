//! Thin fits for frameworks: they carry what the layer decided, and decide nothing.

pub(crate) mod axum;
