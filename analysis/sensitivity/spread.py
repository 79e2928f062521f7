"""Spread of a change: what it is under every prior set, theory, reading and coder that was tried, in one table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from ...common.canvas import Look
from ...common.errors import Fault, nearest, raise_faults
from ...common.figure_style import colour_of
from ...common.printed import PrintedTable, printed_table
from ...common.show import Shown, View
from ...models.errors import QueryError
from ...models.sampling.blocks import fit_block
from ...models.sampling.refit import completed
from ...record import with_second_coding
from ...record.second_coding import PREFIX
from ..figures.comparison import CHANGE, change_row, intervals_figure
from ..summaries.change import Change

if TYPE_CHECKING:
    from typing import Unpack

    import pandas as pd

    from ...common.figure_style import ShownFigure
    from ...models.posterior import Posterior

#: Kind -> what varies, for a reader.
KINDS: Mapping[str, str] = {
    "reading": "readings of the case",
    "theory": "theories of the count",
    "prior": "prior sets",
    "coder": "coders of the outcome",
}
#: Kind -> one choice of it.
CHOICES: Mapping[str, str] = {"reading": "reading", "theory": "theory", "prior": "prior set", "coder": "coder"}


@dataclass(frozen=True)
class SpreadRow:
    """A change as one choice has it.

    Parameters
    ----------
    kind
        Key of `KINDS`.
    name
        The choice.
    change
        The change under it.
    note
        What a reader should know of it.
    """

    kind: str
    name: str
    change: Change
    note: str = ""


@dataclass(frozen=True, repr=False)
class Spread(Shown):
    """A change under all choices that were tried.

    Parameters
    ----------
    rows
        At least one, in the order of `KINDS`; of each kind the one that is reported comes first.
    left_out
        Kind -> choices that were tried and have no row, since their draws did not converge.
    """

    rows: tuple[SpreadRow, ...]
    left_out: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def lowest(self) -> SpreadRow:
        """Row with the lowest expected change."""
        return min(self.rows, key=lambda row: row.change.mean)

    @property
    def highest(self) -> SpreadRow:
        """Row with the highest expected change."""
        return max(self.rows, key=lambda row: row.change.mean)

    @property
    def width(self) -> float:
        """Distance between the highest and the lowest expected change."""
        return self.highest.change.mean - self.lowest.change.mean

    @property
    def unmeasured(self) -> tuple[str, ...]:
        """Kinds of which fewer than two choices were tried, or one was left out.

        How far the change depends on them is not known.
        """
        tried = [row.kind for row in self.rows]
        return tuple(kind for kind in KINDS if tried.count(kind) < 2 or self.left_out.get(kind))

    @property
    def table(self) -> pd.DataFrame:
        """One row a choice: kind, name, mean, lower, upper, gain, within, loss, note."""
        import pandas as pd

        kept = ("mean", "lower", "upper", "gain", "within", "loss")
        return pd.DataFrame(
            [
                {"kind": row.kind, "name": row.name, **{k: asdict(row.change)[k] for k in kept}, "note": row.note}
                for row in self.rows
            ]
        )

    @property
    def printed(self) -> PrintedTable:
        """The table as journals print it."""
        return printed_table(self.table, points=["mean"], percent=["gain", "within", "loss"])

    def plot(self, **look: Unpack[Look]) -> ShownFigure:
        """Figure of all rows around a line at zero, kind by kind.

        Parameters
        ----------
        **look
            As `servanda.common.canvas.Look` says; names are ``kind: choice`` of each row.
        """
        rows = [
            change_row(
                row.change,
                f"{row.kind}: {row.name}",
                label=row.name,
                group=KINDS[row.kind],
                strong=row is self.rows[0],
                colour=colour_of(row.name) if row.kind == "prior" else None,
            )
            for row in self.rows
        ]
        return intervals_figure(rows, CHANGE, look, band=self.rows[0].change.margin, noted="points")

    def _view(self) -> View:
        return View(str(self), table=self.table.set_index("kind"))

    def __str__(self) -> str:
        ends = " to ".join(
            f"{100 * row.change.mean:+.0f} ({CHOICES[row.kind]}: {row.name})" for row in (self.lowest, self.highest)
        )
        missing = ", ".join(KINDS[kind] for kind in self.unmeasured)
        return f"expected change from {ends} points{f'; not measured: {missing}' if missing else ''}"


def change_spread(
    changes: Mapping[str, Mapping[str, Change]],
    *,
    notes: Mapping[str, Mapping[str, str]] | None = None,
    left_out: Mapping[str, Sequence[str]] | None = None,
) -> Spread:
    """Spread of a change over the choices behind it.

    Parameters
    ----------
    changes
        Kind (``prior``, ``theory``, ``reading``, ``coder``) -> choice -> the change under it
        (`servanda.analysis.summarise_change`); of each kind the choice that is reported comes first.
    notes
        Kind -> choice -> what a reader should know of it.
    left_out
        Kind -> choices whose draws did not converge.

    Returns
    -------
    Spread

    Raises
    ------
    QueryError
        Listing unknown kinds; or if there is no change at all.

    Examples
    --------
    >>> import numpy as np
    >>> from servanda.analysis import summarise_change
    >>> up, down = (summarise_change(np.array([side, side])) for side in (0.05, -0.08))
    >>> found = change_spread({"prior": {"literature": up, "flat": down}})
    >>> round(found.width, 2), found.unmeasured
    (0.13, ('reading', 'theory', 'coder'))
    """
    failed = {kind: tuple(names) for kind, names in (left_out or {}).items() if names}
    named = [*changes, *(kind for kind in failed if kind not in changes)]
    faults = [Fault(f"kind {kind}", f"is unknown{nearest(kind, KINDS)}") for kind in named if kind not in KINDS]
    if not faults and not any(changes.values()):
        faults = [Fault("changes", "there are none to compare")]
    raise_faults("spread", faults, QueryError)
    said = notes or {}
    return Spread(
        tuple(
            SpreadRow(kind, name, change, said.get(kind, {}).get(name, ""))
            for kind in KINDS
            for name, change in changes.get(kind, {}).items()
        ),
        failed,
    )


def second_coder_posterior(posterior: Posterior, cases: pd.DataFrame, node: str, as_of: str | None = None) -> Posterior:
    """Posterior in which a node's parameters are drawn again from the second coder's outcomes.

    Where the second coder knew the outcome, or did not code the case, the first coder's stands, so that nothing but
    their disagreement moves an answer.

    Parameters
    ----------
    posterior
        A fit of `cases` as the first coder has them.
    cases
        From `servanda.record.load_guarantees`.
    node
        The outcome.
    as_of
        The day that `cases` was cut to.

    Returns
    -------
    Posterior
        All that does not rest on the outcome is as in `posterior`.

    Raises
    ------
    InputError
        As `servanda.record.with_second_coding`; or where the column of `node` was not coded twice.
    """
    network = posterior.network
    coding = network[node].coding
    column = coding.column if coding else node
    both = with_second_coding(cases, as_of=as_of)
    if f"{PREFIX}{column}" not in both:
        raise QueryError.of(f"node {node}", f"has the column '{column}', which was coded once")
    recoded = cases.assign(**{column: both[f"{PREFIX}{column}"].fillna(both[column].astype(object)).to_numpy()})
    recoded.attrs = dict(cases.attrs)
    settings = {name: value for name, value in posterior.provenance["settings"].items() if name != "exact"}
    block = fit_block(network, recoded, posterior.priors, node, **settings)
    return completed(block, network.names, posterior)
