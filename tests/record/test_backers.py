"""Backers of each commitment: their rows, against the codebook and against their messages."""

from __future__ import annotations

import pytest

from servanda.common.errors import InputError
from servanda.record import load_backers
from servanda.record.backers import counts_that_differ


def test_two_obligors(edited):
    with pytest.raises(InputError) as caught:
        load_backers(edited("backers", {(4, "is_obligor"): "1", (4, "tie"): ""}))
    assert [str(fault) for fault in caught.value.faults] == [
        "row 4, column backer: 'AUT' is not the obligor of 'lond1840_gbr'; expected 'GBR'",
        "row 4, column is_obligor: is the second obligor of 'lond1840_gbr'; expected one",
    ]


def test_lists_of_another_length_are_those_of_the_codebook(cases):
    backers = load_backers()
    assert len(backers) == 912
    assert (~backers["is_obligor"]).sum() == 700
    differ = counts_that_differ(backers, cases).set_index("case_id")
    assert differ.loc["league_1925_grc"].tolist() == [54, 55]
    assert backers["case_id"].nunique() == 212
    assert set(differ.index) == {
        "triple_1914_ita",
        "league_1925_grc",
        "swi_1940_deu",
        "rio_1962_arg",
        "arab_1990_irq",
        "arab_1990_egy",
        "arab_1990_jor",
    }


def test_promises_and_flags_are_typed():
    backers = load_backers()
    assert (backers["promised"] > "enforce").sum() == 334
    assert backers["p5"].sum() == 315
    assert backers["cinc"].dropna().between(0, 1).all()
