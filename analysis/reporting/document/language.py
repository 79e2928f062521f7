"""Languages of a report: its messages from a catalogue, its numbers and dates by the rules of the Unicode CLDR.

A message is written in English where it is used and is its own key in ``messages/<code>.po``. It may hold
``**strong**``, ``*emphasised*``, ```code``` and ``[label](address)``, and names in braces. What takes the place of a
name is text and nothing else: it is set as the words around it are and is never read for marks.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path
from string import Formatter

from ....common.errors import nearest
from ....models.errors import QueryError
from ...figures.percent import percent, points, span
from ...summaries.names import actor_name
from .blocks import Run, Style, Text, plain

MESSAGES = Path(__file__).parent / "messages"
#: Code -> locale of its numbers and dates.
LOCALES = {"en": "en_GB", "es": "es"}
#: State of the record's outcome -> the word a reader sees.
OUTCOMES = {"complied": "kept", "partial": "kept in part", "defected": "broken"}
#: Node and state that have a word of their own together, where that of the state alone would not agree.
FORMS = ("Monitoring: none",)
_MARKS = re.compile(r"(\*\*.+?\*\*|\*.+?\*|`.+?`|\[.+?\]\(.+?\))")


def N_(message: str) -> str:  # noqa: N802 - the name that gettext's tools know
    """A message that is said later, by `Language`: marks it for the catalogue."""
    return message


@dataclass(frozen=True)
class Language:
    """What a report is written in.

    Called with a message it says it as runs of text.

    Parameters
    ----------
    code
        ``en`` or ``es``.
    texts
        Text of the author -> the same in this language, where the author gave it.

    Raises
    ------
    QueryError
        If there is no such language.

    Examples
    --------
    >>> say = Language("en")
    >>> [(run.text, run.style) for run in say("Our confidence is **{level}**.", level="low")]
    [('Our confidence is ', ''), ('low', 'strong'), ('.', '')]
    >>> say.line("{name} *twice*", name="*x*")
    '*x* twice'
    """

    code: str = "en"
    texts: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.code not in LOCALES:
            what = f"is '{self.code}'; a report is written in {' or '.join(LOCALES)}{nearest(self.code, LOCALES)}"
            raise QueryError.of("language", what)

    def __call__(self, message: str, /, **values: str | Text) -> Text:
        """A message in this language, as runs of text."""
        return _filled(_catalogue(self.code).gettext(message), values)

    def plural(self, one: str, many: str, n: int, /, **values: str | Text) -> Text:
        """A message for a count, which both forms hold as ``{n}``."""
        message = _catalogue(self.code).ngettext(one, many, n)
        return _filled(message, {"n": self.count(n), **values})

    def line(self, message: str, /, **values: str | Text) -> str:
        """A message as plain text, for figures and attributes."""
        return plain(self(message, **values))

    def term(self, text: str) -> str:
        """A text of the scenario, or a name of the shipped files, in this language; any other stays as it is.

        Examples
        --------
        >>> say = Language("es", {"alone": "sola"})
        >>> say.term("alone"), say.term("kept"), say.term("something else")
        ('sola', 'cumplida', 'something else')
        """
        return self.texts.get(text) or (_catalogue(self.code).gettext(text) if text else text)

    def state(self, state: object, of: str = "") -> str:
        """State of a node as a reader sees it: as it is written, without underscores, or by its own word.

        Parameters
        ----------
        of
            Title of the node, where it is at hand: one word may need two forms in a language that has genders.

        Examples
        --------
        >>> Language("es").state("none"), Language("es").state("none", "Monitoring")
        ('ninguno', 'ninguna')
        >>> Language("en").state("treaty_ratified"), Language("en").state("complied"), Language("es").state("complied")
        ('treaty ratified', 'kept', 'cumplida')
        """
        shown = str(state).replace("_", " ")
        if f"{of}: {shown}" in FORMS:
            agreeing = f"{of}: {shown}"
            found = _catalogue(self.code).gettext(agreeing)
            return shown if found == agreeing else found
        return self.term(OUTCOMES.get(str(state), shown))

    def feature(self, node: str, state: object) -> str:
        """State with the title of the node that it is of.

        Examples
        --------
        >>> Language("es").feature("Monitoring", "none")
        'Vigilancia: ninguna'
        """
        return f"{self.term(node)}: {self.state(state, node)}"

    def actor(self, code: str) -> str:
        """Actor by the name of its code; a code that nothing knows stays itself.

        Examples
        --------
        >>> Language("en").actor("PRK"), Language("es").actor("PRK")
        ('North Korea', 'Corea del Norte')
        """
        return actor_name(code, self.code)

    def percent(self, x: float) -> str:
        r"""Probability in whole per cent; 0 and 100 are never said of what is uncertain.

        Examples
        --------
        >>> Language("es").percent(0.744)
        '74\xa0%'
        """
        return self.line(N_("not computed")) if math.isnan(x) else percent(x)

    def span(self, lower: float, upper: float) -> str:
        """Interval of probabilities in whole per cent."""
        return self.line(N_("not computed")) if math.isnan(lower) or math.isnan(upper) else span(lower, upper)

    def points(self, x: float) -> str:
        r"""Difference of probabilities in percentage points, with its sign.

        Examples
        --------
        >>> Language("en").points(0.05), Language("en").points(0.001), Language("en").points(-0.08) == "\N{MINUS SIGN}8"
        ('+5', '0', True)
        """
        return self.line(N_("not computed")) if math.isnan(x) else points(x)

    def points_span(self, lower: float, upper: float) -> str:
        """Interval of differences in percentage points.

        Examples
        --------
        >>> Language("es").points_span(0.02, 0.21)
        '+2 a +21'
        """
        return self.line(N_("{low} to {high}"), low=self.points(lower), high=self.points(upper))

    def decimal(self, x: float | None, places: int, *, signed: bool = False) -> str:
        r"""Number to so many places.

        Examples
        --------
        >>> Language("es").decimal(0.0801, 3, signed=True), Language("en").decimal(None, 1)
        ('+0,080', 'not computed')
        """
        from babel.numbers import format_decimal

        if x is None or not math.isfinite(x):
            return self.line(N_("not computed"))
        form = f"#,##0.{'0' * places}" if places else "#,##0"
        said = format_decimal(abs(x) if signed else x, form, locale=LOCALES[self.code])
        return f"{'+' if x >= 0 else '-'}{said}".replace("-", "\N{MINUS SIGN}") if signed else said

    def count(self, n: int) -> str:
        """Whole number, in groups of three digits.

        Examples
        --------
        >>> Language("en").count(4000), Language("es").count(40000)
        ('4,000', '40.000')
        """
        from babel.numbers import format_decimal

        return format_decimal(n, "#,##0", locale=LOCALES[self.code])

    def figure(self, value: object) -> str:
        """A diagnostic, a count or a setting, as short as it can be said.

        Examples
        --------
        >>> [Language("en").figure(x) for x in (5012.3, 1.0011, 4000, 0.0, ["a", "b"], True)]
        ['5,012', '1.001', '4,000', '0', 'a, b', 'True']
        """
        from babel.numbers import format_decimal

        if isinstance(value, list | tuple):
            return ", ".join(self.figure(item) for item in value)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return self.line(N_("not computed")) if value is None else str(value)
        if not math.isfinite(value):
            return self.line(N_("not computed"))
        if abs(value) >= 100 or value == int(value):
            return self.count(round(value))
        return format_decimal(float(f"{value:.4g}"), "0.##########", locale=LOCALES[self.code])

    def day(self, date: str) -> str:
        """ISO date in words; what is not one stays as it is.

        Examples
        --------
        >>> Language("en").day("2019-04-25"), Language("es").day("2019-04-25"), Language("en").day("1914")
        ('25 April 2019', '25 de abril de 2019', '1914')
        >>> Language("en").day("1998-03"), Language("es").day("1998-03")
        ('March 1998', 'marzo de 1998')
        """
        from datetime import date as day_of

        from babel.dates import format_date, format_skeleton

        parts = date.split("-")
        if not 2 <= len(parts) <= 3 or not all(part.isdigit() for part in parts):
            return date
        try:
            found = day_of(*(int(part) for part in [*parts, "1"][:3]))
        except ValueError:
            return date
        locale = LOCALES[self.code]
        return format_date(found, "long", locale) if len(parts) == 3 else format_skeleton("yMMMM", found, locale=locale)

    def listed(self, items: Sequence[str], joined: str = "and") -> str:
        """Items as a sentence lists them.

        Parameters
        ----------
        joined
            ``and`` or ``or``, before the last.

        Examples
        --------
        >>> Language("es").listed(["Rusia", "China", "Japón"]), Language("en").listed(["a", "b"], "or")
        ('Rusia, China y Japón', 'a or b')
        """
        from babel.lists import format_list

        return format_list(list(items), "or" if joined == "or" else "standard", LOCALES[self.code])


def languages() -> tuple[str, ...]:
    """Codes of the languages that a report can be written in."""
    return tuple(LOCALES)


@lru_cache(maxsize=len(LOCALES))
def _catalogue(code: str) -> NullTranslations:
    """Messages of a language; English ones are their own."""
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    path = MESSAGES / f"{code}.po"
    if not path.exists():
        return NullTranslations()
    compiled = io.BytesIO()
    with path.open(encoding="utf-8") as file:
        write_mo(compiled, read_po(file, locale=code))
    compiled.seek(0)
    return GNUTranslations(compiled)


def _filled(message: str, values: dict[str, str | Text] | dict[str, str]) -> Text:
    """Runs of a message with values in place of names."""
    found: list[Run] = []
    for part in _parsed(message):
        found += _placed(part, values)
    return tuple(found)


@lru_cache(maxsize=1024)
def _parsed(message: str) -> tuple[Run, ...]:
    return tuple(_marked(part) for part in _MARKS.split(message) if part)


def _marked(part: str) -> Run:
    styles: dict[str, Style] = {"**": "strong", "*": "emphasis", "`": "code"}
    for mark, style in styles.items():
        if len(part) > 2 * len(mark) and part.startswith(mark) and part.endswith(mark):
            return Run(part[len(mark) : -len(mark)], style)
    link = re.fullmatch(r"\[(.+)\]\((.+)\)", part)
    return Run(link[1], href=link[2]) if link else Run(part)


def _placed(part: Run, values: dict[str, str | Text] | dict[str, str]) -> list[Run]:
    """A run of a message, cut where values stand."""
    href = part.href.format_map({name: value for name, value in values.items() if isinstance(value, str)})
    found: list[Run] = []
    for before, name, _, _ in Formatter().parse(part.text):
        if before:
            found.append(Run(before, part.style, href))
        if name is None:
            continue
        value = values[name]
        if isinstance(value, str):
            found.append(Run(value, part.style, href))
        else:
            found += [Run(run.text, run.style or part.style, run.href or href, run.language) for run in value]
    return found
