"""Prior sets as TOML text."""

from __future__ import annotations

from ...common.errors import raise_faults
from ...models.errors import PriorError, wrong_kinds
from ...models.parameters.prior_set import PriorSet
from .load import Priors, as_priors


def prior_to_toml(priors: Priors) -> str:
    """Write a prior set as TOML text, which `load_prior` reads back as an equal set.

    Inherited entries are written out, so the text stands alone. Blanks around a text are not kept.

    Parameters
    ----------
    priors
        A prior set, the name of a shipped one, or the path of its TOML file.

    Raises
    ------
    PriorError
        As `load_prior`; or listing what would not be read back, such as an entry without a reason or a source.

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

    priors = as_priors(priors)
    raise_faults("priors", wrong_kinds({"priors": (priors, PriorSet)}), PriorError)
    raw = priors.to_dict()
    raise_faults(f"priors {priors.name}", set_faults(raw), PriorError)
    return tomli_w.dumps(raw)


__all__ = ["prior_to_toml"]
