//! Thin fits for frameworks: they carry what the layer decided, and decide nothing.

#[cfg(feature = "axum")]
pub(crate) mod axum;
#[cfg(feature = "tonic")]
pub mod tonic;
