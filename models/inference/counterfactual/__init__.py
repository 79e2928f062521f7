"""Counterfactuals: a twin network, summed exactly where it is small and sampled where it is not."""
