//! One file for each cryptographic library.

#[cfg(feature = "aws-lc")]
pub(super) mod aws_lc;
#[cfg(feature = "ring")]
pub(super) mod ring;
