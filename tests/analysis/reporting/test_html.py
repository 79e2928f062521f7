"""The page says what the dictionary holds, in order, in words that obey the rules, and fetches nothing."""

from __future__ import annotations

import calendar
import copy
import json
import math
import re

import pytest

from servanda.analysis.figures.percent import percent
from servanda.analysis.reporting.html import render
from servanda.analysis.reporting.words import clause, complement, day, figure, part_value, points
from servanda.analysis.summaries.likelihood_words import load_lexicon

NASTY = "</title><script>alert('x')</script><b onclick=\"x\">&{{ 7 * 7 }}"
WORDS = [band.word for band in load_lexicon("icd203").bands] + ["probable", "certain"]
LIKELIHOOD = re.compile(r"\b(" + "|".join(WORDS) + r")\b", re.IGNORECASE)
CONFIDENCE = re.compile(r"\bconfiden(ce|t)\b", re.IGNORECASE)


def numbers(value, path=()):
    """Every number of a report but those of the curves, whose grid would match anything."""
    if isinstance(value, dict):
        for key, item in value.items():
            if key not in ("x", "density"):
                yield from numbers(item, (*path, key))
    elif isinstance(value, list):
        for item in value:
            yield from numbers(item, path)
    elif isinstance(value, bool) or value is None:
        return
    elif isinstance(value, int | float):
        yield value
    else:
        yield from printed(str(value))


def allowed(content):
    """Numbers as they may be printed: as they are, as per cent, as points, as complement, as odds to two digits."""
    found = set()
    for said in numbers(content):
        x = float(said)
        if math.isnan(x):
            continue
        found.add(str(said))
        found |= {f"{x:g}", f"{abs(x):.4g}", f"{abs(x):.0f}", f"{abs(100 * x):.0f}", f"{abs(100 * x):g}"}
        found |= {f"{x:.2f}", f"{x:,.0f}".replace(",", "")}
    return found | {"0", "1", "99", "100"}


def printed(text):
    return re.findall(r"\d+(?:\.\d+)?", re.sub(r"(?<=\d),(?=\d{3})", "", text))


def sections(html):
    return re.findall(r'<(?:section|article)[^>]* id="([a-z]+)"', html)


def test_answer_is_one_sentence_with_word_range_number_and_interval(content, read):
    sentence = (
        "We assess it is likely [55-80 %] that France keeps its promise with an ally "
        "(61 %; 90 % credible interval for that probability: 22-92 %; horizon: ten years)."
    )
    assert sentence in read(content).sentences


def test_change_frequency_and_the_other_way_follow(content, read):
    text = read(content).text
    change = text.index("changes that probability by +13 points (90 % credible interval: -7 to +29)")
    worth = text.index(
        "A gain of 5 points or more has a probability of 73 %, a smaller move either way 21 %, "
        "a loss of 5 points or more 6 %."
    )
    other = text.index("the probability that it does not happen is 39 %")
    assert text.index("We assess") < change < worth < other < text.index("Our confidence is low")
    assert "about 6 in 10 comparable cases" in text


def test_order_of_the_page(content):
    assert sections(render(content)) == [
        "answer", "judgements", "record", "priors", "assumptions", "diagnostics", "network", "provenance", "sources",
    ]  # fmt: skip


def test_contents_lead_to_every_section(content, read):
    html = render(content)
    ids = set(read(content).values("id"))
    assert {href.removeprefix("#") for href in read(content).values("href")} <= ids
    assert set(re.findall(r'<li><a href="#(\w+)"', html)) == set(sections(html))


@pytest.mark.parametrize("word", [band.word for band in load_lexicon("icd203").bands])
def test_no_sentence_has_a_likelihood_and_a_confidence_word(content, read, word):
    content["answer"]["word"] = word
    mixed = [s for s in read(content).sentences if LIKELIHOOD.search(s) and CONFIDENCE.search(s)]
    assert mixed == []


