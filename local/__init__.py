"""What `./dev` needs and production never sees: the local cloud, the demo feeds, the checks."""
