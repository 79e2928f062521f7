"""`confusion`: what a coder says of a state, given the state: a table that is more often right than not.

P(said = s | true = t, ...) is a full table, its rows independent and Dirichlet, after Dawid and Skene (1979, Applied
Statistics 28(1):20-28; cited from memory). What makes it a family of its own is its prior: the diagonal weighs most,
and in ordered states a neighbour more than what lies farther. That names the states of a truth which nobody saw:
without it every permutation of them would fit as well.

Its rows stay conjugate, so that it is drawn as a `table` is: exactly, by augmentation or by NUTS.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..parameters.distributions import SIMPLEX
from ..parameters.parameter import Parameter
from ..parameters.prior import Prior
from .base import plain_faults
from .table import Table, table_name

if TYPE_CHECKING:
    from ..network.network import Network, Node

#: By judgement: right in about four cases of five, with the weight of about eight cases in each row; in ordered states
#: a neighbour is twice as likely as what lies farther.
ORDERED = Prior.of("confusion", right=6.0, near=1.0, far=0.5)
UNORDERED = Prior.of("confusion", right=6.0, near=0.75, far=0.75)


class Confusion(Table):
    """What is said of the last parent, which has the states of the node; other parents may bear on how well.

    Its single parameter ``<node>.confusion`` has the dims of a table: other parents, the truth, what is said.

    Examples
    --------
    >>> from servanda.models import Arrow, Network, Node, network_parameters
    >>> kept = Node("kept", ("no", "yes"))
    >>> said = Node("said", ("no", "yes"), (Arrow("kept"),), family="confusion")
    >>> (parameter,) = network_parameters(Network((kept, said)), ["said"])
    >>> parameter.name, parameter.dims, str(parameter.default)
    ('said.confusion', ('kept', 'said'), 'confusion(far=0.75, near=0.75, right=6)')
    """

    def faults(self, node: Node, network: Network) -> list[str]:
        """Say why `node` cannot say something of its last parent."""
        faults = plain_faults("confusion", node)
        if not node.parents:
            return [*faults, "family 'confusion' needs a parent: the node that it speaks of, as the last one"]
        truth = node.parent_names[-1]
        if network[truth].states != node.states:
            states = ", ".join(network[truth].states)
            faults.append(f"family 'confusion' speaks of its last parent and needs the states of '{truth}': {states}")
        return faults

    def parameters(self, node: Node, network: Network) -> tuple[Parameter, ...]:
        """Declare the table."""
        truth = network[node.parent_names[-1]].title
        doc = f"probability of each state of {node.title}, for each state of {truth}"
        default = ORDERED if node.ordered else UNORDERED
        return (Parameter(table_name(node), network.axes(node.name), SIMPLEX, default, doc=doc),)


def reports(network: Network, name: str) -> tuple[str, ...]:
    """Children that say what state a node is in, with errors.

    Examples
    --------
    >>> from servanda.models import Arrow, Network, Node
    >>> said = Node("said", ("no", "yes"), (Arrow("kept"),), family="confusion")
    >>> reports(Network((Node("kept", ("no", "yes")), said)), "kept")
    ('said',)
    """
    children = (network[child] for child in network.children[name])
    return tuple(child.name for child in children if child.family == "confusion" and child.parent_names[-1] == name)
