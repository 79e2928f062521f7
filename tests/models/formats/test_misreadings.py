"""No network file is misread in silence: files that say a thing twice, or hold what is unknown, are refused."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from servanda.models import read_network_file, write_network_file

from ..makers import repeatable, seeds
from .judges import assert_same, one_draw, refused
from .test_files import HELD, SUFFIXES


@dataclass(frozen=True)
class Grammar:
    """How the parts of a file of one format look, as this project writes it."""

    node: str
    table: str
    #: Before which a further part of the same kind may stand.
    end: str
    unknown: tuple[str, ...]
    states: tuple[str, str] | None = None


GRAMMARS = {
    ".bif": Grammar(
        r"^variable [^\n]*\{\n.*?\n\}\n",
        r"^probability [^\n]*\{\n.*?\n\}\n",
        r"\Z",
        ("utility u {\n}\n", "stray\n", "decision d { type discrete [ 2 ] { a, b }; }\n"),
        states=(r"discrete \[ (\d+) \]", "discrete [ {} ]"),
    ),
    ".xmlbif": Grammar(
        r" *<VARIABLE.*?</VARIABLE>\n",
        r" *<DEFINITION.*?</DEFINITION>\n",
        r" *</NETWORK>",
        ("<TEMPLATE/>\n", "<POTENTIAL><FOR>a</FOR></POTENTIAL>\n"),
    ),
    ".xdsl": Grammar(
        r" *<cpt.*?</cpt>\n",
        r" *<probabilities>.*?</probabilities>\n",
        r" *</nodes>",
        (
            '<decision id="d"/>\n',
            '<equation id="e"/>\n',
            '<demorgan id="m"/>\n',
            '</nodes><dynamic numslices="2"/><nodes>\n',
        ),
    ),
    ".net": Grammar(
        r"^node [^\n]*\{\n.*?\n\}\n",
        r"^potential [^\n]*\{\n.*?\n\}\n",
        r"\Z",
        (
            "class c {\n}\n",
            "continuous node u { }\n",
            "utility u { }\n",
            "instance i : c {}\n",
            "stray\n",
            "limid l { }\n",
        ),
    ),
}


def pieces(pattern, text):
    return [*re.finditer(pattern, text, re.DOTALL | re.MULTILINE)]


def line_of(text, place):
    return text.count("\n", 0, place + len(text[place:]) - len(text[place:].lstrip())) + 1


@st.composite
def files(draw, suffix):
    """A network that the format holds with its tables, and the text of its file."""
    network = draw(HELD[suffix])
    return network, one_draw(network, draw(seeds))


def written(case, path):
    write_network_file(*case, path)
    return path.read_text()


@pytest.mark.parametrize("suffix", SUFFIXES)
@settings(repeatable, max_examples=10)
@given(st.data())
def test_what_is_given_twice_is_refused_with_both_lines(tmp_path, suffix, data):
    case, grammar = data.draw(files(suffix)), GRAMMARS[suffix]
    path = tmp_path / f"x{suffix}"
    text = written(case, path)
    kind = data.draw(st.sampled_from(["node", "table"]))
    piece = data.draw(st.sampled_from(pieces(getattr(grammar, kind), text)))
    # The table of an XDSL node stands within the node.
    end = piece.end() if (suffix, kind) == (".xdsl", "table") else pieces(grammar.end, text)[-1].start()
    twice = text[:end] + piece[0] + text[end:]
    path.write_text(twice)
    told = str(refused(read_network_file, path))
    first, second = line_of(twice, piece.start()), line_of(twice, end)
    assert re.search(rf"line {second}, .*: is given a second time, first in line {first}; keep one of them", told)


@pytest.mark.parametrize("suffix", SUFFIXES)
@settings(repeatable, max_examples=10)
@given(st.data())
def test_what_a_reader_does_not_know_is_refused_by_name(tmp_path, suffix, data):
    case, grammar = data.draw(files(suffix)), GRAMMARS[suffix]
    path = tmp_path / f"x{suffix}"
    text = written(case, path)
    block = data.draw(st.sampled_from(grammar.unknown))
    place = data.draw(st.sampled_from(pieces(grammar.node, text))).start()
    path.write_text(text[:place] + block + text[place:])
    told = str(refused(read_network_file, path))
    word = "dynamic" if "dynamic" in block else re.search(r"\w+", block)[0]
    assert re.search(rf"holds '?<?{word}|is of kind '{word}'", told)


@settings(repeatable, max_examples=15)
@given(st.data(), st.integers(0, 9))
def test_a_count_that_the_states_do_not_match(tmp_path, data, count):
    path = tmp_path / "x.bif"
    text = written(data.draw(files(".bif")), path)
    pattern, shown = GRAMMARS[".bif"].states
    piece = data.draw(st.sampled_from(pieces(pattern, text)))
    assume(int(piece[1]) != count)
    path.write_text(text[: piece.start()] + shown.format(count) + text[piece.end() :])
    told = str(refused(read_network_file, path))
    line = line_of(text, piece.start())
    assert re.search(rf"line {line}, variable .*: says that it has {count} states and names {piece[1]} \(", told)


@settings(repeatable, max_examples=15)
@given(st.data())
def test_rows_of_bif_given_twice_or_left_out(tmp_path, data):
    path = tmp_path / "x.bif"
    case = data.draw(files(".bif"))
    text = written(case, path)
    rows = pieces(r"(?<=\n)  (\([^\n]*?\)) [^\n]*;\n", text)
    assume(rows)
    row = data.draw(st.sampled_from(rows))
    path.write_text(text[: row.end()] + row[0] + text[row.end() :])
    line = line_of(text, row.start())
    told = str(refused(read_network_file, path))
    assert f"line {line + 1}, probability " in told
    assert f"the row {row[1]}: is given a second time, first in line {line}; keep one of them" in told
    path.write_text(text[: row.start()] + text[row.end() :])
    assert f"has no row for {row[1]}; add it" in str(refused(read_network_file, path))


@pytest.mark.parametrize("suffix", SUFFIXES)
@settings(repeatable, max_examples=10)
@given(st.data())
def test_a_file_that_is_written_over_itself_reads_the_same(tmp_path, suffix, data):
    """What was read is written as it was, to the byte: nothing that a format holds is lost on the way."""
    network, tables = data.draw(files(suffix))
    path = tmp_path / f"x{suffix}"
    text = written((network, tables), path)
    found = read_network_file(path)
    assert_same(network, tables, found)
    assert written((found.network, found.tables), path) == text
