"""OpenAPI v2 and v3 of what the server serves, built from the catalogue and the schema data."""
