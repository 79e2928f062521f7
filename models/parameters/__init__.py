"""Parameters: distributions, priors and sets of them."""
