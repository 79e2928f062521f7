"""Gates: a number goes out only if the computation behind it can be trusted."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from ...common.show import Shown, View
from ...models.convergence import LEAST_BFMI, LEAST_ESS, MOST_RHAT, energy_bfmi
from ...models.posterior import Posterior
from .summary import Summary, cell_summaries


@dataclass(frozen=True, repr=False)
class Gate(Shown):
    """One check.

    Parameters
    ----------
    name
        What is checked, and of what.
    passed
        The verdict.
    value, limit
        What was found, and what is asked.

    Examples
    --------
    >>> print(Gate("R-hat of compliance.guarantors", passed=True, value=1.003, limit="1.01 or less"))
    R-hat of compliance.guarantors: 1.003 (passed, asked 1.01 or less)
    """

    name: str
    passed: bool
    value: float
    limit: str

    def __str__(self) -> str:
        return f"{self.name}: {self.value:.4g} ({'passed' if self.passed else 'FAILED'}, asked {self.limit})"

    def _view(self) -> View:
        return View(f"Gate: {self}")


def number_gates(name: str, summary: Summary) -> tuple[Gate, ...]:
    """Check the diagnostics of one reported number.

    Examples
    --------
    >>> from servanda.analysis.summaries.summary import Summary
    >>> gates = number_gates("p", Summary(0.5, 0.4, 0.6, 0.1, 0.01, 350.0, 900.0, 1.001))
    >>> [str(gate) for gate in gates if not gate.passed]
    ['bulk ESS of p: 350 (FAILED, asked 400 or more)']
    """
    gates = [
        _least(f"bulk ESS of {name}", summary.ess_bulk, LEAST_ESS),
        _least(f"tail ESS of {name}", summary.ess_tail, LEAST_ESS),
    ]
    if not math.isnan(summary.rhat):
        gates.insert(0, Gate(f"R-hat of {name}", summary.rhat <= MOST_RHAT, summary.rhat, f"{MOST_RHAT} or less"))
    return tuple(gates)


def sampler_gates(posterior: Posterior) -> tuple[Gate, ...]:
    """Check the sampler: no divergences, enough energy moved between chains' steps (E-BFMI).

    Examples
    --------
    >>> import pandas as pd
    >>> from servanda.models import Network, Node, fit
    >>> posterior = fit(Network((Node("kept", ("no", "yes")),)), pd.DataFrame({"kept": ["yes", "no"]}), seed=1)
    >>> sampler_gates(posterior)  # drawn exactly, so there was no sampler that could fail
    ()
    """
    if "sample_stats" not in posterior.tree:
        return supposed_gates(posterior)
    stats = posterior.tree["sample_stats"].to_dataset()
    diverging = int(stats["diverging"].sum())
    gates = [Gate("divergences", diverging == 0, diverging, "none")]
    if "energy" in stats:
        name = "energy_of_block" if "energy_of_block" in stats else "energy"
        gates.append(_least("E-BFMI, worst chain", energy_bfmi(stats[name]), LEAST_BFMI))
    return (*gates, *supposed_gates(posterior))


def supposed_gates(posterior: Posterior) -> tuple[Gate, ...]:
    """Check that enough draws are left where a case was supposed (Kish's effective number)."""
    supposed = posterior.provenance.get("supposed")
    if not isinstance(supposed, Mapping):
        return ()
    return (_least("draws left after supposing a case", float(supposed["effective_draws"]), LEAST_ESS),)


def parameter_gates(posterior: Posterior, names: Iterable[str] | None = None) -> tuple[Gate, ...]:
    """Check R-hat and ESS of every parameter (worst cell of each).

    Examples
    --------
    >>> import pandas as pd
    >>> from servanda.models import Network, Node, fit
    >>> posterior = fit(Network((Node("kept", ("no", "yes")),)), pd.DataFrame({"kept": ["yes", "no"]}), seed=1)
    >>> [gate.passed for gate in parameter_gates(posterior)]
    [True, True, True]
    """
    gates: list[Gate] = []
    for name, draws in posterior.draws.data_vars.items():
        if names is not None and name not in set(names):
            continue
        found = cell_summaries(draws)
        worst = {
            "rhat": max((s.rhat for s in found if not math.isnan(s.rhat)), default=math.nan),
            "bulk": float(np.min([s.ess_bulk for s in found])),
            "tail": float(np.min([s.ess_tail for s in found])),
        }
        gates.append(Gate(f"R-hat of {name}", not worst["rhat"] > MOST_RHAT, worst["rhat"], f"{MOST_RHAT} or less"))
        gates += [
            _least(f"bulk ESS of {name}", worst["bulk"], LEAST_ESS),
            _least(f"tail ESS of {name}", worst["tail"], LEAST_ESS),
        ]
    return tuple(gates)


def failed(gates: Iterable[Gate]) -> tuple[Gate, ...]:
    """Give the gates that did not pass."""
    return tuple(gate for gate in gates if not gate.passed)


def _least(name: str, value: float, limit: float) -> Gate:
    # A value that could not be computed does not pass: gates fail closed.
    return Gate(name, bool(value >= limit), value, f"{limit:g} or more")
