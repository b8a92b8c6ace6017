"""How the demo feeds are made: one module per agency, one for the catalogue, one that checks."""
