"""Theories: what backers and coders do, as networks."""
