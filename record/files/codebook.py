"""The tables of the record: their columns, levels and meanings, as the codebooks give them.

Plain values without any import, so that other code may read the levels at no cost. Levels stand in the
order of the codebook, weakest first where they are ordered.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

Levels = tuple[str, ...]

ROLE: Levels = ("guarantor", "principal")
OBLIGATION: Levels = ("defend", "restrain", "disarm", "consult", "enforce_settlement", "neutrality")
ENFORCEMENT: Levels = (
    "none",
    "consultation",
    "inspection",
    "sanctions",
    "snapback",
    "military_pledge",
    "deployed_forces",
)
MONITORING: Levels = ("none", "national_means", "third_party", "intrusive")
LEGAL_FORM: Levels = (
    "treaty_ratified",
    "executive_agreement",
    "political_declaration",
    "unsc_resolution",
    "letter",
)
POWER_RATIO: Levels = ("weaker", "parity", "stronger")
STAKES: Levels = ("peripheral", "major", "vital")
OUTCOME: Levels = ("defected", "partial", "complied")
#: What each outcome says, as the first sentence of its rule in the codebook does.
OUTCOME_RULES = MappingProxyType(
    {
        "defected": "the core duty was refused, or the obligor did what it had promised not to do",
        "partial": (
            "part of the core was done; or it was done materially late; or a serious breach left the core intact "
            "(Krasnoyarsk radar); or words and diplomacy were given where action was promised"
        ),
        "complied": "the core duty was performed in substance when it counted",
    }
)
CONFIDENCE: Levels = ("low", "medium", "high")
NO_YES: Levels = ("no", "yes")
LEADERSHIP_CHANGE: Levels = ("none", "leader", "government", "regime")
REGIME: Levels = ("autocracy", "mixed", "democracy", "none")
PROXIMITY: Levels = ("own", "neighbour", "region", "remote")
PRICE: Levels = ("words", "money", "withdrawal", "arms", "limited_force", "war_weaker", "war_equal")
CAPABILITY_CHANGE: Levels = ("down", "same", "up")
ALLY_INTEREST: Levels = ("minor", "major", "vital")
EVENT: Levels = ("complied", "defected", "partial", "withdrew", "suspended", "resumed")
#: Events that stop a performance, and so have a ground.
STOPS: Levels = ("withdrew", "suspended")
GROUND: Levels = ("lawful", "answer", "none")
GRAVITY: Levels = ("minor", "part", "core")
KIND: Levels = ("state", "organisation", "non_state")
PROMISED: Levels = ("restrain", "witness", "observe", "enforce", "defend")
TIE: Levels = ("ally_of_obligor", "ally_of_beneficiary", "rival_of_obligor", "neutral")

# Obligors that backers.csv marks as great powers and for which the record gives a number of past defections.
GREAT_POWERS = frozenset({"AUT", "CHN", "DEU", "FRA", "GBR", "ITA", "JPN", "RUS", "USA"})
# Obligors that are organisations: the ex-ante rules (codebook, section 13) speak of them apart.
ORGANISATIONS = frozenset({"COMMONWEALTH", "ECOWAS", "EU", "NATO", "OAU", "UN"})
#: Actors of the record that no list of countries knows: organisations, armed groups, and states of the past that its
#: rules keep apart from their successors.
OWN_ACTORS = ORGANISATIONS | {
    *(
        "PIRA",
        "HZB",
        "TLB",
        "GAM",
        "RENAMO",
        "UNITA",
        "RUF",
        "FMLN",
        "NPFL",
        "Khmer Rouge",
        "KLA",
        "NLA",
        "UTO",
        "LURD",
    ),
    *("MILF", "TPLF", "FARC", "M-19", "Maoists", "Houthis", "Bougainville armed groups", "Haitian military"),
    *("Bavaria", "Orange Free State", "CSK", "YUG", "YMD", "PRG", "VNM-South", "E3"),
}
#: Key of the bibliography for what was coded from general knowledge, without opening a source.
NO_SOURCE = "general_knowledge"


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Parameters
    ----------
    name
        As in the header.
    kind
        What a cell holds: text; a name that tells rows, instruments or crises apart; an actor; keys; a level, count,
        year, flag, share or date.
    about
        What it means, in a line.
    levels
        The allowed levels of a cell of kind level.
    ordered
        Whether the levels are ordered.
    blank
        Whether a cell may be empty.
    absent
        Whether the whole column may be left out, which is the same as leaving all its cells empty.
    minimum
        The smallest allowed count.

    Examples
    --------
    >>> Column("outcome", "level", "what the obligor did", OUTCOME, ordered=True).levels[0]
    'defected'
    """

    name: str
    kind: str
    about: str
    levels: Levels = ()
    ordered: bool = False
    blank: bool = False
    absent: bool = False
    minimum: int = 0


