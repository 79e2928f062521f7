"""Stored fits, kept and found again: equal questions to equal data are sampled once."""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...common.files import file_name, writable_folder, written_whole
from ...common.json_values import sealed, to_json, unsealed
from ...common.progress import Progress, shown, silent
from ...common.tasks.mapping import mapped
from ...models.cases.encode import encode
from ...models.convergence import LEAST_ESS
from ...models.network.network import Network
from ...models.network.parameters import network_parameters
from ...models.network.toml import as_network
from ...models.parameters.prior_set import PriorSet
from ...models.posterior import Posterior, load_posterior
from ...models.sampling.blocks import workers_for
from ...models.sampling.fit import fit, fit_identity
from ...models.sampling.run import Sampling, fit_inputs
from ...models.sampling.samplers import SAMPLERS
from ...priors.files.load import Priors, as_priors
from ..summaries.gates import Gate, failed, parameter_gates, sampler_gates
from .cache import cache_folder, find, keep, used

if TYPE_CHECKING:
    import pandas as pd

#: How often a fit whose gates fail takes twice the steps before it is left as it is.
DOUBLINGS = 2


def stored_path(
    network: Network, cases: pd.DataFrame, priors: PriorSet | None, sampling: Sampling, folder: Path
) -> Path:
    """Path at which the fit of these very inputs is, or would be, stored."""
    identity = fit_identity(network, encode(network, cases), priors, sampling)
    return folder / f"{file_name(network.name)}-{file_name(identity['priors'])}-{identity['key'][:16]}.nc"


def stored_fit(
    network: Network | str | os.PathLike[str],
    cases: pd.DataFrame,
    priors: Priors | None,
    sampling: Sampling,
    folder: Path | None = None,
    *,
    progress: bool | Progress | None = None,
) -> tuple[Posterior, bool]:
    """Load the fit of these very inputs, or make and store it.

    Parameters
    ----------
    network, cases, priors
        What is fitted; network and priors may be given by name, as in `servanda.fit`.
    sampling
        How.
    folder
        Where fits are kept; `cache_folder()` by default.
    progress
        As in `servanda.models.fit`, if a fit is made.

    Returns
    -------
    posterior
        The fit. Where gates of its parameters failed it was made again with twice the steps, and twice again; how
        often stands in its provenance under ``doublings``.
    reused
        Whether it was found.

    Examples
    --------
    >>> import pandas as pd
    >>> from servanda.models import Node
    >>> network, cases = (
    ...     Network((Node("kept", ("no", "yes")),), name="coin"),
    ...     pd.DataFrame({"kept": ["yes", "no"]}),
    ... )
    >>> how = Sampling(seed=1, draws=500)
    >>> [stored_fit(network, cases, None, how, Path("fits"))[1] for _ in range(2)]
    [False, True]
    """
    with shown(progress) as tell:
        return stored_fits(as_network(network), cases, [as_priors(priors)], sampling, folder, within=tell)[0]


def stored_fits(
    network: Network,
    cases: pd.DataFrame,
    priors: Sequence[PriorSet | None],
    sampling: Sampling,
    folder: Path | None = None,
    *,
    client: Any = None,
    within: Progress = silent,
) -> list[tuple[Posterior, bool]]:
    """Load the fits of the same cases under several prior sets, or make and store them, several at once.

    Parameters
    ----------
    network, cases, sampling, folder
        As in `stored_fit`.
    priors
        The sets.
    client
        A `distributed.Client` of Dask, whose workers fit instead; what they fit is stored here.
    within
        Told of the sampling of those that are made here.

    Returns
    -------
    list
        Of each set in turn, the fit and whether it was found.
    """
    place = writable_folder(folder or cache_folder())
    paths = [stored_path(network, cases, one, sampling, place) for one in priors]
    reused: set[int] = set()

    def find_fit(number: int) -> Posterior | None:
        posterior = find(paths[number], load_posterior)
        if posterior is not None:
            reused.add(number)
        return posterior

    names = [f"fitting under priors {one.name}" if one and len(priors) > 1 else "" for one in priors]
    tasks = [partial(_drawn_on, network, cases, one, sampling, name) for one, name in zip(priors, names, strict=True)]
    workers = 1 if len(priors) == 1 else workers_for([fit_inputs(network, cases, one, sampling) for one in priors])
    made = mapped(
        tasks,
        workers=workers,
        client=client,
        within=within,
        find=find_fit,
        keep=lambda number, posterior: keep(paths[number], posterior.save),
    )
    return [(posterior, number in reused) for number, posterior in enumerate(made)]


def _drawn_on(
    network: Network,
    cases: pd.DataFrame,
    priors: PriorSet | None,
    sampling: Sampling,
    name: str,
    progress: Progress,
) -> Posterior:
    """Fit whose chains take twice the steps, and twice again, as long as a gate of its parameters fails.

    As many draws are kept, further apart. Where so few are asked for that no gate could hold, nothing is drawn on.
    Progress is told under `name`, if there is one.
    """

    def tell(what: str, done: int, total: int) -> None:
        progress(name or what, done, total)

    def make(doubled: int) -> Posterior:
        longer = replace(sampling, tune=sampling.tune << doubled, thin=sampling.thin << doubled)
        return fit(network, cases, priors, cores=longer.cores, progress=tell, **longer.settings)

    def check(posterior: Posterior) -> tuple[Gate, ...]:
        return parameter_gates(posterior, sampled_parameters(posterior))

    posterior, gates, doubled = drawn_on(make, check, sampling.chains * sampling.draws)
    said = {"parameter_gates": [*map(asdict, gates)], "doublings": doubled}
    return replace(posterior, provenance={**posterior.provenance, **said})


