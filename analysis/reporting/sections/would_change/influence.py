"""What the answer would be without single crises and guarantees of the record."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .....models.questions.quantity import Quantity
from .....record.files.dates import as_day
from ....scenarios.questions import quantity_of
from ....scenarios.stored_fits import kept_beside_fits
from ....sensitivity.influence import UNITS, Influence, UnitInfluence, influence
from ....summaries.likelihood_words import load_lexicon
from ...document.blocks import Block, Fold, Paragraph, Run, Table, Text, runs
from ...document.language import N_, Language
from ...section import Answers, Material, Part, Section, Task
from ..change import headline_change

if TYPE_CHECKING:
    import pandas as pd

#: Raised when what is kept beside the fits changes its meaning.
_KEPT = 2
#: Units that the fold shows, and that the dictionary holds.
_FOLDED, _HELD = 20, 60
_KINDS = {"crisis": N_("crisis"), "guarantee": N_("guarantee")}
#: Kind of unit -> column that says which cases belong together; blanks in it leave the kind out.
_COLUMNS = {"crisis": "crisis", "guarantee": "guarantee_id"}
#: Crises of the record that several guarantees share, so that no title of a guarantee names them.
_CRISES = {
    "armenia_2022": N_("Armenia, 2022"),
    "austro_prussian_war_1866": N_("Austro-Prussian War, 1866"),
    "bangladesh_war_1971": N_("war over Bangladesh, 1971"),
    "bulgarian_crisis_1885_88": N_("Bulgarian crisis, 1885\N{EN DASH}88"),
    "crimean_war_1853_56": N_("Crimean War, 1853\N{EN DASH}56"),
    "europe_1938_39": N_("Europe on the eve of war, 1938\N{EN DASH}39"),
    "first_balkan_war_1912": N_("First Balkan War, 1912"),
    "istanbul_1999_withdrawals": N_("withdrawals promised at Istanbul, 1999"),
    "italian_war_1859": N_("Italian war, 1859"),
    "july_1914": N_("July crisis, 1914"),
    "second_balkan_war_1913": N_("Second Balkan War, 1913"),
    "ukraine_2014": N_("Ukraine, 2014"),
    "war_1939_41": N_("Second World War, 1939\N{EN DASH}41"),
    "yemen_war_1962_63": N_("war in Yemen, 1962\N{EN DASH}63"),
}


def _prepare(task: Task) -> dict[str, Any] | None:
    """Influence on the headline, kept beside the stored fits; None of supposed cases, and of draws without cases."""
    scenario = task.loaded.scenario
    judgement = scenario.headline_judgement
    formats = {row.label: row for row in judgement.formats}
    if judgement.suppose or not task.posteriors:
        return None
    posterior = task.posteriors[task.loaded.priors[0].name]
    kinds = [kind for kind, column in _COLUMNS.items() if not np.asarray(task.cases[column].isna()).any()]
    if not kinds or "drawn_exactly" not in posterior.provenance:
        return None
    row, year = formats[scenario.headline.format], as_day(scenario.as_of).year
    asked: dict[str, Quantity | None] = {
        "answer": quantity_of(task.loaded.network, judgement, row, task.cases, year),
        "change": headline_change(task.loaded, task.cases),
    }
    questions = {name: question for name, question in asked.items() if question is not None}
    units = {kind: task.cases[_COLUMNS[kind]].astype(str).tolist() for kind in kinds}
    told = {name: [question.words(task.loaded.network)] for name, question in questions.items()}
    identity = [_KEPT, posterior.provenance["key"], told, units, scenario.seed, scenario.lexicon]

    def make() -> dict[str, Any]:
        words = load_lexicon(scenario.lexicon)
        how = {"by": kinds, "seed": scenario.seed, "lexicon": words, "progress": task.progress}
        return _described(influence(posterior, questions, task.cases, **how), task.cases)

    return kept_beside_fits("influence", identity, make, task.folder)


def _described(found: Influence, cases: pd.DataFrame) -> dict[str, Any]:
    """What the dictionary holds of it: those that move one of the questions most, each set of cases once."""
    titles = _titles(cases)
    ranked = {label: _once(found.ranked(label)) for label in found.before}
    held = _once([unit for ranks in zip(*ranked.values(), strict=True) for unit in ranks])[:_HELD]
    first = next(iter(found.before))
    held = sorted(held, key=lambda unit: (-unit.sure_move(first), -abs(unit.answers[first].move)))
    return {
        "before": dict(found.before),
        "units": {kind: sum(unit.kind == kind for unit in found.units) for kind in UNITS},
        "ends": {label: _ends(units, label) for label, units in ranked.items()},
        "changing_word": [_unit(unit, titles) for unit in _once(found.word_changes)],
        "untrusted": len(_once(found.untrusted)),
        "good_k": found.good_k,
        "rows": [_unit(unit, titles) for unit in held],
    }


def _titles(cases: pd.DataFrame) -> dict[str, str]:
    """Titles of guarantees, of crises that test one guarantee alone, and of the shared ones."""
    titles = dict(zip(cases["guarantee_id"].astype(str), cases["guarantee"].astype(str), strict=True))
    if "crisis" not in cases:
        return titles
    own = {
        str(crisis): _dated(titles[str(tested.iloc[0])], str(crisis))
        for crisis, tested in cases.groupby("crisis")["guarantee_id"]
        if len({*tested}) == 1
    }
    return {**own, **_CRISES, **titles}


def _dated(title: str, slug: str) -> str:
    """A title with the years that end a slug."""
    years = _slug(slug)[1]
    return f"{title}, {years}" if years else title


def _slug(slug: str) -> tuple[str, str]:
    """Words and years of a slug."""
    found = re.fullmatch(r"(.*?)((?:_\d{2,4}s?)*)", slug)
    words, years = found.groups() if found else (slug, "")
    return words, "\N{EN DASH}".join(years.split("_")[1:])


def _once(units: Sequence[UnitInfluence]) -> list[UnitInfluence]:
    """Each set of cases once, as the kind that comes first: a crisis of one guarantee is both."""
    found: dict[tuple[str, ...], UnitInfluence] = {}
    for unit in units:
        found.setdefault(unit.cases, unit)
    return [*found.values()]


def _ends(units: Sequence[UnitInfluence], label: str) -> list[float]:
    means = [unit.answers[label].mean for unit in units if unit.trusted]
    return [min(means), max(means)] if means else []


def _unit(unit: UnitInfluence, titles: Mapping[str, str]) -> dict[str, Any]:
    return {
        "kind": unit.kind,
        "unit": unit.unit,
        "title": readable(unit.unit, titles),
        "cases": len(unit.cases),
        "pareto_k": None if unit.refitted else unit.pareto_k,
        "trusted": unit.trusted,
        "answers": {
            label: {"mean": one.mean, "move": one.move, "mcse": one.mcse} for label, one in unit.answers.items()
        },
    }


def readable(slug: str, titles: Mapping[str, str]) -> str:
    """Name of a guarantee or a crisis: its title, or the words and years of its slug.

    Parameters
    ----------
    slug
        As the record has it; a crisis may begin with the slug of its guarantee.
    titles
        Slug of a guarantee -> its title.

    Examples
    --------
    >>> titles = {"bel_1839": "Treaty of London"}
    >>> readable("bel_1839", titles), readable("bel_1839_1870", titles), readable("cuba_sanctions_1964", titles)
    ('Treaty of London', 'Treaty of London, 1870', 'Cuba sanctions, 1964')
    >>> readable("war_1939_41", {}) == "War, 1939\N{EN DASH}41", readable("third", {})
    (True, 'Third')
    """
    if slug in titles:
        return titles[slug]
    whose = max((one for one in titles if slug.startswith(f"{one}_")), key=len, default="")
    words, when = _slug(slug.removeprefix(whose))
    name = titles.get(whose) or words.replace("_", " ").strip().capitalize()
    return f"{name}, {when}" if when else name


def _content(material: Material, answers: Answers) -> dict[str, Any] | None:  # noqa: ARG001
    return material.prepared.get("influence")


def _words(report: Mapping[str, Any], say: Language) -> list[Block]:
    found = report["influence"]
    more = Fold(
        say(N_("Those that move it most, and how far they can be trusted")),
        (_table(found, found["rows"][:_FOLDED], say),),
    )
    return [Paragraph(_told(found, say)), more]


def _told(found: Mapping[str, Any], say: Language) -> Text:
    told: Text = ()
    ends = found["ends"]["answer"]
    if ends:
        message = N_(
            "{crises} and {guarantees} were left out in turn: wherever the weights can be trusted, the answer "
            "is {ends}."
        )
        counts = {
            "crises": say.plural("{n} crisis", "{n} crises", found["units"]["crisis"]),
            "guarantees": say.plural("{n} guarantee", "{n} guarantees", found["units"]["guarantee"]),
        }
        told = say(message, ends=say.span(*ends), **counts)
    changing = [_name(unit, say) for unit in found["changing_word"]]
    message = (
        say(N_("Another likelihood word would hold without {units}."), units=say.listed(changing, "or"))
        if changing
        else say(N_("No other likelihood word came up."))
    )
    told = runs(told, " " if told else "", message)
    if found["untrusted"]:
        message = say.plural(
            "For {n} of them the weights cannot be trusted: what it would change is not known.",
            "For {n} of them the weights cannot be trusted: what they would change is not known.",
            found["untrusted"],
        )
        told = runs(told, " ", message)
    return told


def _name(unit: Mapping[str, Any], say: Language) -> str:
    return say.term(unit["title"])


def _table(found: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], say: Language) -> Table:
    columns = [say(N_("Without")), say(N_("Cases")), say(N_("Answer"))]
    compared = "change" in found["before"]
    columns += [say(N_("Change"))] if compared else []
    columns += [say(N_("Error")), say(N_("k"))]
    cells = []
    for unit in rows:
        name = runs(_name(unit, say), Run(say.term(_KINDS[unit["kind"]]), "second"))
        if not unit["trusted"]:
            name = runs(name, Run(say.line(N_("not to be trusted")), "alarm"))
        line = [name, runs(say.count(unit["cases"])), runs(say.percent(unit["answers"]["answer"]["mean"]))]
        line += [runs(say.points(unit["answers"]["change"]["mean"]))] if compared else []
        error = say.decimal(100 * unit["answers"]["answer"]["mcse"], 1)
        line += [runs(error), runs(say.decimal(unit["pareto_k"], 2))]
        cells.append(tuple(line))
    before = say.percent(found["before"]["answer"])
    note = say(N_("with all cases: {before}"), before=before)
    if compared:
        points = say.points(found["before"]["change"])
        note = say(N_("with all cases: {before}, change {points} points"), before=before, points=points)
    limit = say.decimal(found["good_k"], 2)
    message = N_("error: of the answer, in points, as the weights make it; k: their shape, trusted below {limit}")
    note = runs(note, "; ", say(message, limit=limit))
    return Table(
        say(N_("The answer without single units of the record")),
        tuple(columns),
        tuple(cells),
        note=note,
        numeric=frozenset(range(1, len(columns))),
    )


SECTION = Section(_content, prepare=_prepare, parts=(Part("change", N_("Without single cases"), _words),))
