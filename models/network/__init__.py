"""Networks: nodes, arrows, their checks and their TOML."""
