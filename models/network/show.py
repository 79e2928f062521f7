"""Small tables by which networks and posteriors show themselves in a notebook."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape


def table_html(title: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """HTML of a table with a title and a line of column names.

    Examples
    --------
    >>> table_html("lawn", ("node",), [("rain < snow",)])
    '<p><b>lawn</b></p><table><tr><th>node</th></tr><tr><td>rain &lt; snow</td></tr></table>'
    """
    lines = "".join(f"<tr>{_cells(row, 'td')}</tr>" for row in rows)
    return f"<p><b>{escape(title)}</b></p><table><tr>{_cells(head, 'th')}</tr>{lines}</table>"


def _cells(texts: Sequence[str], tag: str) -> str:
    return "".join(f"<{tag}>{escape(text)}</{tag}>" for text in texts)


def facts_html(facts: Mapping[str, object]) -> str:
    """HTML of a table with a line for each fact: its name and what it is.

    Examples
    --------
    >>> facts_html({"cases": 12})
    '<table><tr><th>cases</th><td>12</td></tr></table>'
    """
    rows = "".join(f"<tr><th>{escape(key)}</th><td>{escape(str(value))}</td></tr>" for key, value in facts.items())
    return f"<table>{rows}</table>"
