"""Judgements by hand."""

from __future__ import annotations

import datetime as dt
from typing import Any

from servanda.analysis.ledger.lines import Issued

DAY = dt.date(2026, 1, 31)
STATES = ("defected", "partial", "complied")


def issued(number: int = 1, p: tuple[float, ...] = (0.2, 0.3, 0.5), **changed: Any) -> Issued:
    base = changed.pop("base", (0.3, 0.2, 0.5))
    return Issued(
        **{
            "id": f"{DAY}.{number}",
            "issued": DAY,
            "scenario": "ally",
            "judgement": "own",
            "row": f"row {number}",
            "claim": "France keeps its promise",
            "as_of": "2019-04-25",
            "horizon": "ten years",
            "resolution": "by the codebook",
            "outcomes": dict(zip(STATES, p, strict=True)),
            "states": ["complied"],
            "base_rate": None if base is None else dict(zip(STATES, base, strict=True)),
            "lower": 0.1,
            "upper": 0.9,
            "confidence": "low",
            "inputs": "1" * 64,
            "report": "a" * 64,
            **changed,
        }
    )
