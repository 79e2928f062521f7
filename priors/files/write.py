"""Prior sets as TOML text."""

from __future__ import annotations

from typing import Any

from ...common.errors import raise_faults
from ...models.errors import PriorError, wrong_kinds
from ...models.parameters.prior import PriorEntry, PriorSet, Value


def prior_to_toml(priors: PriorSet) -> str:
    """Write a prior set as TOML text, which `load_prior` reads back as an equal set.

    Inherited entries are written out, so the text stands alone. Blanks around a text are not kept.

    Raises
    ------
    PriorError
        Listing what would not be read back, such as an entry without a reason or a source.

    Examples
    --------
    >>> from pathlib import Path
    >>> from servanda.models import Prior, PriorEntry, PriorSet
    >>> from servanda.priors import load_prior
    >>> slope = PriorEntry("y.x", Prior.of("normal", mu=0, sigma=1), reason="no sign", source="judgement")
    >>> priors = PriorSet((slope,), name="mine")
    >>> _ = Path("mine.toml").write_text(prior_to_toml(priors), encoding="utf-8")
    >>> load_prior("mine.toml") == priors
    True
    """
    import tomli_w

    from .schema import set_faults

    raise_faults("priors", wrong_kinds({"priors": (priors, PriorSet)}), PriorError)
    raw = _set_to_dict(priors)
    raise_faults(f"priors {priors.name}", set_faults(raw), PriorError)
    return tomli_w.dumps(raw)


def _set_to_dict(priors: PriorSet) -> dict[str, Any]:
    head = {"title": priors.title, "description": priors.description, "based_on": list(priors.based_on)}
    stated = {key: value for key, value in head.items() if value}
    return {"name": priors.name, **stated, "priors": [_entry_to_dict(entry) for entry in priors.entries]}


def _entry_to_dict(entry: PriorEntry) -> dict[str, Any]:
    numbers = {name: _plain(value) for name, value in entry.prior.numbers}
    why = {"reason": entry.reason, "source": entry.source, "certainty": entry.certainty}
    return {"parameter": entry.parameter, "distribution": entry.prior.distribution, **numbers, **why}


def _plain(value: Value) -> float | list[float] | dict[str, float]:
    """Undo what `Prior.of` froze."""
    if not isinstance(value, tuple):
        return value
    named = {item[0]: item[1] for item in value if isinstance(item, tuple)}
    return named or [item for item in value if not isinstance(item, tuple)]


__all__ = ["prior_to_toml"]
