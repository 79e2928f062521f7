"""Prior sets in TOML: read, checked and written."""
