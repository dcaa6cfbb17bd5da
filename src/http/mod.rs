//! From a request to a decision, and from a decision to a response.
