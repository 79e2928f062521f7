"""XMLBIF files as people write them."""

from __future__ import annotations

from servanda.models import Network, Node

from .judges import read_text


def test_an_xmlbif_file_in_another_encoding_with_remarks(tmp_path):
    text = """<?xml version="1.0" encoding="ISO-8859-1"?>
        <BIF VERSION="0.3"><NETWORK><NAME>größe</NAME>
        <VARIABLE TYPE="nature"><NAME>a</NAME><OUTCOME>é</OUTCOME><OUTCOME>y</OUTCOME>
        <PROPERTY>a remark</PROPERTY></VARIABLE>
        <DEFINITION><FOR>a</FOR><TABLE>0.5 0.5</TABLE></DEFINITION></NETWORK></BIF>"""
    found = read_text(tmp_path, "x.xml", text, "latin-1")
    assert found.network == Network((Node("a", ("é", "y")),), name="größe")