def test_the_rule_on_words_would_notice(read, content):
    content["question"]["assumptions"] = ["We have high confidence that it is likely."]
    assert any(LIKELIHOOD.search(s) and CONFIDENCE.search(s) for s in read(content).sentences)


def test_shipped_scenario_keeps_the_rule_on_words(supposed, read):
    assert [s for s in read(supposed).sentences if LIKELIHOOD.search(s) and CONFIDENCE.search(s)] == []


@pytest.mark.parametrize("which", ["content", "failing", "supposed"])
def test_every_number_in_a_cell_stands_in_the_dictionary(which, request, read):
    report = request.getfixturevalue(which)
    known = allowed(report)
    cells = [cell for cell in read(report).cells if re.search(r"\d", cell)]
    assert len(cells) > 20
    strange = [cell for cell in cells if any(found not in known for found in printed(cell))]
    assert strange == []


def test_every_per_cent_elsewhere_stands_in_the_dictionary(content, read):
    axes = {"0", "25", "50", "75", "100"}
    negative_frame = {"39"}
    found = [n for pair in re.findall(r"(?:(\d+)-)?(\d+) %", read(content).text) for n in pair if n]
    assert len(found) > 30
    assert set(found) <= allowed(content) | axes | negative_frame


def test_a_number_that_changes_changes_the_page(content, read):
    before = read(content).text
    content["judgements"][0]["rows"][0]["lower"] = 0.1977
    assert "20-81 %" in read(content).text
    assert "20-81 %" not in before


def test_draft_is_said_first_and_beside_the_number(failing, read):
    text = read(failing).text
    assert text.index("DRAFT.") < text.index("We assess")
    assert text.startswith("DRAFT: A promise of France")
    assert text.count("not passed: bulk ESS 262, asked 400 or more") == 2  # the answer and its row
    assert failing["failed_gates"][0] in text


def test_no_draft_when_all_passed(content, read):
    assert "DRAFT" not in read(content).text
    assert "not passed" not in read(content).text


def test_page_fetches_nothing(supposed, read):
    html, page = render(supposed), read(supposed)
    assert page.values("src") == []
    hrefs = page.values("href") + page.values("xlink:href")
    assert hrefs
    assert [href for href in hrefs if not href.startswith("#")] == []
    assert not {"script", "link", "iframe", "img", "object", "image", "base", "form"} & set(page.tags)
    assert not re.search(r"@import|@font-face|url\((?!#)", html)
    assert [name for _, name, _ in page.attributes if name.startswith("on")] == []


@pytest.mark.parametrize("which", ["content", "failing", "supposed"])
def test_page_is_well_formed_and_its_ids_are_its_own(which, request, read):
    page = read(request.getfixturevalue(which))
    ids = page.values("id")
    assert len(set(ids)) == len(ids)
    assert page.tags.count("h1") == 1


def test_page_is_the_same_on_every_run_and_from_json(supposed):
    first = render(supposed)
    assert render(copy.deepcopy(supposed)) == first
    assert render(json.loads(json.dumps(supposed))) == first


def test_tables_and_figures_can_be_heard(supposed, read):
    page = read(supposed)
    assert page.tags.count("caption") == page.tags.count("table")
    assert page.values("scope").count("col") + page.values("scope").count("row") == page.tags.count("th")
    labels = [v for tag, name, v in page.attributes if tag == "svg" and name == "aria-label"]
    assert len(labels) == page.tags.count("svg")
    assert all(len(label) > 40 for label in labels)


