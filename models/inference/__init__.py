"""Inference: exact answers for all draws at once."""
