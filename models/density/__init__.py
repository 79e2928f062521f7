"""Densities: the log-posterior of a block and its gradient, compiled."""