PLACES = [
    ("question", "title"),
    ("question", "question"),
    ("question", "horizon"),
    ("question", "resolution"),
    ("question", "assumptions", 0),
    ("answer", "claim"),
    ("judgements", 0, "title"),
    ("judgements", 0, "claim"),
    ("judgements", 0, "note"),
    ("judgements", 0, "supposed", 0),
    ("judgements", 0, "rows", 0, "note"),
    ("judgements", 0, "rows", 0, "actor"),
    ("record", "held", 1, "nearest", 0, "note"),
    ("record", "held", 1, "nearest", 0, "guarantee"),
    ("record", "held", 1, "nearest", 0, "obligor"),
    ("record", "held", 1, "nearest", 0, "tested"),
    ("record", "held", 1, "nearest", 0, "sources", 0),
    ("record", "held", 1, "pairs_unseen", 0),
    ("record", "citations", "clark2012"),
    ("priors", "sets", 0, "title"),
    ("priors", "sets", 0, "description"),
    ("priors", "entries", 0, "reason"),
    ("network", "title"),
    ("network", "nodes", 0, "title"),
    ("network", "nodes", 1, "parents", 0, "reason"),
    ("network", "nodes", 1, "parents", 0, "source"),
    ("provenance", "command"),
]


@pytest.mark.parametrize("place", PLACES, ids=lambda place: ".".join(map(str, place)))
def test_text_from_files_is_escaped(content, read, place):
    *way, last = place
    holder = content
    for step in way:
        holder = holder[step]
    holder[last] = NASTY
    html = render(content)
    page = read(content)
    assert "<script" not in html
    assert "<b onclick" not in html
    assert "&lt;script&gt;" in html
    assert "49" not in page.text
    assert not {"script", "b"} & set(page.tags)


def test_labels_are_escaped_everywhere_they_go(content, read):
    text = json.dumps(content).replace("with an ally", json.dumps(NASTY)[1:-1])
    page = read(json.loads(text))
    assert not {"script", "b"} & set(page.tags)
    assert page.text.count("<script>alert('x')</script>") > 5


def test_a_report_without_the_optional_parts(content, read):
    del content["record"]["coders"]
    content["record"]["missing_cells"] = {}
    content["record"]["citations"] = {}
    content["record"]["held"] = []
    content["question"]["assumptions"] = []
    content["answer"]["change"] = None
    content["judgements"][0]["base"] = None
    content["judgements"][0]["rows"][1]["change"] = None
    text = read(content).text
    assert "changes that probability" not in text
    assert "blind" not in text


def test_a_headline_that_is_its_own_base_has_no_change(content, read):
    content["answer"]["change"]["from"] = content["answer"]["format"]
    assert "changes that probability" not in read(content).text


def test_numbers_that_could_not_be_computed_are_called_so(content, read):
    row = content["judgements"][0]["rows"][0]
    row["mean"] = row["lower"] = row["upper"] = float("nan")
    row["curve"] = {"x": [], "density": [], "quantiles": {}}
    assert "not computed" in read(content).text


@pytest.mark.parametrize(
    ("word", "begins"),
    [
        ("likely", "We assess it is likely ["),
        ("roughly even chance", "We assess there is a roughly even chance ["),
        ("almost no chance", "We assess there is almost no chance ["),
        ("more than 99 in 100", "We assess the chance is more than 99 in 100 ["),
    ],
)
def test_openings(content, read, word, begins):
    content["answer"]["word"] = word
    assert begins in read(content).text


def test_a_label_that_names_who_acts_comes_first():
    assert clause("acts on its promise.", "Russia or China") == "Russia or China acts on its promise"


@pytest.mark.parametrize("date", ["2019-13", "2019-0", "2019-x4", "x-04-25", "2019-04-25-1", "2019", "", "none known"])
def test_what_is_no_date_stays_as_it_is(date):
    assert day(date) == date


def test_every_month_has_its_name():
    for number, month in enumerate(calendar.month_name[1:], 1):
        assert day(f"1914-{number:02d}-01") == f"1 {month} 1914"
        assert day(f"1914-{number:02d}") == f"{month} 1914"


