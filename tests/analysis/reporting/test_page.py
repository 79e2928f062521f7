"""Page one keeps its promises: nobody leaves with the favourable half of the answer, or with more than was counted."""

from __future__ import annotations

import copy
import json
import math
import re

import pandas as pd
import pytest
from babel.messages.pofile import read_po

from servanda.analysis.reporting.document.blocks import Panel
from servanda.analysis.reporting.document.language import MESSAGES, Language
from servanda.analysis.reporting.page import isolated, safe_href
from servanda.analysis.reporting.sections import answer as page_one
from servanda.analysis.reporting.sections.judgements import failed_line
from servanda.analysis.scenarios.scenario import load_scenario, shipped_scenarios
from servanda.analysis.sensitivity.spread import Spread, SpreadRow
from servanda.analysis.summaries.change import Change
from servanda.analysis.summaries.likelihood_words import load_lexicon
from servanda.record import load_guarantees

from .page import PLAIN, Page, render, written_anew

LANGUAGES = ("en", "es")
BANDS = [band.word for band in load_lexicon("icd203").bands]
#: Words for how likely an event is, and words for how sure the analyst is, in both languages.
SPANISH = ("casi imposible", "muy improbable", "improbable", "probabilidades similares", "muy probable", "casi seguro")
LIKELIHOOD = re.compile(r"\b(" + "|".join([*BANDS, *SPANISH, "probable", "certain"]) + r")\b", re.IGNORECASE)
CONFIDENCE = re.compile(r"\b(confiden(ce|t)|confianza)\b", re.IGNORECASE)
NASTY = "</title><script>alert('x')</script><b onclick=\"x\">&{{ 7 * 7 }}"


def first(content, language: str = "en") -> str:
    """Page one alone, in HTML."""
    html = render(content, language)
    return html[html.index('<section id="answer"') :].split("</section>")[0] + "</section>"


def lead(content, language: str = "en") -> str:
    """The paragraph that a reader reads first."""
    return Page(re.search(r'<p class="lead">.*?</p>', first(content, language), re.DOTALL)[0]).text


def drawn(content, kind: str) -> str:
    """What a figure of page one says to who cannot see it."""
    figures = re.findall(r'<svg [^>]*aria-label="([^"]*)"', first(content))
    return figures[{"outcomes": 0, "changes": 1}[kind]].translate(PLAIN)


# --- the lead ---------------------------------------------------------------------------------------------------------


def test_the_question_is_the_title_and_the_dateline_says_who_signs(content, read):
    page = read(content)
    assert page.tags.count("h1") == 1
    assert "\nDoes an ally help France to keep its word?\n" in page.text
    assert "Known on 25 April 2019 · statistical, 44 coded cases · not signed by an analyst" in page.text
    signed = read({**content, "signed": "A. Nalyst", "issued": "2026-11-29"}).text
    assert "issued 29 November 2026" in signed
    assert "signed by A. Nalyst" in signed
    assert "not signed" not in signed


def test_the_lead_is_verdict_then_both_numbers_then_the_rival_in_one_breath(content):
    assert lead(content) == (
        "The record does not settle it. The chance that France keeps its promise goes from 47 %, "
        "roughly even chance [45-55 %] (alone), to 61 %, likely [55-80 %] (with an ally). "
        "Under the reading “France as principal” the estimate goes the other way: the chance that France keeps its "
        "promise, from 53 % to 48 % (-27 to +11 points)."
    )
    rival = content["judgements"][1]["rows"][1]
    rival["mean"] = 0.77
    assert "principal” the estimate is much the same: from 53 % to 77 % (-27 to +11 points)." in lead(content)


