"""The command `servanda query`."""

from __future__ import annotations

from itertools import product, zip_longest
from pathlib import Path
from typing import Annotated, Any

import typer

from .options import GATE_FAILED, Json, print_json, refuse_beside
from .streams import file_or_standard_input


def query(
    posterior: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            callback=file_or_standard_input(".nc"),
            help="What `servanda fit` wrote, or a network file: .bif, .xmlbif, .xdsl, .net.",
        ),
    ],
    target: Annotated[
        list[str] | None,
        typer.Argument(metavar="NODE", help="Nodes whose (joint) probability is asked; each by itself by default."),
    ] = None,
    given: Annotated[
        list[str] | None, typer.Option("--given", "-g", metavar="NODE=STATE", help="Evidence; repeat.")
    ] = None,
    do: Annotated[
        list[str] | None,
        typer.Option(
            "--do", "-d", metavar="NODE=STATE", help="Intervention, or NODE=STATE:P,... for one by lot; repeat."
        ),
    ] = None,
    against: Annotated[
        list[str] | None,
        typer.Option("--against", metavar="NODE=STATE", help="What --do changes, compared with this; repeat."),
    ] = None,
    margin: Annotated[
        float | None,
        typer.Option(metavar="X", help="With --against: the smallest change that matters. [default: 0.05]"),
    ] = None,
    confounding: Annotated[
        bool,
        typer.Option(
            "--confounding",
            help="With --against: how strong an unmeasured common cause must be to undo the change of the last state; "
            "slow where the case is open.",
        ),
    ] = False,
    virtual: Annotated[
        list[str] | None,
        typer.Option("--virtual", metavar="NODE=STATE:WEIGHT,...", help="A finding's weight in each state; repeat."),
    ] = None,
    soft: Annotated[
        list[str] | None,
        typer.Option("--soft", metavar="NODE=STATE:P,...", help="What a node's distribution shall be; repeat."),
    ] = None,
    had: Annotated[
        list[str] | None,
        typer.Option("--had", metavar="NODE=STATE", help="Counterfactual: had this been so in the case given; repeat."),
    ] = None,
    best: Annotated[
        bool,
        typer.Option("--best", help="The most probable state of all other nodes together, or of the NODEs named."),
    ] = False,
    top: Annotated[
        int | None, typer.Option(metavar="N", help="With --best: so many, the best first. [default: 1]")
    ] = None,
    actor: Annotated[
        str | None, typer.Option(metavar="ACTOR", help="Whose conduct, e.g. USA; else an actor drawn anew.")
    ] = None,
    backers: Annotated[
        str | None,
        typer.Option(metavar="A,B", help="Who stands behind the actor's promise, e.g. CHN,RUS; sets what follows."),
    ] = None,
    year: Annotated[
        int | None, typer.Option(metavar="YEAR", help="With --backers: nothing later is known of them.")
    ] = None,
    explain: Annotated[bool, typer.Option("--explain", help="Say how it would be computed, and stop.")] = False,
    lexicon: Annotated[
        str | None,
        typer.Option(
            "--lexicon",
            metavar="NAME",
            help="Say each probability in the words of a scale too: icd203, ipcc_ar5, nato, phia or a TOML file.",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Ask a stored posterior, or a network file, for a probability.

    Example: `servanda query dprk.nc compliance --do guarantors=5 --given role=guarantor --actor USA`

    What a change is worth: `servanda query dprk.nc compliance --do guarantors=5 --against guarantors=1 --actor USA`;
    with `--confounding`, how strong an unmeasured common cause must be to undo it.

    A counterfactual: `servanda query dprk.nc compliance --given compliance=defected --given role=guarantor
    --given enforcement=none --had enforcement=snapback --actor USA`
    """
    from ..queries.explanation import most_probable
    from ..queries.named_backers import listed_backers
    from ..queries.outcomes import single_cases
    from ..queries.probability import explain as explain_plan
    from ..summaries.likelihood_words import load_lexicon

    scale = None if lexicon is None else load_lexicon(lexicon)
    fitted = _opened(posterior)
    evidence, action = _pairs(given, "--given"), _actions(fitted.network, do, "--do")
    weights = {"virtual": _weights(virtual, "--virtual"), "soft": _weights(soft, "--soft")}
    who: dict[str, Any] = {"actor": actor} if actor else {}
    stand = listed_backers(fitted.network, backers, actor, year, named={*evidence, *action})
    action = {**action, **stand.states}
    if backers is not None and "actor" not in fitted.members:
        who = {}  # whose promise it is bears on the backers alone
    if explain:
        others = {"--virtual": virtual, "--soft": soft, "--had": had, "--best": best, "--actor": actor}
        refuse_beside(
            "--explain", **others, **{"--against": against}, **{"--backers": backers}, **{"--lexicon": lexicon}
        )
        typer.echo(explain_plan(fitted, target or [], evidence, action))
        return
    if against:
        # A likelihood word is of an event, never of a change.
        others = {"--virtual": virtual, "--soft": soft, "--had": had, "--best": best, "--lexicon": lexicon}
        refuse_beside("--against", **others)
        base = _actions(fitted.network, against, "--against")
        _report_contrast(
            fitted, target or [], evidence, action, base, margin, who, confounded=confounding, as_json=as_json
        )
        typer.echo(stand.note, err=True, nl=bool(stand.note))
        return
    for option, stated in (("--margin", margin is not None), ("--confounding", confounding)):
        if stated:
            _refuse(option, "says nothing without --against, which says what --do is compared with")
    if top is not None and not best:
        _refuse("--top", "says nothing without --best")
    if best:
        refuse_beside("--best", **{"--had": had, "--lexicon": lexicon})
        found = most_probable(fitted, evidence, action, **weights, nodes=target or None, k=top or 1, **who)
        _print_best(found, as_json=as_json)
        typer.echo(stand.note, err=True, nl=bool(stand.note))
        return
    if had:
        refuse_beside("--had", **{"--do": do, "--virtual": virtual, "--soft": soft, "--backers": backers})
    answers = _answers(fitted, target or [], evidence, action, _actions(fitted.network, had, "--had"), weights, who)
    answers = [answer.assign_attrs(backers=stand.note) if stand.note else answer for answer in answers]
    drawn = single_cases(fitted, who)
    single = [] if had or drawn == who else _answers(fitted, target or [], evidence, action, {}, weights, drawn)
    _report_answers(answers, single, scale, sampled=fitted.sizes["draw"] > 1, as_json=as_json)


def _opened(file: Path) -> Any:
    """Posterior of a stored fit or of a network file, with a remark where tables of the file were scaled."""
    from ...models.formats.content import ROUNDED
    from ...models.formats.files import is_network_file
    from ...models.posterior import Posterior, load_posterior

    fitted = Posterior.from_file(file) if is_network_file(file) else load_posterior(file)
    for node, off in fitted.provenance.get("rows_scaled", {}).items():
        if off > ROUNDED:
            remark = f"node {node}: its table adds up to other numbers than 1, as counts do; its rows were scaled"
            typer.echo(remark, err=True)
    return fitted


def _answers(
    fitted: Any,
    target: list[str],
    evidence: dict[str, str],
    action: dict[str, Any],
    had: dict[str, Any],
    weights: dict[str, Any],
    who: dict[str, Any],
) -> list[Any]:
    """One answer for the targets together, or one for each node where none is named."""
    from ..queries.counterfactual import counterfactual
    from ..queries.probability import marginals, probability

    if had:
        return [counterfactual(fitted, target, evidence, had, **who)]
    if target:
        return [probability(fitted, target, evidence, action, **weights, **who)]
    return list(marginals(fitted, evidence, action, **weights, **who).data_vars.values())


def _report_contrast(
    fitted: Any,
    target: list[str],
    evidence: dict[str, str],
    action: dict[str, Any],
    base: dict[str, Any],
    margin: float | None,
    who: dict[str, Any],
    *,
    confounded: bool,
    as_json: bool,
) -> None:
    """Print what a change of what is done does to each state of one node; a failed gate ends with its exit code."""
    from ...models.names import name_in
    from ..queries.contrast import contrast
    from ..sensitivity.unmeasured.confounding import confounding
    from ..summaries.change import MARGIN, summarise_change
    from ..summaries.gates import failed, number_gates
    from ..summaries.summary import summarise

    if len(target) != 1 or not action:
        _refuse("--against", "needs one NODE to ask about, and a --do to compare with it")
    effect = contrast(fitted, target[0], base, action, evidence, margin=MARGIN if margin is None else margin, **who)
    dim = name_in(effect.dims, target[0])
    difference = {str(state): effect["difference"].sel({dim: state}) for state in effect[dim].values}
    changes = {state: summarise_change(x, margin=effect.attrs["margin"]) for state, x in difference.items()}
    sampled = fitted.sizes["draw"] > 1
    gates = [str(g) for state, x in difference.items() if sampled for g in failed(number_gates(state, summarise(x)))]
    asked = {"question": effect.attrs["change"], "against": effect.attrs["base"]}
    found = confounding(fitted, target[0], base, action, evidence, **who) if confounded else None
    condition = effect.attrs.get("identification", "")
    if as_json:
        more = {"identification": condition, **({"confounding": found.to_dict()} if found else {})}
        shown = {state: one.__dict__ for state, one in changes.items()}
        print_json({**asked, "change": shown, **more, "failed_gates": gates})
    else:
        _print_changes(asked, changes)
        typer.echo(condition, nl=bool(condition))
        if found:
            typer.echo(f"{target[0]} = {found.states[0]}: {found.in_words()}")
        for gate in gates:
            typer.echo(f"gate failed: {gate}", err=True)
    if gates:
        raise typer.Exit(GATE_FAILED)


def _print_changes(asked: dict[str, str], changes: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"{asked['question']}\nagainst {asked['against']}, in points", title_justify="left")
    table.add_column("state")
    size = f"{100 * next(iter(changes.values())).margin:g}"
    for heading in ("change", "90 % interval", f"gain ≥ {size}", "less either way", f"loss ≥ {size}"):
        table.add_column(heading, justify="right")
    for state, one in changes.items():
        ends = f"{100 * one.lower:+.0f} to {100 * one.upper:+.0f}"
        table.add_row(state, f"{100 * one.mean:+.0f}", ends, *(f"{x:.0%}" for x in (one.gain, one.within, one.loss)))
    Console().print(table)


#: What an answer says of itself, as far as it does.
_NOTES = ("whose_conduct", "identification", "coupling", "method", "assumption", "backers")


def _report_answers(answers: list[Any], single: list[Any], scale: Any, *, sampled: bool, as_json: bool) -> None:
    """Print answers with their notes; a failed gate ends with its exit code.

    `single` holds the same of single cases, whose unseen members are drawn; nothing where nobody is unseen. `scale` is
    the lexicon whose words are said beside the numbers, or None.
    """
    from ..summaries.gates import failed, number_gates

    found = []
    for answer, drawn in zip_longest(answers, single):
        summaries = _summaries(answer)
        checked = summaries if sampled else {}
        gates = [str(gate) for label, one in checked.items() for gate in failed(number_gates(label, one))]
        notes = {key: answer.attrs[key] for key in _NOTES if answer.attrs.get(key)}
        shown = {label: dict(one.__dict__) for label, one in summaries.items()}
        for label, one in ({} if drawn is None else _summaries(drawn)).items():
            shown[label] |= {"single_lower": one.lower, "single_upper": one.upper}
        if scale is not None:
            notes["lexicon"] = scale.title
            for one in shown.values():
                band = scale.band(one["mean"])
                one |= {"word": band.word, "range": band.range}
        found.append((answer.attrs["question"], shown, notes, gates))
    if as_json:
        asked = [
            {
                "question": question,
                "answer": summaries,
                **notes,
                "failed_gates": gates,
            }
            for question, summaries, notes, gates in found
        ]
        print_json(asked[0] if len(asked) == 1 else asked, indent=1)
    else:
        for one in found:
            _print_answer(*one)
    if any(gates for *_, gates in found):
        raise typer.Exit(GATE_FAILED)


def _refuse(option: str, what: str) -> None:
    from ...common.errors import Fault, raise_faults

    raise_faults("question", [Fault(option, what)])


def _summaries(answer: Any) -> dict[str, Any]:
    """Summary of each cell of an answer."""
    from ..summaries.summary import cell_summaries

    ordered = answer.transpose("chain", "draw", ...)
    cells = product(*(ordered.coords[dim].values for dim in ordered.dims[2:]))
    labels = [" & ".join(map(str, label)) for label in cells]
    return dict(zip(labels, cell_summaries(ordered), strict=True))


def _print_best(found: Any, *, as_json: bool) -> None:
    if as_json:
        ties = found["ties"].values
        tied = {"most": int(ties.max()), "share_of_draws": float((ties > 1).mean())}
        print_json({"question": found.attrs["question"], "answer": found.attrs["answer"], "ties": tied}, indent=1)
    else:
        typer.echo(f"{found.attrs['question']}\n{found.attrs['answer']}")


def _pairs(stated: list[str] | None, option: str) -> dict[str, str]:
    from ...common.errors import Fault, raise_faults

    found, faults = {}, []
    for text in stated or []:
        node, equals, state = text.partition("=")
        if not equals or not node.strip() or not state.strip():
            faults.append(Fault(option, f"'{text}' is not NODE=STATE"))
        elif found.setdefault(node.strip(), state.strip()) != state.strip():
            faults.append(Fault(option, f"gives '{node.strip()}' two states"))
    raise_faults("question", faults)
    return found


def _actions(network: Any, stated: list[str] | None, option: str) -> dict[str, Any]:
    """Read NODE=STATE, or NODE=STATE:P,STATE:P for a state that is drawn; a state may itself hold a colon."""
    pairs = _pairs(stated, option)
    by_lot = {
        node: text
        for node, text in pairs.items()
        if ":" in text and not (node in network and text in network[node].states)
    }
    return {**pairs, **_numbers(by_lot, option)}


def _weights(stated: list[str] | None, option: str) -> dict[str, dict[str, float]]:
    """Read NODE=STATE:NUMBER,STATE:NUMBER."""
    return _numbers(_pairs(stated, option), option)


def _numbers(pairs: dict[str, str], option: str) -> dict[str, dict[str, float]]:
    from ...common.errors import Fault, raise_faults

    found: dict[str, dict[str, float]] = {}
    faults = []
    for node, text in pairs.items():
        found[node] = {}
        for part in text.split(","):
            state, colon, number = part.rpartition(":")
            try:
                found[node][state.strip()] = float(number)
            except ValueError:
                colon = ""
            if not colon or not state.strip():
                faults.append(Fault(option, f"'{part}' of '{node}' is not STATE:NUMBER"))
    raise_faults("question", faults)
    return found


def _print_answer(question: str, summaries: dict[str, Any], notes: dict[str, str], gates: list[str]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=question, title_justify="left")
    table.add_column("state")
    differ = any("single_lower" in s for s in summaries.values())
    intervals = ("90 % left open", "90 % single cases") if differ else ("90 % interval",)
    headings = ("mean", *intervals, "bulk ESS", "R-hat")
    for heading in headings:
        table.add_column(heading, justify="right")
    worded = any("word" in s for s in summaries.values())
    if worded:
        table.add_column("in words")
    for label, s in summaries.items():
        single = (f"{s['single_lower']:.3f} to {s['single_upper']:.3f}",) if differ else ()
        left_open = f"{s['lower']:.3f} to {s['upper']:.3f}"
        # Square brackets are marks of Rich.
        word = (Text(f"{s['word']} [{s['range']}]"),) if worded else ()
        table.add_row(label, f"{s['mean']:.3f}", left_open, *single, f"{s['ess_bulk']:.0f}", f"{s['rhat']:.3f}", *word)
    Console().print(table)
    if differ:
        typer.echo(
            "Left open: what the data cannot tell of such cases on average. Single cases: how far they differ, the "
            "effects of members not seen included; no data would narrow that."
        )
    for key, note in notes.items():
        typer.echo(f"{key}: {note}" if key in ("coupling", "method", "lexicon") else note)
    for gate in gates:
        typer.echo(f"gate failed: {gate}", err=True)