def drawn_on[T](
    make: Callable[[int], T], check: Callable[[T], Iterable[Gate]], draws: int
) -> tuple[T, tuple[Gate, ...], int]:
    """What is drawn anew with twice the steps, and twice again, as long as a gate of it fails.

    Parameters
    ----------
    make
        From how often the steps are doubled to what is drawn.
    check
        Gates of that.
    draws
        How many are kept; from so few that no gate could hold, nothing is drawn on.

    Returns
    -------
    drawn, gates, doublings
        What was drawn last, its gates, and how often its steps were doubled.

    Examples
    --------
    >>> drawn_on(lambda doubled: 1 << doubled, lambda steps: [Gate("steps", steps > 1, steps, "2 or more")], 4000)[::2]
    (2, 1)
    """
    most = DOUBLINGS if draws >= LEAST_ESS else 0
    doubled = 0
    while True:
        drawn = make(doubled)
        gates = tuple(check(drawn))
        if doubled == most or not failed(gates):
            return drawn, gates, doubled
        doubled += 1


def with_longer_steps(posterior: Posterior, doubled: int) -> Posterior:
    """A fit whose settings, by which blocks of it are drawn again, take so many times twice the steps."""
    settings = posterior.provenance.get("settings")
    if not doubled or not settings:
        return posterior
    longer = {**settings, **{name: settings[name] << doubled for name in ("tune", "thin") if name in settings}}
    return replace(posterior, provenance={**posterior.provenance, "settings": longer})


def kept_beside_fits(
    name: str, identity: Any, make: Callable[[], dict[str, Any]], folder: Path | None = None
) -> dict[str, Any]:
    """Find again what was made for these very inputs, or make it and keep it as JSON beside the stored fits.

    Parameters
    ----------
    name
        What the file's name begins with.
    identity
        All that bears on what is made, ready for JSON.
    make
        Makes it, ready for JSON.
    folder
        Where fits are kept; `cache_folder()` by default.
    """
    found = found_beside_fits(name, identity, folder)
    return keep_beside_fits(name, identity, make(), folder) if found is None else found


def found_beside_fits(name: str, identity: Any, folder: Path | None = None) -> dict[str, Any] | None:
    """Find again what was kept for these very inputs; None where it was not, or is damaged.

    Parameters
    ----------
    name, identity, folder
        As in `kept_beside_fits`.
    """
    key, path = _kept_at(name, identity, folder)
    with suppress(OSError, UnicodeError):
        found = unsealed(path.read_text(encoding="utf-8"))
        # One that is damaged, or was made for something else, is as good as none.
        if isinstance(found, dict) and found.get("key") == key:
            used(path)
            return found["kept"]
    return None


def keep_beside_fits(name: str, identity: Any, made: Mapping[str, Any], folder: Path | None = None) -> dict[str, Any]:
    """Keep what was made for these inputs, and give it as it will be found: None for what could not be computed.

    Parameters
    ----------
    name, identity, folder
        As in `kept_beside_fits`.
    made
        Ready for JSON.
    """
    key, path = _kept_at(name, identity, folder)
    kept = json.loads(to_json(made))

    def save(target: Path) -> None:
        with written_whole(target) as temporary:
            temporary.write_text(sealed({"key": key, "kept": kept}), encoding="utf-8")

    keep(path, save)
    return kept


def _kept_at(name: str, identity: Any, folder: Path | None) -> tuple[str, Path]:
    """Key and path of what is kept beside the fits."""
    key = hashlib.sha256(to_json(identity, sort_keys=True).encode()).hexdigest()
    return key, writable_folder(folder or cache_folder()) / f"{file_name(name)}-{key[:16]}.json"


def sampled_parameters(posterior: Posterior) -> set[str]:
    """Names of the parameters that MCMC sampled; effects of single members of a group are not among them.

    Those effects enter through the numbers they bear on, whose own gates hold them, and exact draws have
    nothing to converge.
    """
    blocks = [block for way in SAMPLERS for block in posterior.provenance.get(f"drawn_by_{way}", ())]
    nodes = [node for block in blocks for node in block]
    return {parameter.name for parameter in network_parameters(posterior.network, nodes)}


def fit_gates(posterior: Posterior) -> tuple[Gate, ...]:
    """Gates of a fit: of the sampler and of every sampled parameter, as stored with the fit or computed now."""
    stored = posterior.provenance.get("parameter_gates")
    if stored is None:
        return (*sampler_gates(posterior), *parameter_gates(posterior, sampled_parameters(posterior)))
    return (*sampler_gates(posterior), *map(_stored_gate, stored))


def _stored_gate(stored: Mapping[str, Any]) -> Gate:
    """A gate as it was checked; JSON has no number for what could not be computed."""
    value = stored["value"]
    return Gate(**{**stored, "value": math.nan if value is None else value})
