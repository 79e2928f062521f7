"""Questions to the track model: credibility at a date, ahead of one, of two actors, and before and after."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import xarray as xr

from ...common.errors import Fault, nearest, raise_faults
from ...common.progress import Progress, in_parts
from ...models.track.events import TrackError, as_date
from ...models.track.fit import fit_track
from ...models.track.settings import READINGS
from ...record.files.load import TableOrFile, as_table
from ...record.track import load_track_record
from ..queries.probability import in_short
from ..summaries.change import MARGIN
from ..summaries.gates import Gate, parameter_gates, sampler_gates
from .answer import ESTIMATE, FORECAST, TrackAnswer
from .contrast import TrackContrast, contrast_of
from .scores import measured_track_scores, said_of

if TYPE_CHECKING:
    import pandas as pd

    from ...models.track.posterior import TrackPosterior

#: A date in text (a year or a month means its last day), or as one.
Date = str | dt.date | np.datetime64
#: Columns of an event that tables and figures show as they are.
_SHOWN = ("agreement", "ground", "gravity", "finding_by", "detail")
#: Nodes of the Gauss-Hermite rule over agreements not seen; exact for polynomials of degree 41.
_NODES = 21
#: Parameters of the model that a gate checks one by one; paths are checked through what is asked of them.
HYPERPARAMETERS = (
    "population_mean",
    "actor_sd",
    "path_sd",
    "path_years",
    "agreement_sd",
    "partly_width",
    "repeat_years",
    "actor_mean",
    "agreement_effect",
)


def credibility(track: TrackPosterior, actor: str, at: Date, *, agreement: str | None = None) -> TrackAnswer:
    """Give the probability that a test of an actor's word at a date finds it kept.

    Parameters
    ----------
    track
        A fit.
    actor
        Whose word.
    at
        When; not before the actor's first event. Beyond its last one it is a forecast, and wider.
    agreement
        Under an agreement of the record; None under one that is not in it, averaged over the population of
        agreements exactly (Gauss-Hermite).

    Returns
    -------
    TrackAnswer
        Draws of the probability, a `DataArray` with dims chain, draw that shows itself as a table and draws its density
        (``.table``, ``.plot()``, ``.printed``). Two calls at different dates are not draws of one path: use
        `change`, or `credibility_path` with all dates. Whether the model was found to foretell stands in
        ``attrs["foretells"]`` and, in words, in ``attrs["note"]``: where it was not, the number describes the events
        that were written down, and no order of actors follows from it.

    Raises
    ------
    TrackError
        If there is no such actor or agreement, naming the nearest; or the date is none, or before the record.

    Examples
    --------
    >>> import pandas as pd
    >>> from servanda.models import fit_track
    >>> days = ["2001", "2004-05", "2009-01-02"]
    >>> events = pd.DataFrame({"actor": "A", "date": days, "agreement": "x", "event": "complied"})
    >>> track = fit_track(events, seed=1, draws=100, tune=200, chains=2)
    >>> kept = credibility(track, "A", at="2012")
    >>> kept.dims, kept.attrs["kind"], bool(kept.mean() > 0.5)
    (('chain', 'draw'), 'forecast', True)
    >>> kept.attrs["foretells"], kept.attrs["note"]
    (False, 'Not measured how well this fit foretells, so no actor is ranked: it describes the events ...')
    """
    found = credibility_path(track, actor, [at], agreement=agreement)
    day = found["date"].values[0].astype("datetime64[D]")
    answer = found.isel(date=0, drop=True)
    ahead = day > track.span(actor)[1]
    own = {
        "question": f"P({_asked(actor, agreement)}, {day})",
        "at": str(day),
        "answer": in_short(answer),
        "kind": FORECAST if ahead else ESTIMATE,
    }
    return TrackAnswer(answer.assign_attrs(own))


def credibility_path(
    track: TrackPosterior, actor: str, dates: Iterable[Date], *, agreement: str | None = None
) -> TrackAnswer:
    """Give credibility at several dates as draws of one path, dims chain, draw, date; see `credibility`.

    The answer shows itself as a table of the dates, and draws a band over them (``.table``, ``.plot()``, ``.printed``).

    Examples
    --------
    >>> import pandas as pd
    >>> from servanda.models import fit_track
    >>> events = pd.DataFrame({"actor": "A", "agreement": "x", "date": ["2001", "2004"], "event": "complied"})
    >>> track = fit_track(events, seed=1, draws=20, tune=50, chains=2)
    >>> dict(credibility_path(track, "A", ["2001", "2003", "2005"]).sizes)
    {'chain': 2, 'draw': 20, 'date': 3}
    """
    days = [as_date(when, "at") for when in dates]
    theta = track.paths(actor, days)
    words = {"question": f"P({_asked(actor, agreement)})", "last_event": str(track.span(actor)[1])}
    return TrackAnswer(_probability(track, theta, agreement).assign_attrs(words | _noted(track)))


def forecast(
    track: TrackPosterior, actor: str, until: Date, *, steps: int = 12, agreement: str | None = None
) -> TrackAnswer:
    """Give credibility from an actor's last event on, in equal steps.

    Nothing new is supposed to happen: the path forgets its last known value and returns to what is known of the
    actor's average, and its uncertainty widens.

    Parameters
    ----------
    track, actor, agreement
        See `credibility`.
    until
        The last date, after the actor's last event.
    steps
        How many dates beyond the last event.

    Returns
    -------
    TrackAnswer
        As `credibility_path` gives it; the first date is that of the last event.

    Raises
    ------
    TrackError
        As `credibility`; or if `until` is not beyond the last event, or `steps` is below 1.

    Examples
    --------
    >>> import pandas as pd
    >>> from servanda.models import fit_track
    >>> events = pd.DataFrame({"actor": "A", "agreement": "x", "date": ["2001", "2004"], "event": "complied"})
    >>> dict(forecast(fit_track(events, seed=1, draws=20, tune=50, chains=2), "A", until="2010", steps=3).sizes)
    {'chain': 2, 'draw': 20, 'date': 4}
    """
    last, end = track.span(actor)[1], as_date(until, "until")
    faults = [Fault("steps", f"is {steps}; at least 1 is needed")] if steps < 1 else []
    if end <= last:
        faults.append(Fault("until", f"{end} is not beyond the last event of {actor} on {last}; give a later day"))
    raise_faults("forecast", faults, TrackError)
    days = last + (np.arange(steps + 1) * (end - last).astype(int) // steps).astype("timedelta64[D]")
    return credibility_path(track, actor, list(days), agreement=agreement)


def compare_actors(
    track: TrackPosterior, first: str, second: str, at: Date, *, margin: float = MARGIN
) -> TrackContrast:
    """Compare the credibility of two actors at a date, draw by draw.

    Parameters
    ----------
    track
        A fit.
    first, second
        The actors.
    at
        When; see `credibility`.
    margin
        The smallest difference that matters, from 0 up to 1; five points by default.

    Returns
    -------
    TrackContrast
        A dataset that shows itself as a table and draws itself (``.table``, ``.plot()``, ``.printed``): ``first``,
        ``second`` and ``difference`` (second less first), dims chain, draw; ``gain``, ``within`` and
        ``loss``: the probability that the second is the more credible by `margin` or more, that neither is, and that
        the first is. The attributes say it in words; ``note`` says whether the model was found to foretell, without
        which the difference describes two histories and ranks nobody.

    Examples
    --------
    >>> import pandas as pd
    >>> from servanda.models import fit_track
    >>> events = pd.DataFrame(
    ...     {
    ...         "actor": list("AAB"),
    ...         "agreement": "x",
    ...         "date": ["2001", "2004", "2005"],
    ...         "event": ["complied", "complied", "defected"],
    ...     }
    ... )
    >>> found = compare_actors(fit_track(events, seed=1, draws=20, tune=50, chains=2), "A", "B", at="2006")
    >>> bool(found["loss"] > found["gain"])
    True
    """
    one, other = (credibility(track, actor, at) for actor in (first, second))
    names = (f"{first} at {as_date(at)}", f"{second} at {as_date(at)}")
    return contrast_of(one, other, names, margin).assign_attrs(_noted(track))


def change(
    track: TrackPosterior,
    actor: str,
    *,
    before: Date,
    after: Date,
    agreement: str | None = None,
    margin: float = MARGIN,
) -> TrackContrast:
    """Compare one actor's credibility at two dates on the same path, with everything known to the fit.

    Parameters
    ----------
    track, actor, agreement
        See `credibility`.
    before, after
        The dates, the earlier one first.
    margin
        As in `compare_actors`.

    Returns
    -------
    TrackContrast
        As `compare_actors`, with ``first`` at `before` and ``second`` at `after`.

    Raises
    ------
    TrackError
        As `credibility`; or if `before` is not before `after`.

    Examples
    --------
    >>> import pandas as pd
    >>> from servanda.models import fit_track
    >>> events = pd.DataFrame({"actor": "A", "agreement": "x", "date": ["2001", "2004", "2012"],
    ...                        "event": ["complied", "complied", "defected"]})
    >>> track = fit_track(events, seed=1, draws=200, tune=200, chains=2)
    >>> effect = change(track, "A", before="2004", after="2012")
    >>> bool(effect["loss"] > effect["gain"])
    True
    """
    start, end = as_date(before, "before"), as_date(after, "after")
    if start >= end:
        raise_faults("change", [Fault("before", f"{start} is not before {end}")], TrackError)
    found = credibility_path(track, actor, [start, end], agreement=agreement)
    one, other = (found.isel(date=place, drop=True) for place in (0, 1))
    return contrast_of(one, other, (f"{actor} at {start}", f"{actor} at {end}"), margin)


def replay(
    track_record: TableOrFile,
    dates: Sequence[Date],
    *,
    seed: int,
    progress: bool | Progress | None = None,
    **sampling: Any,
) -> dict[str, Any]:
    """Fit the record as it was known on each date; nothing later is looked at.

    Parameters
    ----------
    track_record
        Dated events, or their file.
    dates
        On which days; a year or a month means its last day.
    progress
        As in `servanda.models.fit`, of all fits together.
    seed, sampling
        As in `servanda.models.fit_track`.

    Returns
    -------
    dict
        Date -> `TrackPosterior`.

    Examples
    --------
    >>> import pandas as pd
    >>> events = pd.DataFrame({"actor": "A", "agreement": "x", "date": ["2001", "2004"], "event": "complied"})
    >>> found = replay(events, ["2002", "2005"], seed=1, draws=20, tune=50, chains=2)
    >>> {str(day): len(track.data.event_point) for day, track in found.items()}
    {'2002-12-31': 1, '2005-12-31': 2}
    """
    events, days = as_table(track_record, load_track_record), [str(as_date(when, "as_of")) for when in dates]
    return {
        day: fit_track(events, seed=seed, as_of=day, progress=tell, **sampling)
        for day, tell in in_parts(days, progress)
    }


def cost(
    track_record: TableOrFile,
    actor: str,
    on: Date,
    *,
    seed: int,
    days: int = 1,
    margin: float = MARGIN,
    progress: bool | Progress | None = None,
    **sampling: Any,
) -> TrackContrast:
    """Say what the events of a day cost an actor: credibility as judged just before it, and just after.

    Two fits, one that knows nothing from `on` onwards and one that knows what happened on it (and in `days` - 1
    days after). Unlike `change`, nobody is credited with knowing what came later.

    Parameters
    ----------
    track_record
        Dated events, or their file.
    actor
        Whose credibility.
    on
        The day.
    seed, sampling
        As in `servanda.models.fit_track`.
    days
        How many days of news, the first one included.
    margin
        As in `compare_actors`.
    progress
        As in `servanda.models.fit`, of all fits together.

    Returns
    -------
    TrackContrast
        As `compare_actors`; the fits are independent, so draws are paired at random.

    Examples
    --------
    >>> import pandas as pd
    >>> events = pd.DataFrame(
    ...     {
    ...         "actor": "A",
    ...         "agreement": "x",
    ...         "date": ["2001-01-01", "2004-01-01", "2012-01-01"],
    ...         "event": ["complied", "complied", "defected"],
    ...     }
    ... )
    >>> found = cost(events, "A", on="2012-01-01", seed=1, draws=20, tune=50, chains=2)
    >>> found.table.index.tolist()
    ['A as judged on 2011-12-31', 'A as judged on 2012-01-01', 'difference']
    """
    day = as_date(on, "on")
    if days < 1:
        raise_faults("cost", [Fault("days", f"is {days}; at least 1 is needed")], TrackError)
    moments = (day - np.timedelta64(1, "D"), day + np.timedelta64(days - 1, "D"))
    events, sides = as_table(track_record, load_track_record), []
    for (place, moment), tell in in_parts([*enumerate(moments)], progress):
        track = fit_track(events, seed=seed + place, as_of=str(moment), progress=tell, **sampling)
        sides.append(credibility(track, actor, moment))
    names = tuple(f"{actor} as judged on {moment}" for moment in moments)
    return contrast_of(sides[0], sides[1], names, margin)


def track_gates(track: TrackPosterior) -> tuple[Gate, ...]:
    """Check the sampler, and R-hat and ESS of every parameter but the paths; fails closed.

    Examples
    --------
    >>> import pandas as pd
    >>> from servanda.models import fit_track
    >>> events = pd.DataFrame({"actor": "A", "agreement": "x", "date": ["2001", "2004"], "event": "complied"})
    >>> gates = track_gates(fit_track(events, seed=1, draws=20, tune=50, chains=2))
    >>> all(gate.passed for gate in gates)  # forty draws are too few
    False
    """
    fitted = cast("Any", track)
    return (*sampler_gates(fitted), *parameter_gates(fitted, HYPERPARAMETERS))


def _asked(actor: str, agreement: str | None) -> str:
    """What is asked of an actor, in words."""
    return f"{actor} keeps its word{f' under {agreement}' if agreement else ''}"


def _noted(track: TrackPosterior) -> dict[str, Any]:
    """Whether a fit was found to foretell, and that in words, as attributes of an answer."""
    said = said_of(measured_track_scores(track))
    return {"foretells": said["foretells"], "note": said["verdict"]}


def _probability(track: TrackPosterior, theta: xr.DataArray, agreement: str | None) -> xr.DataArray:
    from scipy.special import expit

    if agreement is not None:
        known = track.data.agreements
        if agreement not in known:
            what = f"holds no agreement '{agreement}'{nearest(agreement, known)}; leave it out to speak of a new one"
            raise_faults("track record", [Fault("", what)], TrackError)
        eta = theta + track.draws["agreement_effect"].sel(agreement=agreement, drop=True)
        return xr.apply_ufunc(expit, eta).rename("credibility")
    nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES)
    weights = weights / weights.sum()
    sd = track.draws["agreement_sd"].transpose("chain", "draw").values[:, :, None]
    path = theta.transpose("chain", "draw", "date")
    total = np.zeros(path.shape)
    # Labels would be compared again at every node.
    for node, weight in zip(nodes, weights, strict=True):
        at_node = expit(path.values + sd * node)
        at_node *= weight
        total += at_node
    return path.copy(data=total).rename("credibility")


def event_table(track: TrackPosterior, track_record: pd.DataFrame, actor: str) -> list[Mapping[str, Any]]:
    """List an actor's events in the order of time, as figures and tables show them.

    Parameters
    ----------
    track
        A fit of `track_record`.
    track_record
        The very frame that was fitted, before any cut by date.
    actor
        Whose.

    Returns
    -------
    list of mapping
        ``date`` (text), ``year`` (float), ``event``, ``reads``, ``agreement``, and where the record has them
        ``ground``, ``gravity``, ``finding_by``, ``detail``.
    """
    data = track.data
    own = np.flatnonzero(data.event_actor == data.actor(actor))
    rows = []
    for place in own:
        row = track_record.iloc[int(data.event_row[place])]
        # An empty cell is missing, as a whole column may be.
        text = {name: str(row[name]) for name in _SHOWN if isinstance(row.get(name), str)}
        date = str(row["date"]) if "date" in track_record.columns else str(row["date_until"])[:10]
        moment = 1970 + float(data.event_time[place])
        reads = READINGS[data.event_reads[place]]
        rows.append({"date": date, "year": moment, "event": data.kinds[place], "reads": reads, **text})
    return rows