def test_the_lead_says_what_the_answer_is_within_the_horizon(content):
    told = {"states": [{"node": "watch", "state": "close"}], "chance": 0.31}
    number = {**content["judgements"][0]["rows"][1], "mean": 0.46, "change": None, "passed": True}
    content["assumptions"] = {"before": number, "rows": [], "beyond": {**told, "without": number}}
    said = "Within the horizon asked about it is 46 %, likely [55-80 %]: the 61 % counts later tests too, 31 % of those"
    assert f"(with an ally). {said} expected. Under the reading" in lead(content)
    number["mean"] = 0.6
    assert "Within the horizon" not in lead(content)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_number_of_the_lead_is_there_in_each_language(content, language):
    assert re.findall(r"\d+", lead(content, language)) == ["47", "45", "55", "61", "55", "80", "53", "48", "27", "11"]


def test_a_reading_of_another_question_is_no_rival_of_this_one(content):
    content["change"]["rows"] = [row for row in content["change"]["rows"] if row["name"] != "France as principal"]
    assert "Under the reading" not in lead(content)


@pytest.mark.parametrize(
    ("direction", "said"),
    [
        ("", "The record does not settle it."),
        ("gain", "The record says that it helps."),
        ("within", "The record says that it makes no difference that matters."),
        ("loss", "The record says that it hurts."),
    ],
)
def test_the_verdict_comes_first(content, direction, said):
    content["answer"]["verdict"] = {"settled": bool(direction), "direction": direction, "limit": 0.9}
    assert lead(content).startswith(said + " ")


@pytest.mark.parametrize(
    ("shares", "direction"),
    [
        ([("reading", 0.95), ("reading", 0.91), ("theory", 0.92)], "gain"),
        ([("reading", 0.95), ("reading", 0.89), ("theory", 0.95)], ""),  # one reading is enough to unsettle it
        ([("reading", 0.95), ("reading", 0.95), ("theory", 0.60)], ""),  # so is the average over the theories
        ([("reading", 0.90)], "gain"),
        ([("reading", 0.899)], ""),
    ],
)
def test_what_the_record_settles_holds_in_every_reading_and_on_average(shares, direction):
    """A prior set or a single theory that says otherwise does not count; what is favourable alone settles nothing."""

    def change(gain):
        return Change(0.1, 0.0, 0.2, 0.05, 0.15, gain, 1 - gain, 0.0, 0.05, 0.9)

    named = {"reading": "it", "theory": "averaged over the theories"}
    rows = [SpreadRow(kind, named[kind], change(gain)) for kind, gain in shares]
    rows += [SpreadRow("prior", "flat", change(0.1)), SpreadRow("theory", "cheap talk", change(0.0))]
    found = page_one._verdict(Spread(tuple(rows)))
    assert found == {"settled": bool(direction), "direction": direction, "limit": 0.9}


def test_one_word_for_both_is_said_once(content):
    base = content["judgements"][0]["rows"][0]
    base |= {"word": "likely", "words": {"en": "likely"}, "range": "55-80 %", "mean": 0.57}
    assert "goes from 57 % (alone) to 61 % (with an ally): likely [55-80 %] either way." in lead(content)


def test_a_headline_that_is_compared_with_nothing_tells_its_level(content):
    content["answer"] |= {"base": None, "change": None, "verdict": None}
    content["change"] = None
    assert lead(content) == "The chance that France keeps its promise (with an ally) is 61 %: likely [55-80 %]."
    assert Page(first(content)).tags.count("svg") == 1


# --- words ------------------------------------------------------------------------------------------------------------


def mixed(html: str) -> list[str]:
    return [said for said in Page(html).sentences if LIKELIHOOD.search(said) and CONFIDENCE.search(said)]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("word", BANDS)
def test_no_sentence_has_a_likelihood_and_a_confidence_word(content, word, language):
    lexicon = load_lexicon("icd203")
    band = next(band for band in lexicon.bands if band.word == word)
    words = {code: lexicon.word((band.low + band.high) / 2, code) for code in LANGUAGES}
    for row in (content["answer"], content["judgements"][0]["rows"][1]):
        row |= {"word": word, "words": words}
    html = render(content, language)
    assert mixed(html) == []
    assert CONFIDENCE.search(html)


