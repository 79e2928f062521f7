"""Identification of the effect of an intervention from the graph: by which formula, if by any."""
