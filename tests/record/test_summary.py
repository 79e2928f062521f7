"""The table of counts against a plain count of the file."""

from __future__ import annotations

from collections import Counter

from servanda.record import describe


def test_describe_counts_what_a_plain_count_counts(cases, plain):
    rows = plain("guarantees")
    counts = Counter((row["outcome"], row["role"]) for row in rows)
    table = describe(cases)
    for (outcome, role), count in counts.items():
        assert table.loc[("outcome", outcome), role] == count
    assert table.loc["outcome", "all"].sum() == 416
    assert table.loc[("missing", "ended"), "all"] == sum(not row["ended"] for row in rows)
    assert table.loc["missing"].index.tolist() == [
        *("ended", "obligor_past_defections", "stakes", "adversary_nuclear", "ex_ante_note")
    ]
    unsourced = Counter(row["role"] for row in rows if row["sources"] == "general_knowledge")
    assert table.loc[("source", "none")].to_dict() == {**unsourced, "all": 204}
    assert table.loc["source", "all"].tolist() == [212, 204]
