"""The figure of track records: no text meets another, every event is marked."""

from __future__ import annotations

from pathlib import Path

import pytest
from matplotlib.collections import PathCollection

from servanda.analysis.figures.track import save_track_figure, track_figure
from servanda.analysis.track.description import describe_tracks
from servanda.common.errors import InputError
from servanda.models import fit_track
from servanda.record import load_track_record


@pytest.fixture(scope="module")
def description():
    events = load_track_record()
    fitted = fit_track(events, seed=1, as_of="2019-04-25", draws=250, tune=250, chains=2, thin=1)
    return describe_tracks(fitted, events, ["PRK", "USA", "IRN"], years_ahead=3)


@pytest.fixture(params=[False, True], ids=["history", "ranking"])
def figure(description, request):
    return track_figure({**description, "ranked": request.param})


def lanes(figure):
    """Axes of the lanes: those whose ticks are names."""
    return [axes for axes in figure.axes if not axes.get_yticklabels()[0].get_text().endswith("%")]


def test_no_text_of_the_figure_meets_another(figure):
    renderer = figure.canvas.get_renderer()
    dated = 0
    for axes in lanes(figure):
        texts = [text for text in axes.texts if text.get_text()]
        boxes = [text.get_window_extent(renderer) for text in texts]
        dated += len(boxes)
        for place, box in enumerate(boxes):
            assert not any(box.overlaps(other) for other in boxes[:place])
    assert dated > 25
    names = [text.get_window_extent(renderer) for text in figure.axes[0].texts]
    assert not any(box.overlaps(other) for place, box in enumerate(names) for other in names[:place])


def test_every_event_is_marked(figure, description):
    for axes, actor in zip(lanes(figure), description["actors"], strict=True):
        names = {event["agreement"] for event in actor["events"]}
        marks = [found for found in axes.collections if isinstance(found, PathCollection)]
        assert sum(len(found.get_offsets()) for found in marks) == len(actor["events"])
        assert len(axes.get_yticks()) == len(names)
        looks = {(event["event"], event["reads"], event["gravity"]) for event in actor["events"]}
        assert len(marks) == len(looks)


def test_a_history_has_a_frame_an_actor_and_no_mean(description):
    figure = track_figure({**description, "ranked": False})
    bands = [axes for axes in figure.axes if axes not in lanes(figure)]
    assert [axes.get_title(loc="left") for axes in bands] == ["PRK", "USA", "IRN"]
    assert not [line for axes in bands for line in axes.lines]
    assert "is no forecast of the next" in figure.texts[0].get_text()
    assert track_figure({key: value for key, value in description.items() if key != "ranked"}).texts  # fails closed


def test_a_figure_is_written_whole_or_not(description, tmp_path: Path):
    save_track_figure(description, tmp_path / "t.svg")
    assert (tmp_path / "t.svg").read_text(encoding="utf-8").count("<svg") == 1
    with pytest.raises(InputError, match="is no figure; give a name that ends in"):
        save_track_figure(description, tmp_path / "t.txt")
