"""How networks and posteriors show themselves in a notebook: small tables."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..posterior import Posterior
    from .network import Network


def network_html(network: Network) -> str:
    """Give a table of nodes, states, parents and families."""
    rows = "".join(
        f"<tr><td>{escape(node.title)}</td><td>{escape(', '.join(node.states))}</td>"
        f"<td>{escape(', '.join(node.parent_names))}</td><td>{escape(node.family)}</td></tr>"
        for node in network.nodes
    )
    head = "<tr><th>node</th><th>states</th><th>parents</th><th>family</th></tr>"
    return f"<p><b>{escape(network.title or network.name)}</b></p><table>{head}{rows}</table>"


def posterior_html(posterior: Posterior) -> str:
    """Give what was fitted, to how much, and how."""
    facts = {
        "network": posterior.network.name,
        "priors": posterior.priors.name if posterior.priors else "none stated",
        "draws": f"{posterior.sizes['chain']} chains of {posterior.sizes['draw']}",
        "cases": posterior.provenance.get("cases", "not from data"),
        "missing cells": posterior.provenance.get("missing_cells") or "none",
    }
    rows = "".join(f"<tr><th>{escape(key)}</th><td>{escape(str(value))}</td></tr>" for key, value in facts.items())
    return f"<table>{rows}</table>"
