"""Tests of the local tools; `./dev check` runs them."""