@dataclass(frozen=True)
class Table:
    """One table of the record.

    Parameters
    ----------
    name
        Also the name of the shipped file, without its ending.
    columns
        The columns a file may have, in order.
    row
        What a row is called in a message.
    key
        The columns that together tell one row from another.
    derived
        Columns that the loader adds; a file that already has them is read as if it had not.

    Examples
    --------
    >>> TABLES["crises"].names
    ('case_id', 'crisis')
    """

    name: str
    columns: tuple[Column, ...]
    row: str = "case"
    key: tuple[str, ...] = ("case_id",)
    derived: tuple[str, ...] = ()

    @property
    def required(self) -> tuple[str, ...]:
        """The names of the columns that a file may not leave out, in order."""
        return tuple(column.name for column in self.columns if not column.absent)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns, in order."""
        return tuple(column.name for column in self.columns)

    def __getitem__(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)


_CASE_ID = Column("case_id", "name", "unique slug of the case")
_SOURCES = Column("sources", "keys", "keys of the bibliography, separated by ;")
_ENFORCEMENT = Column("enforcement", "level", "the strongest means behind this obligor's duty", ENFORCEMENT, blank=True)
_MONITORING = Column("monitoring", "level", "who watched", MONITORING, ordered=True, blank=True)
_LEGAL_FORM = Column("legal_form", "level", "form of the instrument", LEGAL_FORM, blank=True)
_GUARANTORS = Column(
    "guarantors",
    "count",
    "states and organisations that pledged, the obligor included",
    blank=True,
    minimum=1,
)
_AFTERWARDS = "judged afterwards: description only, no parent of anything that predicts"
_POWER_RATIO = Column(
    "power_ratio",
    "level",
    f"the obligor against its challenger; {_AFTERWARDS}",
    POWER_RATIO,
    ordered=True,
    blank=True,
)
_STAKES = Column("stakes", "level", f"what it meant to the obligor; {_AFTERWARDS}", STAKES, ordered=True, blank=True)
_OUTCOME = Column("outcome", "level", "what the obligor did", OUTCOME, ordered=True)
_OUTCOME_YEAR = Column("outcome_year", "year", "year of the outcome")
_CONFIDENCE = Column("confidence", "level", "how sure the coder is", CONFIDENCE, ordered=True)
_NOTE = Column("note", "text", "why coded so", blank=True)


def _day_before(name: str, about: str, levels: Levels, *, ordered: bool = True) -> Column:
    return Column(name, "level", f"the day before the test: {about}", levels, ordered=ordered, blank=True, absent=True)


#: What could be known the day before the test (codebook, section 13), as one coder has it.
EX_ANTE = (
    _day_before("leadership_change", "change in the obligor's rule since it promised", LEADERSHIP_CHANGE),
    _day_before("regime", "how the obligor is governed", REGIME, ordered=False),
    _day_before("proximity", "where the promise has to be performed, seen from the obligor", PROXIMITY),
    _day_before("forces_there", "whether forces of the obligor are at that place", NO_YES),
    _day_before("adversary_nuclear", "whether the side it would confront has nuclear weapons", NO_YES),
    _day_before("price", "what the core duty would demand", PRICE, ordered=False),
    _day_before("capability_change", "its power against that side, compared with the signing", CAPABILITY_CHANGE),
    _day_before("ally_interest", "its own interest in the result, the promise set aside", ALLY_INTEREST),
)
_SURE_THEN = Column(
    "ex_ante_confidence",
    "level",
    "how sure the coder is of the codes of the day before",
    CONFIDENCE,
    ordered=True,
    blank=True,
    absent=True,
)
_NOTE_THEN = Column("ex_ante_note", "text", "why the day before is coded so", blank=True, absent=True)

GUARANTEES = Table(
    "guarantees",
    (
        _CASE_ID,
        Column("guarantee_id", "name", "slug shared by the rows of one instrument"),
        Column("guarantee", "text", "English name of the instrument"),
        Column("beneficiary", "text", "who was owed the performance, separated by ;"),
        Column("obligor", "actor", "whose conduct is coded, ISO-3 where there is one"),
        Column("role", "level", "promised about others, or about itself", ROLE),
        Column("signed", "date", "date of the main instrument"),
        Column("tested", "date", "start of the test"),
        Column("ended", "date", "end of the commitment; blank if in force, dormant or unclear", blank=True),
        Column("obligation", "level", "what this obligor owed at this test", OBLIGATION),
        _GUARANTORS,
        _ENFORCEMENT,
        _MONITORING,
        _LEGAL_FORM,
        Column(
            "obligor_past_defections",
            "count",
            "guarantees in this file on which the obligor defected in the twenty years before the test",
            blank=True,
            absent=True,
        ),
        _POWER_RATIO,
        _STAKES,
        Column("nuclear_obligor", "flag", "whether the obligor had nuclear weapons", blank=True),
        _OUTCOME,
        _OUTCOME_YEAR,
        _CONFIDENCE,
        _SOURCES,
        _NOTE,
        *EX_ANTE,
        _SURE_THEN,
        _NOTE_THEN,
        Column("crisis", "name", "the shock the case belongs to", blank=True, absent=True),
    ),
    derived=("tested_year", "tested_from", "years_since_signing", "sourced", "doubted"),
)

TRACK_RECORD = Table(
    "track_record",
    (
        Column("actor", "actor", "whose conduct is coded"),
        Column("date", "date", "day, month or year of the event"),
        Column("agreement", "name", "slug of the agreement"),
        Column("event", "level", "what the actor did", EVENT),
        Column("ground", "level", "on what ground a performance was stopped", GROUND, blank=True, absent=True),
        Column("gravity", "level", "how much of the core duty was at stake", GRAVITY, ordered=True, absent=True),
        Column("finding_by", "text", "who says so"),
        Column("detail", "text", "what happened"),
        _SOURCES,
    ),
    row="event",
    key=("actor", "date", "agreement", "event"),
    derived=("date_from", "date_until"),
)

SECOND_CODING = Table(
    "second_coding",
    (
        _CASE_ID,
        _GUARANTORS,
        _ENFORCEMENT,
        _MONITORING,
        _LEGAL_FORM,
        _POWER_RATIO,
        _STAKES,
        _OUTCOME,
        _OUTCOME_YEAR,
        _CONFIDENCE,
        _NOTE,
        *EX_ANTE,
        _SURE_THEN,
        _NOTE_THEN,
    ),
    derived=("blind",),
)

BACKERS = Table(
    "backers",
    (
        _CASE_ID,
        Column("backer", "actor", "who stood behind the commitment"),
        Column("kind", "level", "what the backer is", KIND),
        Column("is_obligor", "flag", "whether it is the obligor of the case"),
        Column("promised", "level", "its own strongest promise that bears on the test", PROMISED, ordered=True),
        Column("p5", "flag", "permanent member of the Security Council; before 1945 a major power"),
        Column("tie", "level", f"its stance at the test, the guarantee set aside; {_AFTERWARDS}", TIE, blank=True),
        Column("cinc", "share", "share of the world's capabilities, 0 to 1", blank=True),
        Column("cinc_year", "year", "year of that share", blank=True),
        Column("confidence", "level", "the weakest of membership, promised and tie", CONFIDENCE, ordered=True),
        _NOTE,
    ),
    row="backer",
    key=("case_id", "backer"),
)

CRISES = Table("crises", (_CASE_ID, Column("crisis", "name", "the shock the case belongs to")))

DISPUTED = Table(
    "disputed",
    (
        _CASE_ID,
        Column("section", "count", "section of the codebook that disputes the case"),
        Column("reason", "text", "why another code is arguable"),
    ),
    row="dispute",
    key=("case_id", "section"),
)

#: The tables that a user may have of their own.
TABLES = MappingProxyType({table.name: table for table in (GUARANTEES, TRACK_RECORD, SECOND_CODING, BACKERS, CRISES)})
