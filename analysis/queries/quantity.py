"""Quantities to ask for under several priors, models or experts; `servanda.models.questions` has the code."""

from ...models.questions.quantity import Quantity, chance_of, explained_share

__all__ = ["Quantity", "chance_of", "explained_share"]
