"""Queries: what a fitted network can be asked."""
