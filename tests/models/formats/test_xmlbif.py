"""XMLBIF files as people write them."""

from __future__ import annotations

import pytest

from servanda.models import Network, Node

from .judges import read_text, refused


def test_an_xmlbif_file_in_another_encoding_with_remarks(tmp_path):
    text = """<?xml version="1.0" encoding="ISO-8859-1"?>
        <BIF VERSION="0.3"><NETWORK><NAME>größe</NAME>
        <VARIABLE TYPE="nature"><NAME>a</NAME><OUTCOME>é</OUTCOME><OUTCOME>y</OUTCOME>
        <PROPERTY>a remark</PROPERTY></VARIABLE>
        <DEFINITION><FOR>a</FOR><TABLE>0.5 0.5</TABLE></DEFINITION></NETWORK></BIF>"""
    found = read_text(tmp_path, "x.xml", text, "latin-1")
    assert found.network == Network((Node("a", ("é", "y")),), name="größe")


PACT = """<BIF VERSION="0.3"><NETWORK><NAME>treaty</NAME>
<VARIABLE TYPE="nature"><NAME>pact</NAME><OUTCOME>weak</OUTCOME><OUTCOME>strong</OUTCOME></VARIABLE>
<VARIABLE TYPE="nature"><NAME>kept</NAME><OUTCOME>yes</OUTCOME><OUTCOME>no</OUTCOME></VARIABLE>
<DEFINITION><FOR>pact</FOR><TABLE>0.3 0.7</TABLE></DEFINITION>
<DEFINITION><FOR>kept</FOR><GIVEN>pact</GIVEN><TABLE>0.9 0.1 <!-- strong --> 0.4 0.6</TABLE></DEFINITION>
</NETWORK></BIF>"""
SPACE = ' xmlns="http://www.cs.ubc.ca/labs/lci/fopi/ve/XMLBIFv0_3" xmlns:xsi="http://www.w3.org/2001/XMLSchema"'


@pytest.mark.parametrize(
    "text",
    [
        PACT.replace("<BIF", f"<BIF{SPACE}"),
        PACT.replace("</", "</b:").replace("<", "<b:").replace("<b:/b:", "</b:").replace("b:!--", "!--")
        .replace("<b:BIF", '<b:BIF xmlns:b="http://b"'),
        PACT.replace("nature", "Nature"),
        PACT.replace("nature", "CHANCE"),
        PACT.replace("nature", "discrete"),
        PACT.replace(' TYPE="nature"', ""),
        PACT.replace("OUTCOME", "Outcome"),
    ],
)  # fmt: skip
def test_xmlbif_as_other_tools_write_it(tmp_path, text):
    found, plain = (read_text(tmp_path, f"{name}.xmlbif", own) for name, own in (("x", text), ("plain", PACT)))
    assert found.network == plain.network
    assert {name: table.values.tolist() for name, table in found.tables.items()} == {
        "pact": [0.3, 0.7],
        "kept": [[0.9, 0.1], [0.4, 0.6]],
    }


def beside(block):
    return PACT.replace("</NETWORK>", f"{block}\n</NETWORK>")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (
            beside("<DEFINITION><FOR>pact</FOR><TABLE>0.8 0.2</TABLE></DEFINITION>"),
            "line 6, DEFINITION pact: is given a second time, first in line 4; keep one of them",
        ),
        (
            beside("<VARIABLE><NAME>pact</NAME><OUTCOME>strong</OUTCOME><OUTCOME>weak</OUTCOME></VARIABLE>"),
            "line 6, VARIABLE pact: is given a second time, first in line 2; keep one of them",
        ),
        (
            PACT.replace("<TABLE>0.3", "<TABLE>0.5 0.5</TABLE><TABLE>0.3"),
            "line 4, DEFINITION pact, its TABLE: is given a second time, first in line 4; keep one of them",
        ),
        (PACT.replace("</BIF>", "<NETWORK/></BIF>"), "line 6, NETWORK: is given a second time, first in line 1"),
        (
            PACT.replace("<FOR>kept</FOR>", "<FOR>kept</FOR><FOR>pact</FOR>"),
            "line 5, DEFINITION: is for kept, pact; expected one node, given its parents",
        ),
        (
            beside("<TEMPLATE/>"),
            "line 6, <NETWORK>: holds <TEMPLATE>, which cannot be read; known there are NAME, VARIA",
        ),
        (PACT.replace("0.3", "half"), "line 4, DEFINITION pact: 'half' is no number"),
        (PACT.replace("<BIF", "<SIF").replace("</BIF", "</SIF"), "is damaged: it begins with <SIF>; expected <BIF>"),
    ],
)
def test_xmlbif_that_contradicts_itself_or_holds_something_else(tmp_path, text, what):
    error = refused(read_text, tmp_path, "x.xmlbif", text)
    assert what in str(error)
    assert len(error.faults) == 1
