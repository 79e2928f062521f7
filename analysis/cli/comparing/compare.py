"""The commands `servanda compare`: rival priors, rival theories of what backers do, rival networks."""

from __future__ import annotations

import typer

from .compare_networks import networks
from .compare_priors import priors
from .compare_theories import theories

app = typer.Typer(
    help="Compare rival priors, theories or networks: how answers move, and which predicts better.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)
for _command in (priors, theories, networks):
    app.command()(_command)
