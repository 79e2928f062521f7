"""Elicitation: priors from what people can say."""
