"""Figures of a fit, by what it holds alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from matplotlib.collections import PathCollection, PolyCollection

from servanda.analysis.track import (
    TrackError,
    change,
    compare_actors,
    credibility,
    fit_track,
    load_track_posterior,
    plot,
    plot_change,
)
from servanda.analysis.track.figure import _events
from servanda.analysis.track.questions import event_table
from servanda.common.errors import InputError


def frames(figure):
    """Axes of bands by actor, and of lanes by the agreements that name them."""
    bands = [axes for axes in figure.axes if axes.get_yticklabels()[0].get_text().endswith("%")]
    return {axes.get_title(loc="left"): axes for axes in bands}, [axes for axes in figure.axes if axes not in bands]


def marked(axes):
    """Years of the events in a frame of lanes."""
    found = [mark.get_offsets()[:, 0] for mark in axes.collections if isinstance(mark, PathCollection)]
    return np.sort(np.concatenate(found))


@pytest.mark.parametrize("actor", ["PRK", "USA", "IRN"])
def test_a_fit_tells_its_events_as_the_record_does(summit, events, actor):
    own, told = _events(summit, actor), event_table(summit, events, actor)
    for key in ("date", "year", "event", "reads", "agreement", "gravity"):
        assert [event[key] for event in own] == [event[key] for event in told], key


def test_bands_hold_their_shares(summit):
    """Of draws made by another call, on the last day."""
    figure = plot(summit, "USA", bands=[0.9, 0.3, 0.6])
    areas = [area for area in frames(figure)[0]["USA"].collections if isinstance(area, PolyCollection)]
    draws = credibility(summit, "USA", "2019-04-25").values
    for area, share in zip(areas, (0.9, 0.6, 0.3), strict=True):
        corners = area.get_paths()[0].vertices
        last = corners[np.isclose(corners[:, 0], corners[:, 0].max()), 1]
        assert ((draws >= last.min()) & (draws <= last.max())).mean() == pytest.approx(share, abs=0.08)
    assert "Band: 30 %, 60 % and 90 % of P(keeps its word)" in figure.texts[0].get_text()


def test_actors_stand_as_asked_for_and_from_a_day_on(summit, events):
    figure = plot(summit, ["USA", "PRK"], since="2010-06")
    bands, lanes = frames(figure)
    assert [*bands] == ["USA", "PRK"]
    for actor, axes in zip(bands, lanes, strict=True):
        rows = event_table(summit, events, actor)
        later = [row for row in rows if row["date"] >= "2010-06"]
        np.testing.assert_allclose(marked(axes), np.sort([row["year"] for row in later]))
        assert bands[actor].get_title(loc="right").startswith(f"{len(later)} of {len(rows)} events: ")
        assert min(axes.get_xlim()) > 2010
        assert all(float(year).is_integer() for year in axes.get_xticks())
    assert figure.texts[0].get_text().startswith("Events from 2010-06-01 to 2019-04-25: a history, and no ranking.")
    assert not [line for axes in bands.values() for line in axes.lines]


def test_a_loaded_fit_is_drawn_alike(summit, tmp_path):
    summit.save(tmp_path / "t.nc")
    first, second = (plot(fit, ["IRN"]) for fit in (summit, load_track_posterior(tmp_path / "t.nc")))
    for one, other in zip(first.axes, second.axes, strict=True):
        assert [text.get_text() for text in one.texts] == [text.get_text() for text in other.texts]
        for area, twin in zip(one.collections, other.collections, strict=True):
            np.testing.assert_array_equal(area.get_offsets(), twin.get_offsets())


def test_all_actors_stand_by_default_and_one_may_have_no_event_left():
    frame = pd.DataFrame(
        [("A", "2001", "complied"), ("A", "2003", "complied"), ("B", "2002", "defected"), ("B", "2009", "complied")],
        columns=["actor", "date", "event"],
    ).assign(agreement="x")
    track = fit_track(frame, seed=1, draws=20, tune=50, chains=2)
    bands, lanes = frames(plot(track, since="2005"))
    assert [axes.get_title(loc="right") for axes in bands.values()] == ["0 of 2 events", "1 of 2 events: 1 kept"]
    assert len(lanes) == 1


def test_tracks_take_sizes_colours_labels_and_axes_as_other_figures_do(summit):
    from matplotlib.figure import Figure

    look = {"labels": {"USA": "United States", "kept": "kept it"}, "colors": {"kept": "#123456"}, "title": "Two"}
    figure = plot(summit, ["USA", "PRK"], figsize=4.0, **look)
    assert figure.get_size_inches()[0] == pytest.approx(4.0)
    assert [*frames(figure)[0]] == ["United States", "PRK"]
    assert figure.texts[0].get_text().startswith("Two\nEvents known on")
    legend = figure.legends[0]
    colour = {
        text.get_text(): mark.get_color() for text, mark in zip(legend.get_texts(), legend.legend_handles, strict=True)
    }
    assert colour["kept it"] == "#123456"
    axes = Figure(figsize=(6, 6)).add_subplot()
    assert plot(summit, ["USA", "PRK"], ax=axes, **look) is axes.figure
    assert "United States" in [inner.get_title(loc="left") for inner in axes.child_axes]
    with pytest.raises(InputError, match="nothing is called 'US'; did you mean 'USA'"):
        plot(summit, ["USA"], labels={"US": "x"})


def test_a_change_takes_axes_and_colours(summit):
    from matplotlib.figure import Figure

    found = change(summit, "USA", before="2016-01-16", after="2019-04-25")
    axes = Figure().add_subplot()
    assert plot_change(found, ax=axes, colors=["#111111", "#222222"], labels=["then", "now"], title="t") is axes.figure
    assert [text.get_text() for text in axes.texts][::2] == ["then", "now"]
    assert [line.get_color() for line in axes.lines][::2] == ["#111111", "#222222"]
    assert axes.get_title(loc="left") == "t"


def test_every_fault_of_a_figure_is_said(summit):
    with pytest.raises(TrackError) as caught:
        plot(summit, "USA", since="2020", bands=[0.5, 1.0, 90])
    assert str(caught.value) == (
        "plot: 3 faults\n"
        "  bands: 1.0 is no share between 0 and 1\n"
        "  bands: 90 is no share between 0 and 1\n"
        "  since: 2020-01-01 is not before 2019-04-25, the last day that is shown"
    )
    with pytest.raises(TrackError, match=r"bands: there are none; give one share or more, such as 0\.9"):
        plot(summit, bands=[])
    with pytest.raises(TrackError, match=r"as known on 2019-04-25: has no event of actor 'USB'; did you mean 'USA'\?"):
        plot(summit, ["USB"])
    with pytest.raises(TrackError, match="'soon' is not a date"):
        plot(summit, since="soon")


def test_before_and_after_are_told_with_their_numbers(summit):
    for found in (
        change(summit, "USA", before="2016-01-16", after="2019-04-25"),
        compare_actors(summit, "USA", "IRN", at="2019-04-25"),
    ):
        (axes,) = plot_change(found).axes
        told = [text.get_text() for text in axes.texts]
        assert [f"{label}: {said}" for label, said in zip(told[::2], told[1::2], strict=True)] == [
            found.attrs["first"],
            found.attrs["second"],
        ]
        assert axes.get_title(loc="left") == found.attrs["difference"]
        for row, name in enumerate(("first", "second")):
            area = [area for area in axes.collections if isinstance(area, PolyCollection)][row]
            x, y = area.get_paths()[0].vertices.T
            # Where the density is highest, more draws lie than anywhere else.
            highest, (counts, edges) = x[np.argmax(y)], np.histogram(found[name], bins=5, range=(0, 1))
            near = counts[np.clip(np.searchsorted(edges, highest) - 1, 0, 4)]
            assert near > 0.6 * counts.max()


def test_only_a_change_is_drawn_as_one():
    with pytest.raises(TrackError) as caught:
        plot_change(xr.Dataset({"first": ("draw", [0.5])}))
    assert "plot_change: 3 faults" in str(caught.value)
    assert "second: is not there; give what cost, change or compare_actors found" in str(caught.value)
