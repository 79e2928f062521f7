"""Sweeps, judged by single questions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from servanda.analysis import contrast, probability, sweep
from servanda.common.errors import InputError
from servanda.common.figure_style import ink_on
from servanda.models import Arrow, CapacityError, Group, Network, Node, Posterior
from servanda.models.errors import QueryError
from servanda.models.sampling.prior_draws import prior_draws

CLOSE = {"rtol": 0, "atol": 1e-7}


@pytest.fixture(scope="module")
def posterior():
    network = Network(
        (
            Node("era", ("old", "new")),
            Node("backers", ("1", "2", "3"), (Arrow("era"),), ordered=True, values=(1, 2, 3)),
            Node("watch", ("none", "some"), (Arrow("backers"),)),
            Node("terms", ("loose", "tight")),
            Node(
                "kept",
                ("broken", "part", "kept"),
                tuple(Arrow(name) for name in ("era", "backers", "watch", "terms")),
                "ordinal",
                ordered=True,
                groups=(Group("actor", "actor"), Group("guarantee", "guarantee")),
            ),
        ),
        name="pact",
    )
    return prior_draws(network, seed=1, draws=40, levels={"actor": ("USA", "PRK")})


def test_every_combination_is_the_single_question(posterior):
    found = sweep(
        posterior, "kept", do={"backers": ["1", "3"], "watch": ["some", "none"]}, given={"era": "new"}, actor="USA"
    )
    assert found.axes == ("backers", "watch")
    for backers in ("1", "3"):
        for watch in ("none", "some"):
            one = probability(posterior, "kept", {"era": "new"}, {"backers": backers, "watch": watch}, actor="USA")
            xr.testing.assert_allclose(
                found.data["probability"].sel(backers=backers, watch=watch).drop_vars(("backers", "watch")),
                xr.DataArray(one),  # an answer, as plain numbers
                **CLOSE,
            )
    attrs = found.data.attrs
    assert attrs["question"] == "P(kept | era = new; actor = USA, do(backers = each), do(watch = each))"
    assert attrs["identified"] == "if the network holds every common cause"


def test_one_state_holds_for_all_and_members_are_swept_over(posterior):
    found = sweep(posterior, "kept", do={"backers": ["1", "2"], "watch": "some"}, actor=["USA", None, "(new)"])
    assert found.axes == ("backers", "actor")
    assert [*found.data["actor"].values] == ["USA", "not seen", "(new)"]
    for place, actor in enumerate(("USA", None, "(new)")):
        one = probability(posterior, "kept", do={"backers": "2", "watch": "some"}, actor=actor)
        np.testing.assert_allclose(found.data["probability"].sel(backers="2").isel(actor=place), one, **CLOSE)


def test_a_base_is_held_against_each_format_in_the_same_draws(posterior):
    found = sweep(
        posterior, "kept", do={"backers": ["1", "3"], "watch": ["none", "some"]}, against={"backers": "1"}, margin=0.02
    )
    for watch in ("none", "some"):
        one = contrast(
            posterior, "kept", {"backers": "1", "watch": watch}, {"backers": "3", "watch": watch}, margin=0.02
        )
        own = found.data.sel(backers="3", watch=watch)
        np.testing.assert_allclose(own["difference"], one["difference"], **CLOSE)
        np.testing.assert_allclose(own["gain"], one["gain"])
        np.testing.assert_allclose(own["loss"], one["loss"])
    assert not found.data["difference"].sel(backers="1").any()
    row = found.table("kept").loc[("3", "some", "kept")]
    assert row["change"] == pytest.approx(own["difference"].sel(kept="kept").mean().item())
    assert row["mean"] == pytest.approx(own["probability"].sel(kept="kept").mean().item())
    assert row["upper"] == pytest.approx(own["probability"].sel(kept="kept").quantile(0.95).item())
    printed = found.printed.to_markdown()
    share, ends = (f"{100 * row[name]:.0f}" for name in ("mean", "lower")), f"\u2013{100 * row['upper']:.0f}"
    assert all(text in printed for text in (*share, ends, "change"))


def test_tables_keep_their_labels_and_blanks(posterior):
    formats = pd.DataFrame({"backers": ["1", "3"], "watch": ["none", "some"]}, index=["alone", "together"])
    cases = pd.DataFrame({"era": ["old", None], "terms": ["loose", "tight"]}, index=["pact of 1950", "another"])
    found = sweep(posterior, "kept", do=formats, given=cases)
    assert found.axes == ("case", "format")
    one = probability(posterior, "kept", {"terms": "tight"}, {"backers": "3", "watch": "some"})
    own = found.data["probability"].sel(case="another", format="together")
    np.testing.assert_allclose(own, one, **CLOSE)
    assert found.table("kept").index.names == ["case", "format", "kept"]


def test_draws_thin_and_memory_is_checked_first(posterior):
    found = sweep(posterior, "kept", do={"backers": ["1", "2"]}, draws=5)
    assert found.data.sizes["draw"] == 5
    with pytest.raises(CapacityError, match="thin it by draws="):
        sweep(posterior, "kept", do={"backers": ["1", "2"]}, memory=1000)


def test_all_faults_at_once_with_the_nearest_names(posterior):
    with pytest.raises(QueryError) as caught:
        sweep(
            posterior,
            "kep",
            do={"bakers": ["1"], "watch": ["none", "sme"], "terms": [], "era": ["old", "old"]},
            given={"trems": "tight"},
            against={"backers": "1", "watch": "lots"},
            margin=2,
            draws=0,
            interval=1.5,
            actor="USX",
            actr="USA",
        )
    said = str(caught.value)
    for part in (
        "target kep: no such node; did you mean 'kept'?",
        "do bakers: no such node; did you mean 'backers'?",
        "'sme'",
        "did you mean 'some'?",
        "do terms: has no states to try",
        "do era: names a state twice",
        "given trems: no such node; did you mean 'terms'?",
        "against backers: is not set in the sweep",
        "'lots'",
        "margin: is 2",
        "draws: is 0; use one at the least",
        "interval: is 1.5",
        "'USX'",
        "actr: network pact has no effect of this name",
    ):
        assert part in said, part
    with pytest.raises(QueryError, match="do: sets nothing; name a node and its states"):
        sweep(posterior, "kept", do={})
    wrong: Any = {"draws": 1.5, "interval": "wide", "memory": "1 GB"}
    with pytest.raises(QueryError) as caught:
        sweep(posterior, "kept", do={"terms": "loose"}, **wrong)
    for part in (
        "draws: is 1.5; use one at the least",
        "interval: is wide",
        "memory: is '1 GB'; give a number of bytes",
    ):
        assert part in str(caught.value), part


def test_a_node_may_have_the_name_of_a_variable():
    network = Network((Node("gain", ("no", "yes")), Node("chain", ("no", "yes"), (Arrow("gain"),))))
    tables = {
        "gain": xr.DataArray([0.8, 0.2], dims="gain"),
        "chain": xr.DataArray([[0.9, 0.1], [0.2, 0.8]], dims=("gain", "node chain")),
    }
    found = sweep(Posterior.from_tables(network, tables), "chain", do={"gain": ["no", "yes"]})
    assert found.table("yes")["mean"].round(3).tolist() == [0.1, 0.8]
    assert found.table("yes").index.names == ["gain", "chain"]


@pytest.mark.parametrize(("swept", "panels"), [(1, 1), (2, 1), (3, 2)])
def test_up_to_three_axes_are_drawn(posterior, swept, panels):
    from matplotlib.figure import Figure

    states = {"backers": ["1", "2", "3"], "watch": ["none", "some"], "terms": ["loose", "tight"]}
    found = sweep(posterior, "kept", do=dict([*states.items()][:swept]), given={"era": "new"})
    figure = found.plot()
    assert len(figure.axes) == panels
    assert figure._repr_png_()[0][1:4] == b"PNG"
    words = [text.get_text() for axis in figure.axes for text in axis.texts]
    if swept > 1:
        mapped = figure.axes[0].images[0]
        shades = mapped.cmap(mapped.norm(np.ravel(mapped.get_array())))
        assert [text.get_color() for text in figure.axes[0].texts] == [*map(ink_on, shades)]
        assert sorted(words) == sorted(f"{mean:.0%}" for mean in found.table("kept")["mean"])
    else:
        np.testing.assert_allclose(figure.axes[0].lines[0].get_ydata(), found.table("kept")["mean"])
    axes = Figure().add_subplot()
    labels = {"backers": "Who stands behind it"}
    assert found.plot("broken", ax=axes, title="t", labels=labels, colors={"probability": "#a3281e"}) is axes.figure
    assert axes.get_title(loc="left") == "t"
    drawn = [axes, *axes.child_axes]
    assert "Who stands behind it" in " ".join(axis.get_xlabel() + axis.get_ylabel() for axis in drawn).replace(
        "\n", " "
    )
    if swept == 1:
        assert axes.lines[0].get_color() == "#a3281e"
    small = found.plot(figsize=3.4)
    assert small.get_size_inches()[0] == 3.4
    with pytest.raises(InputError, match="nothing is called 'backer'; did you mean 'backers'"):
        found.plot(labels={"backer": "b"})


def test_what_cannot_be_drawn_is_said(posterior):
    states = {"backers": ["1", "2"], "watch": ["none", "some"], "terms": ["loose", "tight"], "era": ["old", "new"]}
    found = sweep(posterior, "kept", do=states, draws=2)
    with pytest.raises(QueryError, match=r"sweeps over 4 axes .*fix some"):
        found.plot()
    with pytest.raises(QueryError, match="kept has no such state; did you mean 'kept'"):
        found.table(["kepd"])
    assert str(found).splitlines()[1].startswith("over backers (2) x watch (2) x terms (2) x era (2)")
    assert "<table" in found._repr_html_()
