"""Catalogues of a report's messages, brought up to date with the code: `make messages`.

Messages that the code no longer has are dropped, new ones come in without a translation, and those without one are
listed.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from servanda.analysis.reporting.document.language import FORMS, MESSAGES, OUTCOMES
from servanda.analysis.sensitivity.spread import CHOICES, KINDS
from servanda.analysis.track.scores import NOT_MEASURED, RULE
from servanda.models.network.toml import load_network
from servanda.models.theories.theories import THEORIES
from servanda.priors import load_prior
from servanda.record.files.codebook import OUTCOME_RULES

ROOT = Path(__file__).parent.parent
#: Where messages are said.
FOLDERS = (ROOT / "analysis" / "reporting", ROOT / "analysis" / "explore")
#: Calls that say a message -> places of its forms among the arguments.
CALLS = {"say": None, "line": None, "N_": None, "plural": (1, 2)}
NETWORKS = ("guarantee", "guarantee_backers")
PRIORS = ("literature", "flat", "cheap_talk", "realist", "institutionalist")


def extracted() -> Catalog:
    """Every message of the code, and every name of the shipped files that a report shows."""
    found = Catalog()
    for folder in FOLDERS:
        for path, _, message, _, context in extract_from_dir(folder, [("**.py", "python")], keywords=CALLS):
            found.add(message, locations=[(path, 0)], context=context)
    for term in terms():
        found.add(term, locations=[("names of shipped files", 0)])
    return found


def terms() -> Iterator[str]:
    """Names that come from shipped files: nodes, states, theories, prior sets, choices, outcomes."""
    for name in NETWORKS:
        network = load_network(name)
        for node in network.nodes:
            yield node.title
            yield from (
                OUTCOMES.get(state) or state.replace("_", " ") for state in node.states if not state[0].isdigit()
            )
    yield from (theory.title for theory in THEORIES.values())
    yield from (load_prior(name).title for name in PRIORS)
    yield from FORMS
    yield from (*KINDS.values(), *CHOICES.values(), *OUTCOME_RULES.values(), "first coder", "second coder")
    yield from (RULE, NOT_MEASURED)


def updated(code: str) -> tuple[str, list[str]]:
    """Text of a catalogue brought up to date, and its messages without a translation."""
    path = MESSAGES / f"{code}.po"
    with path.open(encoding="utf-8") as file:
        known = read_po(file, locale=code)
    fresh = Catalog(locale=code, project="servanda", fuzzy=False, header_comment=known.header_comment, charset="utf-8")
    missing = []
    for message in extracted():
        if not message.id:
            continue
        old = known.get(message.id)
        fresh.add(message.id, old.string if old else None, locations=sorted({*message.locations}))
        if not old or not all(old.string if isinstance(old.string, tuple) else (old.string,)):
            missing.append(message.id if isinstance(message.id, str) else message.id[0])
    out = io.BytesIO()
    # No dates and no line numbers: the file changes only where a message does.
    write_po(out, fresh, width=110, sort_output=True, include_lineno=False, omit_header=True)
    return f"{_HEADER.format(code=code)}\n{out.getvalue().decode()}".rstrip() + "\n", missing


_HEADER = """# Messages of a report; `make messages` keeps it in step with the code.
msgid ""
msgstr ""
"Language: {code}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"
"""


def main() -> int:
    """Write every catalogue anew; 1 if a message lacks a translation."""
    lacking = 0
    for path in sorted(MESSAGES.glob("*.po")):
        text, missing = updated(path.stem)
        path.write_text(text, encoding="utf-8")
        lacking += len(missing)
        sys.stdout.writelines(f"{path.stem}: {message}\n" for message in missing)
    return int(lacking > 0)


if __name__ == "__main__":
    raise SystemExit(main())
