"""Networks of mixed families with missing cells: sampled as one block over the compiled loops, and calibrated.

`benchmarks/mixed_network.py` does the same with nine nodes and more cases.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from servanda.models import Arrow, Network, Node, fit
from servanda.models.families.base import Family
from servanda.models.families.collective import Collective
from servanda.models.sampling import samplers
from servanda.models.sampling.prior_draws import prior_draws

GRADES = ("low", "mid", "high")
MIXED = Network(
    (
        Node("threat", ("no", "yes"), ordered=True),
        Node("alarm", ("no", "yes"), (Arrow("threat"),), family="noisy_or", ordered=True),
        Node("aid", GRADES, (Arrow("threat"), Arrow("alarm")), family="pooled_table", ordered=True),
        Node("kept", GRADES, (Arrow("alarm"), Arrow("aid")), family="ordinal", ordered=True),
    ),
    name="mixed",
)
ROWS, MISSING, SEEDS = 80, 0.2, 12


def truth_and_cases(seed):
    """Tables of one draw of the priors, and cases made from them with cells left out at random."""
    rng = np.random.default_rng(seed)
    truth = prior_draws(MIXED, seed=seed, draws=1)
    tables = {name: truth.table(name).values[0, 0] for name in MIXED.names}
    codes = {}
    for name in MIXED.names:
        *parents, _ = MIXED.axes(name)
        rows = tables[name][tuple(codes[parent] for parent in parents)] if parents else tables[name][None]
        codes[name] = (rng.random((ROWS, 1)) > np.cumsum(rows, axis=-1)[..., :-1]).sum(axis=-1)
    frame = pd.DataFrame({name: np.array(MIXED[name].states, object)[code] for name, code in codes.items()})
    return tables, frame.mask(rng.random(frame.shape) < MISSING)


@pytest.mark.slow
def test_intervals_hold_the_truth_nine_times_in_ten():
    cells, inside = 0, 0
    for seed in range(SEEDS):
        tables, cases = truth_and_cases(seed)
        posterior = fit(MIXED, cases, seed=seed, draws=250, tune=300, chains=2, pointwise=False)
        assert posterior.provenance["drawn_by_nuts"] == [list(MIXED.names)]
        for name, table in tables.items():
            low, high = np.quantile(posterior.table(name).values.reshape(-1, *table.shape), (0.05, 0.95), axis=0)
            held = ((low <= table) & (table <= high))[..., :-1]  # the last state follows from the others
            cells, inside = cells + held.size, inside + int(held.sum())
    # Cells of one fit hang together, so that a third as many are counted.
    low, high = binom(cells // 3, 0.9).ppf((0.002, 0.998)) / (cells // 3)
    assert low < inside / cells < high


class StoppedError(Exception):
    pass


def test_what_must_be_compiled_says_so_first(monkeypatch, caplog):
    def stop(*_, **__):
        raise StoppedError

    monkeypatch.setattr(samplers, "pymc_model", stop)
    monkeypatch.setattr(Collective, "in_loops", Family.in_loops)  # as of a family that writes no rows
    backers = Node("backers", ("1", "2"), ordered=True, values=(1, 2))
    options = (("members", "backers"),)
    helped = Node("helped", ("no", "yes"), (Arrow("backers"),), "any_of", ordered=True, options=options)
    frame, told = pd.DataFrame({"backers": ["1", "2"], "helped": ["no", "yes"]}), []
    with pytest.raises(StoppedError):
        fit(Network((backers, helped)), frame, seed=1, progress=lambda *what: told.append(what))
    said = (
        "compiling helped through PyMC, which may take minutes: "
        "the compiled loops do not know the family 'any_of' of 'helped'"
    )
    assert told == [(said, 0, 1)]
    assert caplog.messages == [said]
