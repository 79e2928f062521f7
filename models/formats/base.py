"""What one format is: its suffixes, its reader and writer, and the names that it can hold."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from ...common.errors import Fault
from .content import NetworkContent


@dataclass(frozen=True)
class NameRule:
    """Names that can stand in a format, as a pattern and in words.

    Examples
    --------
    >>> WITHOUT_SPACES.allows("rain"), WITHOUT_SPACES.allows("much rain"), ANY_NAME.allows("much rain")
    (True, False, True)
    """

    pattern: re.Pattern[str]
    words: str

    def allows(self, name: str) -> bool:
        """Whether a file would give the name back as it is."""
        return name.isprintable() and name == name.strip() and self.pattern.fullmatch(name) is not None


ANY_NAME = NameRule(re.compile(r".+"), "printable text without a space at its ends")
WITHOUT_SPACES = NameRule(re.compile(r"\S+"), "printable text without spaces")


@dataclass(frozen=True)
class Format:
    """A format of network files.

    Parameters
    ----------
    title
        What people call it.
    suffixes
        Ends of file names that say it, in small letters, the usual one first.
    read
        Bytes of a file -> its content. It raises FormatError with what is wrong in the content, and ValueError where
        the bytes are damaged or of another format.
    write
        Content -> text of a file, which reads back as the same names and the very same doubles.
    network_name, node_name, state_name
        Names that it holds.
    more_faults
        What no rule about a single name can say.
    """

    title: str
    suffixes: tuple[str, ...]
    read: Callable[[bytes], NetworkContent]
    write: Callable[[NetworkContent], str]
    network_name: NameRule = ANY_NAME
    node_name: NameRule = ANY_NAME
    state_name: NameRule = ANY_NAME
    more_faults: Callable[[NetworkContent], Iterable[Fault]] = lambda _: ()

    def faults(self, content: NetworkContent) -> Iterator[Fault]:
        """Say what of `content` a file of this format would lose."""
        if not self.network_name.allows(content.name):
            yield Fault("network", self._cannot(f"the name {content.name!r}", self.network_name))
        for node in content.nodes:
            if not self.node_name.allows(node.name):
                yield Fault(f"node {node.name}", self._cannot("this name", self.node_name))
            for state in node.states:
                if not self.state_name.allows(state):
                    yield Fault(f"node {node.name}", self._cannot(f"the state {state!r}", self.state_name))
        yield from self.more_faults(content)

    def _cannot(self, what: str, rule: NameRule) -> str:
        return f"{what} cannot stand in a {self.title} file; expected {rule.words}; rename it or write .xmlbif"
