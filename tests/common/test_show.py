"""A view stays within ten lines of a prompt's width, whatever it holds, and escapes all of it."""

from __future__ import annotations

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from servanda.common.show import LETTERS, LINES, ROWS, View

TEXTS = st.text(alphabet="ab<&\n\t \"'é", max_size=300)


@settings(max_examples=60, deadline=None)
@given(
    head=TEXTS,
    facts=st.dictionaries(TEXTS, TEXTS | st.floats(), max_size=14),
    cells=st.lists(st.tuples(TEXTS, st.floats()), max_size=60),
    notes=st.lists(TEXTS, max_size=4),
)
def test_ten_lines_and_no_tag_of_a_user(head, facts, cells, notes):
    table = pd.DataFrame(cells, columns=["text", "number"]).set_index("text")
    view = View(head, facts, table, notes)
    lines = view.text().split("\n")
    assert len(lines) <= LINES
    assert max(map(len, lines)) <= LETTERS + 4
    shown = view.html()
    assert not {tag for tag in ("<a", "<b<", "<&", "< ") if tag in shown}
    assert shown.count("<tr>") == len(facts) + (1 + min(len(cells), ROWS) if cells else 0)


def test_what_is_left_out_is_counted():
    table = pd.DataFrame({"a": range(50)})
    assert View("many", table=table).text().splitlines()[-1] == "  ... 43 more rows"
    assert "<p>10 more rows</p>" in View("many", table=table).html()
    facts = {f"fact {number}": number for number in range(20)}
    assert View("facts", facts).text().splitlines()[-1] == "  ... 12 more"
