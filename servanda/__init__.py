"""Servanda: how likely a security guarantee is to be kept, how sure we can be, and what would change that."""
