//! The cells about the wire, over real sockets.
