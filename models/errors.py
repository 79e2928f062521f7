"""Errors of networks, priors, data and questions, a warning of draws, and the check of arguments of a wrong kind."""

from __future__ import annotations

from collections.abc import Mapping

from ..common.errors import Fault, InputError

#: Where what an argument should be comes from.
_HINTS = {
    "Network": "; servanda.models.load_network gives one",
    "Posterior": "; servanda.models.fit and load_posterior give one",
    "PriorSet": "; servanda.priors.load_prior gives one, and what was elicited has it in .priors",
    "Statement": "; see between, kept, quantiles, roulette and times_as_likely in servanda.priors",
}


class NetworkError(InputError):
    """A network that cannot be one.

    Examples
    --------
    >>> from servanda.models import Arrow, Network, Node
    >>> try:
    ...     Network((Node("guarantors", ("1", "2")), Node("kept", ("no", "yes"), (Arrow("guarantor"),))))
    ... except NetworkError as error:
    ...     print(error)
    network network: node kept: has an undeclared parent 'guarantor'; did you mean 'guarantors'?
    """


class QueryError(InputError):
    """A question that the network cannot be asked.

    Examples
    --------
    >>> from servanda.analysis import chance_of
    >>> from servanda.models import Network, Node
    >>> print(*chance_of("kept", "yse").faults(Network((Node("kept", ("no", "yes")),))))
    kept has no state 'yse'; did you mean 'yes'?
    """

    @classmethod
    def of(cls, where: str, what: str) -> QueryError:
        """Make an error of a single fault."""
        return cls("question", [Fault(where, what)])


class PriorError(InputError):
    """Priors that do not fit the network or are not distributions.

    Examples
    --------
    >>> from servanda.models import Prior
    >>> try:
    ...     Prior.of("normal", mu=0, sigma=-1)
    ... except PriorError as error:
    ...     print(error)
    prior normal: sigma must be above 0, not -1
    """


class DataError(InputError):
    """Data that does not fit the network.

    Examples
    --------
    >>> import pandas as pd
    >>> from servanda.models import Network, Node, encode
    >>> try:
    ...     encode(Network((Node("kept", ("no", "yes")),)), pd.DataFrame({"kept": ["yes", "yse"]}))
    ... except DataError as error:
    ...     print(error)
    data: case 2, column kept: 'yse' is not a state of kept; did you mean 'yes'?
    """


class ConvergenceWarning(UserWarning):
    """Draws that have not converged, so that no number that rests on them can be trusted.

    `fit` warns when it makes such draws, and so does the first answer that rests on them. The text says which nodes
    they are of, what failed and what to do.

    Examples
    --------
    >>> import warnings
    >>> with warnings.catch_warnings():  # a script then stops, rather than go on with such draws
    ...     warnings.simplefilter("error", ConvergenceWarning)
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
