//! A scriptable authorization server, and a clock that the test holds.
