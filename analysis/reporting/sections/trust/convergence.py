"""What was left out since its draws did not converge, and what was drawn with longer chains until they did.

Only what the answer rests on can stop a report. A comparison whose gates still fail with four times the steps has no
number anywhere in it: it stands here, and is marked where it would stand.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ....sensitivity.spread import CHOICES
from ...document.blocks import Block, Paragraph, Table, Text, runs
from ...document.language import N_, Language
from ...section import Answers, Material, Part, Section
from ..change import SECOND_CODER
from ..judgements import failed_line

#: Kind -> what a reader calls it; choices of a change have the names that `spread` gives them.
_KINDS: Mapping[str, str] = {**CHOICES, "track": N_("dated events")}
_TRACKS = N_("the actors' past")


def _content(material: Material, answers: Answers) -> dict[str, Any] | None:
    left_out = [*_left_out(material, answers)]
    doubled = [*_doubled(material)]
    return {"left_out": left_out, "doubled": doubled} if left_out or doubled else None


def _left_out(material: Material, answers: Answers) -> Iterator[dict[str, Any]]:
    titles = {prior.name: prior.title for prior in material.loaded.priors}
    for name, gates in answers.left_out.items():
        yield {"kind": "prior", "name": titles[name], "gates": [str(gate) for gate in gates]}
    theories = material.prepared.get("theories") or {}
    for name, gates in (theories.get("left_out") or {}).items():
        yield {"kind": "theory", "name": name, "gates": [*gates]}
    coder = material.prepared.get("change") or {}
    if coder.get("failed"):
        yield {"kind": "coder", "name": SECOND_CODER, "gates": [*coder["failed"]]}
    tracks = material.prepared.get("tracks") or {}
    if tracks.get("failed_gates"):
        yield {"kind": "track", "name": _TRACKS, "gates": [*tracks["failed_gates"]]}


def _doubled(material: Material) -> Iterator[dict[str, Any]]:
    """How often the steps of each fit were doubled, of those that were drawn on."""
    titles = {prior.name: prior.title for prior in material.loaded.priors}
    fits = [("prior", titles[name], fit.provenance) for name, fit in material.posteriors.items()]
    prepared = {"theory": ("theories", ""), "coder": ("change", SECOND_CODER), "track": ("tracks", _TRACKS)}
    others = [(kind, name, material.prepared.get(part) or {}) for kind, (part, name) in prepared.items()]
    for kind, name, found in [*fits, *others]:
        if found.get("doublings"):
            yield {"kind": kind, "name": name, "times": 2 ** found["doublings"]}


def named(one: Mapping[str, Any], say: Language) -> str:
    """A comparison in a few words."""
    kind = say.term(_KINDS[one["kind"]])
    return f"{kind}: {say.term(one['name'])}" if one["name"] else kind


def _words(report: Mapping[str, Any], say: Language) -> list[Block]:
    found = report["convergence"]
    told: Text = ()
    if found["left_out"]:
        names = say.listed([named(one, say) for one in found["left_out"]])
        message = N_("**Left out**, since its draws did not converge even with longer chains: {names}.")
        told = say(message, names=names)
    if found["doubled"]:
        names = say.listed([f"{named(one, say)} (\N{MULTIPLICATION SIGN}{one['times']})" for one in found["doubled"]])
        told = runs(told, " " if told else "", say(N_("Chains were lengthened for {names}."), names=names))
    return [Paragraph(told)]


def _table(report: Mapping[str, Any], say: Language) -> Sequence[Block]:
    left_out = report["convergence"]["left_out"]
    if not left_out:
        return ()
    rows = tuple(
        (runs(named(one, say)), runs("; ".join(failed_line(gate, say) for gate in one["gates"]))) for one in left_out
    )
    note = say(N_("They have no number in this report, and count as not measured."))
    caption = say(N_("Comparisons whose draws did not converge"))
    return [Table(caption, (say(N_("Comparison")), say(N_("Checks that failed"))), rows, note)]


SECTION = Section(
    _content,
    parts=(
        Part("trust", N_("What did not converge at once"), _words),
        Part("annex", N_("Left out of the comparisons"), _table),
    ),
)
