"""Members of groups whose effects the compiled loops integrate out: those that few cases saw, each of them whole.

Hundreds of effects that are each seen once or twice are most of a block's unknowns, and with their spread make a
funnel that a sampler walks slowly. Integrated out (each over its own line, since given the rest they are independent)
they cost a row a dozen products; afterwards they are drawn, given each draw of the rest.
"""

from __future__ import annotations

import numpy as np

from ..cases.encode import Cases
from ..cases.patterns import Patterns
from ..network.network import Network

#: A member that more cases saw stays an unknown: it is well known, and would need many points.
MOST_CASES = 12


def integrated_members(network: Network, cases: Cases, patterns: Patterns, name: str) -> dict[str, np.ndarray]:
    """Which members of one of a node's groups are integrated out: of the group that has the most of them.

    Parameters
    ----------
    name
        The node.

    Returns
    -------
    dict
        Group -> whether each of its members is, shape (members,); empty where none is. Members of a case with a missing
        cell that the node sees are not: its sum ties them to other nodes.
    """
    if not network.family(name).integrates_members:
        return {}
    complete, found = patterns.complete[name], {}
    for group in (group.name for group in network[name].groups):
        size = len(cases.levels[group])
        seen = np.bincount(complete.members[group], complete.counts, size)
        tied = [part.members[name][group] for part in patterns.incomplete if name in part.codes]
        found[group] = seen <= MOST_CASES
        found[group][np.concatenate([np.zeros(0, np.int64), *tied])] = False
    best = max(found, key=lambda group: int(found[group].sum()), default=None)
    return {best: found[best]} if best is not None and found[best].any() else {}
