"""Sampling: draws from the posterior, block by block."""
