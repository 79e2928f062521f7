"""Errors of networks, priors, data and questions, a warning of draws, and the check of arguments of a wrong kind."""

from __future__ import annotations

from collections.abc import Mapping

from ..common.errors import Fault, InputError

#: Where what an argument should be comes from.
_HINTS = {
    "Network": "; servanda.models.load_network gives one",
    "PriorSet": "; servanda.priors.load_prior gives one, and what was elicited has it in .priors",
    "Statement": "; see between, kept, quantiles, roulette and times_as_likely in servanda.priors",
}


class NetworkError(InputError):
    """A network that cannot be one."""


class QueryError(InputError):
    """A question that the network cannot be asked."""

    @classmethod
    def of(cls, where: str, what: str) -> QueryError:
        """Make an error of a single fault."""
        return cls("question", [Fault(where, what)])


class PriorError(InputError):
    """Priors that do not fit the network or are not distributions."""


class DataError(InputError):
    """Data that does not fit the network."""


class ConvergenceWarning(UserWarning):
    """Draws that have not converged, so that no number that rests on them can be trusted.

    `fit` warns when it makes such draws, and so does the first answer that rests on them. The text says which nodes
    they are of, what failed and what to do.
    """


def wrong_kinds(given: Mapping[str, tuple[object, type]]) -> list[Fault]:
    """List arguments that are not what they should be.

    Parameters
    ----------
    given
        Name of the argument -> what was given, and what it should be.
    """
    return [
        Fault(name, f"must be a {wanted.__name__}, not a {type(value).__name__}{_HINTS.get(wanted.__name__, '')}")
        for name, (value, wanted) in given.items()
        if not isinstance(value, wanted)
    ]
