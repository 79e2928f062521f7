"""Figures are text that repeats itself, says what it shows, and lays nothing over anything."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import asdict

import numpy as np
import pytest

from servanda.analysis.figures.densities import densities_svg
from servanda.analysis.figures.network import BOX, arranged, network_svg
from servanda.analysis.figures.priors import prior_sets_svg
from servanda.analysis.scenarios.scenario import load_scenario, shipped_scenarios
from servanda.analysis.summaries.likelihood_words import load_lexicon

from ..reporting.content import report

SVG = "{http://www.w3.org/2000/svg}"
BANDS = load_lexicon("icd203").bands


@pytest.fixture
def content():
    return report()


@pytest.fixture
def drawn():
    def draw(content):
        titles = {s["name"]: s["title"] for s in content["priors"]["sets"]}
        judgement = content["judgements"][0]
        lines = [line for line in content["priors"]["table"] if line["judgement"] == judgement["id"]]
        return {
            "density": densities_svg(
                judgement["rows"], [asdict(band) for band in BANDS], name="a", base=judgement["base"]
            ),
            "priors": prior_sets_svg(lines, titles, name="a"),
            "network": network_svg(*nodes_and_arrows(content["network"]["nodes"])),
        }

    return draw


def nodes_and_arrows(nodes):
    return [node["name"] for node in nodes], [(p["name"], node["name"]) for node in nodes for p in node["parents"]]


def texts(svg):
    return ["".join(element.itertext()) for element in ET.fromstring(svg).iter(f"{SVG}text")]


def test_figures_are_xml_of_their_own_and_the_same_again(content, drawn):
    for name, svg in drawn(content).items():
        assert ET.fromstring(svg).get("role") == "img", name
        assert drawn(content)[name] == svg
        assert not re.search(r"<metadata|<!DOCTYPE|http(?!://www\.w3\.org/)", svg)
    ids = [i for svg in drawn(content).values() for i in re.findall(r'\bid="([^"]+)"', svg)]
    assert len(ids) == len(set(ids))


def test_the_words_of_the_scale_are_said_once_where_there_is_room(content, drawn):
    said = texts(drawn(content)["density"])
    wide = [band for band in BANDS if band.high - band.low >= 0.2]
    assert wide
    for word in {part for band in wide for part in band.word.split()}:
        assert said.count(word) >= sum(word in band.word.split() for band in wide)
    assert "almost" not in said  # of the bands of 4 points at either end


def test_each_row_has_its_number(content, drawn):
    said = texts(drawn(content)["density"])
    assert "61 % (22-92 %)" in [text.replace("\N{NO-BREAK SPACE}", " ").replace("\N{EN DASH}", "-") for text in said]


def test_labels_are_not_read_as_formulas_and_any_script_is_kept(content, drawn):
    content["judgements"][0]["rows"][0]["label"] = "$x$ & <조선>"
    assert "$x$ & <조선>" in texts(drawn(content)["density"])


def test_names_inside_text_are_left_alone(content, drawn):
    content["judgements"][0]["rows"][0]["label"] = 'id="a" url(#b)'
    assert 'id="a" url(#b)' in texts(drawn(content)["density"])


def passes_through(start, end, box):
    """Whether any of many points along an arrow, from edge to edge, lies in a node's box."""
    steps = np.linspace(0, 1, 2001)
    x = start[0] + BOX[0] / 2 + steps * (end[0] - start[0] - BOX[0])
    y = start[1] + steps * (end[1] - start[1])
    return bool(np.any((abs(x - box[0]) < BOX[0] / 2) & (abs(y - box[1]) < BOX[1] / 2)))


@pytest.mark.parametrize("scenario", shipped_scenarios())
def test_every_node_stands_right_of_its_parents_and_no_arrow_meets_another_node(scenario):
    nodes = load_scenario(scenario).network.nodes
    arrows = tuple((parent, node.name) for node in nodes for parent in node.parent_names)
    places = arranged(tuple(node.name for node in nodes), arrows)
    assert all(places[end][0] - places[start][0] > BOX[0] for start, end in arrows)
    assert max(places, key=lambda name: places[name][0]) == "compliance"
    met = [
        (start, end, name)
        for start, end in arrows
        for name in places
        if name not in (start, end) and passes_through(places[start], places[end], places[name])
    ]
    assert met == []


def test_a_network_of_one_node_and_one_of_many():
    assert "only" in texts(network_svg(["only"], []))
    many = [f"n{i}" for i in range(40)]
    arrows = [(f"n{j}", f"n{i}") for i in range(40) for j in range(max(0, i - 3), i)]
    assert "n39" in texts(network_svg(many, arrows))
