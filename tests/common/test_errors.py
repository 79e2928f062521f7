"""What a user reads when something is wrong."""

from __future__ import annotations

import pytest

from servanda.common.errors import SHOWN, Fault, InputError, ServandaError, nearest, raise_faults


@pytest.mark.parametrize(
    ("name", "known", "end"),
    [
        ("prise", ["price", "role"], "; did you mean 'price'?"),
        ("PRICE", ["price", "role"], "; did you mean 'price'?"),
        ("usa", ["USA", "UKR"], "; did you mean 'USA'?"),
        ("zzz", ["price", "role"], "; known: price, role"),
        ("zzz", [], ""),
        ("q", list("abcdefghijklmno"), "; known: a, b, c, d, e, f, g, h, i, j, k, l, ..."),
        ("9", list("abcdefghijkl"), "; known: a, b, c, d, e, f, g, h, i, j, k, l"),
    ],
)
def test_nearest_names_what_is_meant_or_what_there_is(name, known, end):
    assert nearest(name, known) == end


def test_a_fault_says_where():
    assert str(Fault("row 4, column x", "is empty")) == "row 4, column x: is empty"
    assert str(Fault("", "is empty")) == "is empty"


def test_one_fault_stands_on_one_line_and_more_below_each_other():
    one = InputError("a.csv", [Fault("row 2", "is empty")])
    two = InputError("a.csv", [Fault("row 2", "is empty"), Fault("", "is old")])
    assert str(one) == "a.csv: row 2: is empty"
    assert str(two) == "a.csv: 2 faults\n  row 2: is empty\n  is old"
    assert isinstance(two, ServandaError)
    assert (two.subject, len(two.faults)) == ("a.csv", 2)


def test_faults_are_raised_as_the_kind_asked_for_and_none_raise_nothing():
    class OwnError(InputError):
        pass

    raise_faults("a.csv", [])
    with pytest.raises(OwnError, match=r"^a\.csv: row 1: is odd$"):
        raise_faults("a.csv", [Fault("row 1", "is odd")], OwnError)


def test_errors_survive_a_process_border():
    import pickle

    error = InputError("a.csv", [Fault("row 2", "is empty")])
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.faults) == (str(error), error.faults)


def test_faults_of_a_table_stand_in_the_order_of_its_rows():
    faults = [Fault.at(3, "", "is empty"), Fault("", "has no cases"), Fault.at(2, "outcome", "is no level")]
    with pytest.raises(InputError) as caught:
        raise_faults("cases.csv", iter(faults))
    assert str(caught.value).splitlines() == [
        "cases.csv: 3 faults",
        "  has no cases",
        "  row 2, column outcome: is no level",
        "  row 3: is empty",
    ]
    assert Fault.at(3, "", "is empty").within("a.csv") == Fault("a.csv, row 3", "is empty", 3)


def test_a_long_list_is_cut_and_says_how_much_more_there_is():
    odd = [Fault.at(row, "name", f"'{row}' is no name") for row in range(2, 70)]
    empty = [Fault.at(row, "outcome", "is empty") for row in range(2, 1205)]
    error = InputError("a.csv", sorted([*odd, *empty], key=lambda fault: fault.line))
    head, *lines, end = str(error).splitlines()
    assert head == "a.csv: 1,271 faults"
    assert lines[:2] == [
        "  row 2, column name: '2' is no name",
        "  row 2, column outcome: is empty (and 1,202 times more)",
    ]
    assert (len(lines), lines[-1]) == (SHOWN, "  row 50, column name: '50' is no name")
    assert end == "  (and 19 more; equal faults stand once; --all-faults, or the error's .faults, has all)"
    assert error.told().splitlines() == ["a.csv: 1,271 faults", *(f"  {fault}" for fault in error.faults)]
    assert len(error.faults) == 1271


@pytest.mark.parametrize(("count", "said"), [(SHOWN, SHOWN + 1), (SHOWN + 1, 3)])
def test_what_has_room_is_said_fault_by_fault(count: int, said: int):
    faults = [Fault.at(row, "", "is empty") for row in range(1, count + 1)]
    assert len(str(InputError("a.csv", faults)).splitlines()) == said
