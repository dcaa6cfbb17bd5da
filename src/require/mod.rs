//! What a route asks for, beyond a good token.