def test_a_probability_and_its_complement_add_up_as_printed():
    for x in (thousandth / 1000 for thousandth in range(1001)):
        one, other = (re.sub(r"[^0-9<>]", "", said) for said in (percent(x), complement(x)))
        if one.isdigit() and other.isdigit():
            assert int(one) + int(other) == 100
            assert abs(int(one) - 100 * x) <= 0.5 + 1e-9
        else:
            assert x < 0.01 or x > 0.99


@pytest.mark.parametrize(("x", "said"), [(0.0, "0"), (0.004, "0"), (-0.004, "0"), (0.006, "+1"), (1.0, "+100")])
def test_points_have_a_sign_but_for_none(x, said):
    assert points(x) == said
    assert points(-x) == said.replace("+", "\N{MINUS SIGN}")


def test_what_was_not_computed_is_nowhere_a_number():
    nan = math.nan
    said = [points(nan), figure(nan), percent(nan)]
    assert said == ["not computed"] * 3


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (99.96, "99.96"),
        (99.999, "100"),
        (100.4, "100"),
        (-150.2, "-150"),
        (3.0, "3"),
        (0.30004, "0.3"),
        (1234567, "1,234,567"),
        (True, "True"),
        ("as it is", "as it is"),
        ([1.5, 2000], "1.5, 2,000"),
    ],
)
def test_diagnostics_have_four_digits_or_are_whole(value, said):
    assert figure(value) == said


def test_parts_of_confidence_are_said_in_their_own_unit():
    assert part_value({"unit": "share", "value": 0.876}) == "88\N{NO-BREAK SPACE}%"
    assert part_value({"unit": "points", "value": 0.126}) == "13 points"
    assert part_value({"unit": "cases", "value": 3.0}) == "3"
    assert part_value({"unit": "log score", "value": -0.0204}) == "\N{MINUS SIGN}0.020"
    assert part_value({"unit": "share", "value": None}) == part_value({"unit": "share", "value": math.nan})


def test_the_change_is_shown_with_every_choice_and_not_only_with_the_favourable_ones(content, read):
    text = read(content).text
    reported = text.index("changes that probability by +13 points")
    rival = text.index("Read instead as 'France as principal', the same change is -6 points (-27 to +11)")
    assert reported < rival < text.index("Our confidence is low")
    assert "Not measured: theories of the count, coders of the outcome." in text
    for word in ("raises", "rise"):
        assert f"probability that it {word}" not in text
    figure = re.search(r'aria-label="Changes in points of probability[^"]*"', render(content))
    for row in content["change"]["rows"]:
        assert row["name"] in figure[0]
    bare = {**content, "change": None, "answer": {**content["answer"], "change": None}}
    assert "Changes in points of probability" not in render(bare)


def test_each_part_of_confidence_stands_with_its_reason_and_its_limits(content, read):
    text = read(content).text
    for part in content["answer"]["confidence"]["parts"]:
        assert f"{part['name'].capitalize()}: {part['grade']}." in text
    assert "measures it." in text
    assert "3 of 44 cases share every described state; no case joins guarantor + 2, so the answer extrapolates." in text
    assert "good: 5 precedents or more; fair: a precedent, or each pair of described states seen" in text


def test_what_would_undo_the_change_stands_under_it(content, read):
    text = read(content).text
    said = text.index(
        "It is an effect of the format only if the network holds every common cause. An unmeasured common"
    )
    assert text.index("changes that probability by +13 points") < said < text.index("Our confidence is low")
    assert "The change if an unmeasured common cause as strong as a measured one were held" in text
    shown = text[text.index("were held") :]
    for number in ("1.27", "1.38", "+8"):
        assert number in shown
    content["change"]["confounding"] = None
    assert "unmeasured common" not in read(content).text


def test_nothing_is_called_an_effect_without_its_condition(content, read):
    text = read(content).text
    assert "effects only if the network holds every common cause" in text
    assert "Setting a node has an effect, as told here, only if the network holds every common cause" in text
