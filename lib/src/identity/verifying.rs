//! Checks access tokens.