def test_a_scale_of_ones_own_words_a_report_read_back(content):
    """No name of it is looked up again: the file may have gone."""
    lexicon = content["answer"]["lexicon"] | {"name": "mine", "title": "Mine", "titles": {"en": "Mine"}}
    content["answer"]["lexicon"] = lexicon
    for band in lexicon["bands"]:
        band |= {"word": "perhaps", "words": {"en": "perhaps"}}
    for language in LANGUAGES:
        assert "perhaps" in render(content, language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_shipped_scenario_keeps_the_rule_on_words(supposed, language):
    assert mixed(render(supposed, language)) == []


def texts(value, key: str = ""):
    """Key and text of every text of a scenario."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from texts(item, key if key == "assumptions" else name)
    elif isinstance(value, list):
        for item in value:
            yield from texts(item, key)
    else:
        yield key, str(value)


def sentences(text: str) -> list[str]:
    return re.split(r"(?<=[.?!:])\s", text)


@pytest.mark.parametrize("name", shipped_scenarios())
def test_no_text_of_a_shipped_scenario_breaks_the_rule_on_words(name):
    """With the next test no sentence of its report can: they are messages, and texts of the scenario in them."""
    for key, text in texts(load_scenario(name).scenario.model_dump(mode="json")):
        for sentence in sentences(text):
            if CONFIDENCE.search(sentence):
                assert not LIKELIHOOD.search(sentence), sentence
                assert key not in {"claim", "label", "format", "base", "title"}, sentence


def test_no_message_breaks_the_rule_on_words_or_lets_a_text_break_it():
    """A message that names confidence holds no likelihood word, and takes neither one nor a text of the scenario."""
    with (MESSAGES / "es.po").open(encoding="utf-8") as file:
        known = [(one.id, one.string) for one in read_po(file, locale="es") if one.id]
    messages = [text for pair in known for one in pair for text in ((one,) if isinstance(one, str) else one)]
    confident = [one for text in messages for one in sentences(text) if CONFIDENCE.search(one)]
    assert len(confident) >= 4
    for sentence in confident:
        assert not LIKELIHOOD.search(sentence), sentence
        assert not re.search(r"\{(word|word_before|claim|format|base|band|title)\}", sentence), sentence


def test_the_rule_on_words_would_notice(content):
    content["answer"]["claim"] = "we have high confidence and it is likely"
    assert mixed(render(content))


@pytest.mark.parametrize("which", ["content", "supposed"])
def test_no_likelihood_word_stands_for_a_change_or_without_its_range(which, request):
    page = Page(first(request.getfixturevalue(which)))
    said = [sentence for sentence in page.sentences if LIKELIHOOD.search(sentence)]
    assert said
    for sentence in said:
        assert re.search(r"\[\d+-\d+ %\]", sentence), sentence
        assert "points" not in sentence
        assert not re.search(r"[+-]\d", re.sub(r"\[.*?\]", "", sentence)), sentence
    moved = page.text[page.text.index("What that changes") : page.text.index("How far to trust it")]
    assert not LIKELIHOOD.search(moved)


@pytest.mark.parametrize("which", ["content", "supposed"])
def test_what_misled_is_gone(which, request):
    content = request.getfixturevalue(which)
    text = Page(render(content)).text
    for phrase in ("comparable cases", "does not happen", "keeps its word", content["question"]["resolution"][:40]):
        assert phrase not in Page(first(content)).text
    assert "comparable cases" not in text
    assert "does not happen" not in text


# --- what would happen, and what changes it ---------------------------------------------------------------------------


def test_three_outcomes_of_both_formats_are_told(content):
    told = drawn(content, "outcomes")
    assert told == (
        "alone: kept 47 %, kept in part 16 %, broken 37 %; with an ally: kept 61 %, kept in part 12 %, broken 27 %"
    )


def test_both_intervals_stand_by_their_names(content):
    text = Page(first(content)).text
    assert "With an ally: guarantees of this kind on average 22-92 % (90 % interval)." in text
    assert "Single guarantees of the kind: 21-94 %." in text


def test_a_format_between_the_two_is_told_with_its_chance(content):
    """Where a part of the package brings most of the step, a reader must not think that it takes the whole."""
    assert "In between" not in Page(first(content)).text
    changed = copy.deepcopy(content)
    rows = next(one for one in changed["judgements"] if one["id"] == changed["answer"]["judgement"])["rows"]
    rows += [{**rows[1], "label": label, "mean": mean} for label, mean in (("with a pledge", 0.6), ("with two", 0.62))]
    assert "In between: with a pledge 60 %." in Page(first(changed)).text


def test_bars_that_do_not_add_up_say_that_they_are_rounded(content):
    said = "Shares are rounded, and need not add up to 100."
    assert said not in Page(first(content)).text
    changed = copy.deepcopy(content)
    rows = next(one for one in changed["judgements"] if one["id"] == changed["answer"]["judgement"])["rows"]
    rows[1]["outcomes"] = [{**one, "mean": one["mean"] - 0.001} for one in rows[1]["outcomes"]]
    assert said not in Page(first(changed)).text
    rows[1]["outcomes"][0]["mean"] -= 0.01
    assert said in Page(first(changed)).text


def test_the_change_is_told_for_every_reading_and_by_what_it_is_worth(content):
    told = drawn(content, "changes")
    assert told == "France as guarantor: +13 (-8 to +30); France as principal: -6 (-27 to +11)"
    text = Page(first(content)).text
    assert "First line: a gain of 5 points or more 73 %, less than 5 either way 21 %, a loss of 5 or more 6 %." in text
    assert "Bars: where the change lies with a chance of 50 % and of 90 %." in text


def test_others_who_are_asked_the_same_stand_with_it(supposed):
    """The reading that favours backing, those that do not, and the other side's own promise, all on page one."""
    told = drawn(supposed, "changes")
    titles = [
        one["title"]
        for one in supposed["judgements"]
        if any(row["label"] == supposed["answer"]["format"] and row["change"] for row in one["rows"])
    ]
    assert len(titles) == 3
    assert all(title in told for title in titles)


# --- the chapters after page one ----------------------------------------------------------------------------------


def chapters(html: str) -> dict[str, str]:
    """Name of each chapter -> its HTML."""
    return {part.split('"')[1]: part for part in re.split(r"(?=<section id=)", html)[1:]}


def visible_words(html: str) -> int:
    """Words that a reader sees without unfolding anything, those of figures left out."""
    shown = re.sub(r"<details.*?</details>|<svg.*?</svg>", " ", html.split("</section>")[0], flags=re.DOTALL)
    return len(re.findall(r"\w+(?:[-.,/]\w+)*", Page(f"<div>{re.sub('<section[^>]*>', '', shown)}</div>").text))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_reader_reads_at_most_1500_words_before_the_annex(supposed, language):
    found = {name: visible_words(html) for name, html in chapters(render(supposed, language, Panel("", ()))).items()}
    assert list(found) == ["answer", "why", "change", "trust", "what-if", "annex"]
    assert found["answer"] > 150
    assert sum(words for name, words in found.items() if name != "annex") <= 1500


def test_each_input_stands_with_the_state_it_became(content):
    why = Page(chapters(render(content))["why"].split("</section>")[0] + "</section>")
    assert "Feature\nHere\nCases\nRole\nguarantor\n31\nNumber of guarantors\n2 set\n9" in why.text


def test_nearest_cases_show_those_that_went_the_other_way_too(supposed):
    """Of each outcome of the record there is one among the five that are shown, doubts and all."""
    why = chapters(render(supposed))["why"].split("</section>")[0]
    asked = (supposed["answer"]["judgement"], supposed["answer"]["format"])
    held = next(one for one in supposed["record"]["held"] if (one["judgement"], one["label"]) == asked)
    outcomes = {"complied": "kept", "partial": "kept in part", "defected": "broken"}
    shown = [cell.replace(" doubtful", "") for cell in Page(f"<div>{why[why.index('>') + 1 :]}</div>").cells]
    assert set(outcomes.values()) <= set(shown)
    named = {case["case_id"]: case for case in (*held["nearest"], *held["of_each"])}.values()
    assert why.count("doubtful") == sum(
        case["doubted"] for case in named if f">{case['guarantee']}<" in why.replace("&amp;", "&")
    )


def test_cases_lead_to_their_sources_and_back(content):
    html = render(content)
    assert '<a href="#case-1">Treaty of London</a>' in html
    assert '<span id="case-1">Treaty of London</span>' in html
    assert '<a href="#source-1">[1]</a>' in html
    assert '<span id="source-1">[1]</span>' in html
    assert 'href="https://example.org/book"' in html
    assert '<a href="#case-1">↑1</a> <a href="#case-2">↑2</a>' in html
    assert "unlisted" not in html


def test_the_answer_stands_under_each_prior_set_before_and_after(content):
    change = Page(chapters(render(content))["change"].split("</section>")[0] + "</section>")
    assert [cell.translate(PLAIN) for cell in change.cells[-4:]] == [
        "39 % 3-87 %",
        "61 % 22-92 %",
        "34 % 1-96 %",
        "66 % 26-94 %",
    ]


def test_the_checks_and_the_command_stand_in_a_sentence_each(content, failing):
    trust = Page(chapters(render(content))["trust"].split("</section>")[0] + "</section>").text
    assert "All 24 checks of the sampling passed: least effective sample 262 in the bulk." in trust
    assert "servanda report ally writes this report again." in trust
    broken = Page(chapters(render(failing))["trust"].split("</section>")[0] + "</section>").text
    assert "2 of 24 checks of the sampling failed" in broken


# --- how far to trust it ----------------------------------------------------------------------------------------------


def test_confidence_has_a_line_of_its_own_and_counted_reasons(content):
    blocks = Page(first(content)).text.split("\n")
    assert "Our confidence is low." in blocks
    place = blocks.index("Our confidence is low.")
    assert blocks[place + 1].startswith("Not measured. Whether the network foretells crises")
    said = "No case has both “Role: guarantor” and “Number of guarantors: 2”"
    assert f"3 cases of 44 share every described feature. {said}" in "\n".join(blocks)
    assert "Opinion. The expected change goes from -3 (prior set: No opinion) to +13 points" in "\n".join(blocks)


def test_the_codebooks_meaning_and_what_has_no_node_are_told(content):
    text = Page(first(content)).text
    assert "The chance of a test and who is in office." in text
    assert "Kept counts where the core duty was performed in substance when it counted." in text
    content["answer"]["definition"]["rules"] = {}
    assert "What was done." in Page(first(content)).text


def test_the_shipped_rules_are_those_of_the_codebook(supposed):
    from importlib.resources import files

    book = (files("servanda.record") / "data" / "CODEBOOK.md").read_text(encoding="utf-8")
    rules = supposed["answer"]["definition"]["rules"]
    assert set(rules) == {"complied"}
    assert " ".join(book.split()).find(rules["complied"].split(" when ")[0]) >= 0


def test_counts_are_those_of_a_table_made_without_any_of_this(supposed):
    cases = load_guarantees(as_of="2019-04-25")
    kept = cases["outcome"].astype(str) == "complied"
    backers = pd.cut(cases["guarantors"].astype(int), [0, 1, 2, 3, 4, 5, 999], labels=["1", "2", "3", "4", "5", "6+"])
    total = pd.crosstab(backers, cases["role"].astype(str))
    good = pd.crosstab(backers[kept], cases["role"].astype(str)[kept]).reindex_like(total).fillna(0).astype(int)
    cells = Page(first(supposed)).cells
    for state in total.index:
        shown = [f"{good.loc[state, role]} / {total.loc[state, role]}" for role in ("guarantor", "principal")]
        assert any(cells[place : place + 2] == shown for place in range(len(cells))), (state, shown)
    own = cases[cases["obligor"] == "USA"]
    owed = own.groupby(own["obligation"].astype(str))["outcome"]
    for duty, outcomes in owed:
        assert f"{int((outcomes.astype(str) == 'complied').sum())} / {len(outcomes)}" in cells, duty


def test_a_second_node_in_which_formats_differ_has_a_table_of_its_own(content):
    content["record"]["count"]["also"] = [
        {
            "by": "Monitoring",
            "split": None,
            "columns": [],
            "rows": [{"state": "none", "cells": [{"kept": 4, "cases": 9}]}],
        }
    ]
    page = Page(first(content))
    assert page.cells.index("6 / 9") < page.cells.index("4 / 9") < page.cells.index("5 / 7")
    assert "Monitoring: kept of cases" in page.text


# --- every number from the dictionary -------------------------------------------------------------------------------


def numbers(value):
    """Every number of a report but those of the curves, whose grid would match anything."""
    if isinstance(value, dict):
        for key, item in value.items():
            if key not in ("x", "density", "figure", "path"):
                yield from numbers(item)
                yield from printed(str(key))
    elif isinstance(value, list):
        yield float(len(value))  # a list may be counted
        for item in value:
            yield from numbers(item)
    elif isinstance(value, bool) or value is None:
        return
    elif isinstance(value, int | float):
        yield value
    else:
        yield from printed(str(value))


def allowed(content) -> set[str]:
    """Numbers as they may be printed: as they are, to some digits, as per cent or points."""
    found = set()
    for said in numbers(content):
        x = float(said)
        if math.isnan(x):
            continue
        found |= {str(said), f"{x:g}", f"{abs(x):.4g}", f"{abs(x):.0f}", f"{abs(100 * x):.0f}", f"{abs(100 * x):g}"}
        found |= {f"{abs(y):.{places}f}" for y in (x, 100 * x, 100 * max(x, 0) ** 0.5) for places in (1, 2, 3)}
    return found | {"0", "1", "99", "100"}


def printed(text: str) -> list[str]:
    return re.findall(r"\d+(?:\.\d+)?", re.sub(r"(?<=\d),(?=\d{3})", "", text))


@pytest.mark.parametrize("which", ["content", "failing", "supposed"])
def test_every_number_of_page_one_stands_in_the_dictionary(which, request):
    content = request.getfixturevalue(which)
    known = allowed(content)
    found = printed(Page(first(content)).text)
    assert len(found) > 30
    assert [number for number in found if number not in known] == []


@pytest.mark.parametrize("which", ["content", "failing", "supposed"])
def test_every_number_in_a_cell_stands_in_the_dictionary(which, request):
    content = request.getfixturevalue(which)
    known = allowed(content)
    cells = [cell for cell in Page(render(content)).cells if re.search(r"\d", cell)]
    assert [cell for cell in cells if any(number not in known for number in printed(cell))] == []


def test_a_number_that_changes_changes_the_page(content):
    before = Page(first(content)).text
    content["answer"]["lower"] = 0.1977
    assert "20-92 %" in Page(first(content)).text
    assert "20-92 %" not in before


def test_what_could_not_be_computed_is_called_so(content):
    content["answer"]["lower"] = content["answer"]["upper"] = float("nan")
    assert "on average not computed" in Page(first(content)).text


# --- a draft ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_draft_says_so_before_the_answer_and_beside_the_number(failing, language):
    html = first(failing, language)
    assert html.index('class="callout alarm"') < html.index('class="lead"')
    head = {"en": "bulk ESS of P(", "es": "tamaño efectivo de la muestra (centro) de «P("}[language]
    assert failed_line(failing["failed_gates"][0], Language(language)).startswith(head)
    assert failed_line(failing["failed_gates"][0], Language(language)) in Page(html).text
    assert re.search(rf'<span class="fault">[^<]*{re.escape(head)}with an ally[^<]*262', html)
    assert "<title>" in render(failing, language)


def test_the_draft_is_named_in_spanish(failing, read):
    text = read(failing, "es").text
    assert text.startswith("BORRADOR: ")
    assert "BORRADOR. Falló una comprobación del cálculo: este informe no debe citarse." in text


def test_the_draft_is_named_in_english(failing, read):
    text = read(failing).text
    assert text.startswith("DRAFT: Does an ally help France to keep its word?")
    assert "DRAFT. A check of the computation failed: this report is not to be quoted." in text
    assert "not passed: bulk ESS of P(with an ally; own; literature) 262, asked 400 or more" in text


def test_no_draft_when_all_passed(content, read):
    assert "DRAFT" not in read(content).text
    assert "not passed" not in read(content).text


# --- the page itself --------------------------------------------------------------------------------------------------


def test_page_one_stands_in_order(content):
    anchors = re.findall(r'<h3 id="([\w-]+)"', first(content))
    known = ("outcomes", "moved", "trust-it", "cannot-see", "count")
    assert [anchor for anchor in anchors if anchor in known] == list(known)
    html = render(content)
    assert html.index('id="answer"') == min(html.index(f'id="{name}"') for name in Page(html).values("id")
                                           if f'<section id="{name}"' in html)  # fmt: skip


@pytest.mark.parametrize("which", ["content", "supposed"])
def test_contents_lead_to_every_chapter_and_section(which, request):
    html = render(request.getfixturevalue(which))
    page = Page(html)
    ids = page.values("id")
    assert len(set(ids)) == len(ids)
    inside = [href for href in page.values("href") if href.startswith("#")]
    assert {href.removeprefix("#") for href in inside} <= set(ids)
    contents = html[html.index('<nav class="contents"') :].split("</nav>")[0]
    led_to = set(re.findall(r'href="#([\w-]+)"', contents))
    assert set(re.findall(r'<section id="([\w-]+)"', html)) <= led_to


def test_folded_parts_stand_open_on_paper(content):
    """The rule that opens them is in the style of the page; `tests/end_to_end` looks at a printed page."""
    style = render(content).split("<style>")[1].split("</style>")[0]
    printing = style[style.index("@media print") :]
    assert re.search(r"details::details-content \{[^}]*content-visibility: visible", printing)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_fetches_nothing_and_runs_nothing(supposed, language):
    html = render(supposed, language)
    page = Page(html)
    assert page.values("src") == []
    hrefs = page.values("href") + page.values("xlink:href")
    assert hrefs
    assert all(re.match(r"#|https?://", href) for href in hrefs)
    assert not {"script", "link", "iframe", "img", "object", "image", "base", "form"} & set(page.tags)
    assert not re.search(r"@import|@font-face|url\((?!#)", html)
    assert [name for _, name, _ in page.attributes if name.startswith("on")] == []


def test_the_page_is_the_same_on_every_run_and_from_json(supposed):
    once = render(supposed)
    assert written_anew(json.loads(json.dumps(supposed))) == once


@pytest.mark.parametrize("language", LANGUAGES)
def test_tables_and_figures_can_be_heard(supposed, language):
    page = Page(render(supposed, language))
    assert page.values("lang")[0] == language
    assert page.tags.count("caption") == page.tags.count("table")
    assert page.values("scope").count("col") + page.values("scope").count("row") == page.tags.count("th")
    labels = [value for tag, name, value in page.attributes if tag == "svg" and name == "aria-label"]
    assert len(labels) == page.tags.count("svg") > 1
    assert all(len(label) > 40 for label in labels)


# --- text of others ---------------------------------------------------------------------------------------------------

#: Where a user's or a coder's words enter the dictionary; every one of them is read somewhere on the page.
PLACES = [
    ("question", "ask"),
    ("question", "cannot_see", 0),
    ("answer", "claim"),
    ("answer", "definition", "rules", "complied"),
    ("judgements", 1, "title"),
    ("record", "count", "by"),
    ("record", "count", "rows", 0, "state"),
    ("record", "count", "own", "actor"),
    ("signed",),
    ("question", "question"),
    ("question", "resolution"),
    ("question", "assumptions", 0),
    ("judgements", 0, "note"),
    ("judgements", 0, "supposed", 0),
    ("judgements", 0, "rows", 0, "note"),
    ("record", "held", 0, "nearest", 0, "note"),
    ("record", "held", 0, "nearest", 0, "guarantee"),
    ("record", "held", 0, "nearest", 0, "obligor"),
    ("record", "held", 0, "nearest", 0, "tested"),
    ("record", "held", 1, "pairs_unseen", 0, 0, "state"),
    ("record", "held", 1, "states", 0, "node"),
    ("sources", "clark2012", "text"),
    ("sources", "clark2012", "href"),
    ("priors", "sets", 0, "title"),
    ("priors", "sets", 0, "description"),
    ("priors", "entries", 0, "reason"),
    ("network", "title"),
    ("network", "nodes", 0, "title"),
    ("network", "nodes", 1, "parents", 0, "reason"),
    ("network", "nodes", 1, "parents", 0, "source"),
    ("provenance", "command"),
]


@pytest.mark.parametrize("language", LANGUAGES)
def test_text_from_files_is_escaped(content, language):
    for number, (*way, last) in enumerate(PLACES):
        holder = content
        for step in way:
            holder = holder[step]
        holder[last] = f"{NASTY}{number} nasty"
    # A judgement's rows bear its name.
    for row in content["change"]["rows"]:
        row["name"] = content["judgements"][1]["title"]
    html = render(content, language)
    page = Page(html)
    assert "<script" not in html
    assert "<b onclick" not in html
    assert "49" not in page.text
    assert not {"script", "b"} & set(page.tags)
    said = {place for number, place in enumerate(PLACES) if f"}}}}{number} nasty" in html}
    assert [place for place in PLACES if place not in said and place[-1] != "href"] == []


def test_labels_are_escaped_everywhere_they_go(content, read):
    text = json.dumps(content).replace("with an ally", json.dumps(NASTY)[1:-1])
    page = read(json.loads(text))
    assert not {"script", "b"} & set(page.tags)
    assert "<script>alert('x')</script>" in page.text


def test_marks_of_messages_in_a_users_text_are_text(content):
    content["answer"]["claim"] = "**it** [is](javascript:alert) {format} `kept`"
    assert "The chance that **it** [is](javascript:alert) {format} `kept` goes from" in lead(content)


@pytest.mark.parametrize("mark", ["\N{RIGHT-TO-LEFT OVERRIDE}", "\N{HEBREW LETTER ALEF}", "\N{RIGHT-TO-LEFT ISOLATE}"])
def test_text_that_turns_is_set_apart(content, mark):
    content["question"]["ask"] = f"Is it {mark}47 %"
    html = render(content)
    assert f"<h1><bdi>Is it {mark}47 %</bdi></h1>" in html
    assert isolated("plain") == "plain"


@pytest.mark.parametrize("href", ["javascript:alert(1)", "data:text/html,x", " https://a.b", 'https://a.b" x', "//a.b"])
def test_no_other_address_is_linked(href):
    assert safe_href(href) == "#"
    assert safe_href("https://doi.org/10.1/x") == "https://doi.org/10.1/x"
