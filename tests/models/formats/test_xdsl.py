"""XDSL files as GeNIe writes them."""

from __future__ import annotations

from .judges import read_text


def test_an_xdsl_file_lets_the_last_parent_vary_fastest(tmp_path):
    """The numbers of Lauritzen and Spiegelhalter (1988) in the order in which GeNIe has them."""
    text = """<?xml version="1.0" encoding="ISO-8859-1"?>
        <smile version="1.0" id="Asia" numsamples="1000"><nodes>
        <cpt id="either"><state id="Nothing" /><state id="Either" /><probabilities>0.9 0.1</probabilities></cpt>
        <cpt id="bronc"><state id="Absent" /><state id="Present" /><property id="x">y</property>
            <probabilities>0.55
                0.45</probabilities></cpt>
        <cpt id="dysp"><state id="Absent" /><state id="Présent" /><parents>either  bronc</parents>
            <probabilities>0.9 0.1 0.2 0.8 0.3 0.7 0.1 0.9</probabilities></cpt>
        </nodes><extensions><genie><submodel id="s" /><node id="dysp" /></genie></extensions></smile>"""
    found = read_text(tmp_path, "asia.xdsl", text, "latin-1")
    assert found.network.name == "Asia"
    found = found.tables["dysp"].sel(dysp="Présent")
    assert found.sel(either="Nothing", bronc="Present") == 0.8
    assert found.sel(either="Either", bronc="Absent") == 0.7
