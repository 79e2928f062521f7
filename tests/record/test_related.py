"""What holds of every table that says more about the cases: second coding, backers and crises."""

from __future__ import annotations

import pytest

from servanda.common.errors import InputError
from servanda.record import load_backers, load_crises, load_guarantees, load_second_coding


@pytest.mark.parametrize(
    ("load", "name", "cells", "message"),
    [
        (
            load_second_coding,
            "second_coding",
            {(2, "case_id"): "prt_1826_gbx"},
            "row 2, column case_id: 'prt_1826_gbx' is no case; did you mean 'prt_1826_gbr'?",
        ),
        (
            load_second_coding,
            "second_coding",
            {(2, "outcome_year"): "1825"},
            "row 2, column outcome_year: '1825' lies before the test of the case (1826)",
        ),
        (
            load_second_coding,
            "second_coding",
            {(2, "price"): "monye"},
            "row 2, column price: 'monye' is not a level; did you mean 'money'?",
        ),
        (
            load_second_coding,
            "second_coding",
            {(2, "case_id"): "kh_1993_un", (2, "regime"): "mixed"},
            "row 2, column regime: 'mixed' stands on an organisation; expected 'none'",
        ),
        (load_crises, "crises", {(2, "crisis"): ""}, "row 2, column crisis: is empty; a value is required"),
        (
            load_backers,
            "backers",
            {(2, "is_obligor"): "0", (2, "tie"): "neutral"},
            "case 'prt_1826_gbr' has no obligor row; expected one for 'GBR'",
        ),
        (
            load_backers,
            "backers",
            {(2, "backer"): "AUT"},
            "row 2, column backer: 'AUT' is not the obligor of 'prt_1826_gbr'; expected 'GBR'",
        ),
        (
            load_backers,
            "backers",
            {(4, "backer"): "TUR"},
            "row 4, column backer: 'TUR' is the beneficiary of the case, who does not count as a backer",
        ),
        (
            load_backers,
            "backers",
            {(4, "tie"): ""},
            "row 4, column tie: is empty; only an obligor has no tie",
        ),
        (
            load_backers,
            "backers",
            {(2, "tie"): "neutral"},
            "row 2, column tie: 'neutral' stands on an obligor row; leave it empty",
        ),
        (
            load_backers,
            "backers",
            {(2, "cinc"): "1.5"},
            "row 2, column cinc: '1.5' is not a share; expected a number from 0 to 1",
        ),
        (
            load_backers,
            "backers",
            {(2, "cinc"): "nan"},
            (
                "row 2, column cinc: 'nan' looks like the code of a missing value; declare it by missing='nan' (on the "
                "command line --missing nan), or leave the cell empty"
            ),
        ),
        (
            load_backers,
            "backers",
            {(2, "cinc_year"): "1900"},
            "row 2, column cinc_year: '1900' is not the year of the test; expected 1826",
        ),
        (
            load_backers,
            "backers",
            {(2, "cinc"): ""},
            "row 2, column cinc_year: must be given where cinc is, and nowhere else",
        ),
        (
            load_backers,
            "backers",
            {(4, "kind"): "organisation", (4, "p5"): "0"},
            "row 4, column cinc: '0.072335' stands on a backer that is no state; leave it empty",
        ),
        (
            load_backers,
            "backers",
            {(4, "kind"): "organisation", (4, "cinc"): "", (4, "cinc_year"): ""},
            "row 4, column p5: is 1 on a backer that is no state; expected 0",
        ),
        (
            load_backers,
            "backers",
            {(5, "backer"): "AUT"},
            "row 5: repeats the backer of row 4 ('lond1840_gbr', 'AUT'); each may stand once",
        ),
    ],
)
def test_a_mistake_is_named(edited, load, name, cells, message):
    with pytest.raises(InputError) as caught:
        load(edited(name, cells))
    assert message in [str(fault) for fault in caught.value.faults]


def test_no_case_may_be_without_a_crisis(edited):
    with pytest.raises(InputError, match=r"415 faults\n  case 'lond1840_gbr' has no row; add one"):
        load_crises(edited("crises", keep=1))


def test_a_case_may_be_without_a_list_of_backers_and_none_is_without_an_obligor(edited):
    assert load_backers(edited("backers", keep=1))["case_id"].tolist() == ["prt_1826_gbr"]
    with pytest.raises(InputError, match="case 'lond1840_gbr' has no obligor row; expected one for 'GBR'"):
        load_backers(edited("backers", {(3, "is_obligor"): "0", (3, "tie"): "neutral"}, keep=2))


def test_related_tables_of_one_s_own_cases(edited):
    own = load_guarantees(edited("guarantees", keep=1))
    assert len(load_crises(edited("crises", keep=1), cases=own)) == 1
    assert len(load_backers(edited("backers", keep=1), cases=own)) == 1
