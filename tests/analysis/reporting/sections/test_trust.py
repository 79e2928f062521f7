"""Whether a report can be trusted: every sentence from the dictionary, every number from something outside of it."""

from __future__ import annotations

import re
from copy import deepcopy

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import log_loss

from servanda.analysis.evaluation.held_out.rivals import BASE
from servanda.analysis.evaluation.predictive_check import ALL, RecordSummaries, RecordSummary
from servanda.analysis.evaluation.shipped_scores import load_evaluation
from servanda.analysis.figures.evaluation import gains_svg, reliability_svg, shares_svg
from servanda.analysis.reporting.assemble import assemble
from servanda.analysis.reporting.document.blocks import plain
from servanda.analysis.reporting.document.language import Language
from servanda.analysis.reporting.page import page
from servanda.analysis.reporting.sections import SECTIONS
from servanda.analysis.reporting.sections.trust import checklist, held_out, predictive, unmeasured

STORED = "guarantee-2019-04-25-literature"
TEXTS = re.compile(r"<text[^>]*font(?:-size)?: (?:\d+ )?([\d.]+)px[^>]*>")


@pytest.fixture(scope="module")
def scored():
    return held_out.described(load_evaluation(STORED), "literature")


def said(section, report, language="en", part=0):
    blocks = section.SECTION.parts[part].blocks(report, Language(language))
    return " ".join(plain(block.text) for block in blocks if block.kind == "paragraph")


# Held-out skill and calibration --------------------------------------------------------------------------------------


def test_gains_are_differences_of_log_losses(scored):
    found = load_evaluation(STORED).shuffled
    labels = np.arange(3)

    def loss(model):
        return np.mean([log_loss(found.outcomes, p, labels=labels) for p in found.p[model]])

    for row in scored["rows"]:
        assert row["gain"] == pytest.approx(loss(BASE) - loss(row["model"]), abs=1e-9)
        assert row["error"] > 0
    assert [row["model"] for row in scored["rows"][:2]] == ["literature", "literature_prior"]
    best = max(scored["rows"][1:], key=lambda row: row["gain"])
    assert scored["best_rival"]["gain"] == pytest.approx(scored["rows"][0]["gain"] - best["gain"], abs=1e-9)
    assert (scored["cases"], scored["crises"]) == (375, 243)
    assert [one["year"] for one in scored["futures"]] == [1945, 1991, 2005]


def test_the_band_tells_how_far_right_forecasts_stray(scored):
    """Of right forecasts so many, a curve would lie within the band: as wide as forecasts drawn from themselves say."""
    for curve in scored["curves"].values():
        assert np.all(np.diff(curve["p"]) >= 0)
        assert np.all(np.diff(curve["recalibrated"]) >= 0)  # isotonic
        assert np.all(np.array(curve["low"]) <= np.array(curve["high"]))
        assert len(curve["p"]) <= 60
    # Many more cases would know more: the band is wider than that of four times as many.
    width = scored["curves"]["broken or not"]["width"]
    assert 0.1 < width < 0.35


@pytest.mark.parametrize(
    ("language", "head", "number"),
    [("en", "Against the best rival", "-0.008"), ("es", "Frente al mejor rival", "-0,008")],
)
def test_skill_is_told_against_the_best_rival_and_on_later_tests(scored, supposed, language, head, number):
    report = {**supposed, "held_out": {"measured": True, "how": "servanda evaluate", **scored}}
    told = said(held_out, report, language).replace("\N{MINUS SIGN}", "-")
    assert head in told
    assert number in told
    assert "1945, 1991" in told
    assert "375" in told
    assert "18" in told  # how far right forecasts stray


def test_what_was_not_measured_says_how_to(supposed):
    report = deepcopy(supposed)
    report["held_out"] = {"measured": False, "how": "servanda evaluate mine"}
    for part in report["answer"]["confidence"]["parts"]:
        if part["name"] == "held-out crises":
            part["facts"] = {"how": "servanda evaluate mine"}
    told = said(held_out, report)
    assert told.startswith("Not measured.")
    assert "servanda evaluate mine" in told


# Posterior predictive check ------------------------------------------------------------------------------------------


def summaries(seen: dict[tuple[str, str], float]) -> dict[str, RecordSummaries]:
    drawn = np.random.default_rng(1).binomial(100, 0.5, 2000) / 100
    return {"yes": RecordSummaries("share", {key: RecordSummary(100, share, drawn) for key, share in seen.items()})}


def test_as_many_shares_may_lie_outside_as_chance_puts_there():
    groups = {("side", str(place)): 0.5 for place in range(9)}
    titles = {ALL: "", "side": "Side"}
    assert stats.binom.ppf(0.95, 10, 0.1) == 3

    def judged(outside: int, whole: float = 0.5):
        moved = {key: 0.9 if place < outside else 0.5 for place, key in enumerate(groups)}
        return predictive.judged(summaries({(ALL, ""): whole, **moved}), titles)

    assert [judged(number)["passed"] for number in (0, 3, 4)] == [True, True, False]
    assert not judged(0, whole=0.9)["passed"]  # what is wrong over all cases is no matter of chance
    found = judged(2)
    assert (found["outside"], found["expected"], found["limit"]) == (2, pytest.approx(1.0), 3)


@pytest.mark.parametrize(
    ("outside", "expected"),
    [
        (0, "Of 10 shares, none lies outside of its 90 % interval."),
        (1, "Of 10 shares, 1 lies outside of its 90 % interval: yes (side: 0)."),
        (2, "Of 10 shares, 2 lie outside of their 90 % interval: yes (side: 0), yes (side: 1)."),
        (3, "Of 10 shares, 3 lie outside of their 90 % interval."),
    ],
)
def test_shares_outside_are_named_where_they_are_few(outside, expected):
    groups = {("side", str(place)): 0.9 if place < outside else 0.5 for place in range(9)}
    found = predictive.judged(summaries({(ALL, ""): 0.5, **groups}), {ALL: "", "side": "Side"})
    text = said(predictive, {"predictive": found})
    assert expected in text.replace("\N{NO-BREAK SPACE}", " ")


def test_the_fit_is_held_against_the_record(supposed):
    found = supposed["predictive"]
    rows = {(row["outcome"], row["by"], row["state"]): row for row in found["rows"]}
    outcomes = supposed["record"]["outcomes"]
    cases = supposed["record"]["cases"]
    for outcome, count in outcomes.items():
        assert rows[outcome, ALL, ""]["seen"] == pytest.approx(count / cases)
    assert {by for _, by, _ in rows} == {ALL, "guarantors", "role"}
    for state in ("guarantor", "principal"):
        assert sum(rows[outcome, "role", state]["seen"] for outcome in outcomes) == pytest.approx(1)
        assert sum(rows[outcome, "role", state]["implied"] for outcome in outcomes) == pytest.approx(1)
    for language, head in (("en", "No gross misfit."), ("es", "Sin desajuste grave.")):
        assert said(predictive, supposed, language).startswith(head)
    wrong = {**supposed, "predictive": {**found, "passed": False}}
    assert said(predictive, wrong).startswith("A misfit.")


# A cause that nobody measured ----------------------------------------------------------------------------------------


def test_an_unmeasured_cause_is_told_in_two_sentences(supposed):
    found = supposed["change"]["confounding"]
    told = said(unmeasured, supposed)
    point = found["tipping_point"]
    assert told.count(". ") + 1 == 2
    assert f"{100 * found['change']['mean']:+.0f} points".replace("+0 ", "0 ") in told.replace("\N{MINUS SIGN}", "-")
    assert f"{point['zero']:.2f} a standard deviation" in told or f"{point['zero']:.1f} a standard deviation" in told
    assert "number of guarantors" in told
    assert "compliance" in told
    assert "desviación típica" in said(unmeasured, supposed, "es")
    (_, fold) = unmeasured.SECTION.parts[0].blocks(supposed, Language("en"))
    assert len(fold.blocks[0].rows) == len(found["benchmarks"])


@pytest.mark.parametrize(
    ("point", "words"),
    [
        ({"zero": 1.0, "interval": 1.0}, "The change is zero as it stands, without any unmeasured cause."),
        ({"zero": None, "interval": None}, "multiplies the odds of each by up to 20 a standard deviation would undo"),
        ({"zero": 3.26, "interval": 2.0}, "by 3.3 a standard deviation would undo the change of"),
        ({"zero": 1.26, "interval": 1.0}, "whose interval holds zero already"),
    ],
)
def test_each_case_of_a_tipping_point_has_its_words(supposed, point, words):
    report = deepcopy(supposed)
    report["change"]["confounding"]["tipping_point"].update(point)
    told = said(unmeasured, report)
    assert words in told
    assert ("holds zero" in told) is (point["zero"] == 1.26)
    report["change"]["confounding"]["benchmarks"] = []
    assert said(unmeasured, report).endswith("No measured cause lies upstream to compare with.")
    report["change"]["confounding"] = None
    assert unmeasured.SECTION.parts[0].blocks(report, Language("en")) == []


# The checklist -------------------------------------------------------------------------------------------------------


def whole(supposed):
    """The supposed report with what one chain of draws from priors cannot have."""
    report = deepcopy(supposed)
    for one in report["checklist"]["numbers"]:
        one["rhat"] = 1.0
    name, fit = next(iter(report["provenance"]["fits"].items()))
    report["provenance"]["fits"][name] = {
        **fit,
        **dict.fromkeys(("key", "data_sha256", "priors_sha256", "network_sha256"), "0f"),
        "versions": {"servanda": "1.0", "numpy": "2.5"},
        "settings": {"seed": 1, "draws": 1000, "chains": 4, "tune": 500, "thin": 2},
        "drawn_by_nuts": [["compliance"]],
    }
    report["diagnostics"]["fits"][0]["sampler"] = [{"name": "divergences", "passed": True, "value": 0, "limit": ""}]
    report["theories"] = {"table": [{"pareto_k": 0.4}]}
    report["change"]["unmeasured"] = []
    report["drivers"] = None
    return report


def test_eighteen_points_of_which_one_is_waived(supposed):
    found = checklist.checked(whole(supposed))
    states = [point["state"] for point in found["points"]]
    assert (len(states), found["present"], found["waived"], found["missing"]) == (18, 17, 1, 0)
    assert states[13] == "waived"
    assert "tests" in found["points"][13]["reason"]


@pytest.mark.parametrize(
    ("number", "path", "state"),
    [
        (1, "question.resolution", "missing"),
        (2, "record.selection", "missing"),
        (2, "record.missing_cells", "missing"),
        (3, "network.nodes", "missing"),
        (4, "priors.entries.0.reason", "missing"),
        (4, "priors.table.0.answers.0.before", "missing"),
        (5, "provenance.fits.literature.versions", "missing"),
        (6, "checklist.numbers.0.mcse", "missing"),
        (6, "checklist.numbers.3.half", "missing"),
        (6, "diagnostics.fits.0.sampler", "missing"),
        (7, "provenance.interval_type", "missing"),
        (8, "predictive", "missing"),
        (9, "change.rows", "waived"),
        (11, "theories.table", "waived"),
        (12, "held_out.measured", "waived"),
        (13, "held_out.curves", "waived"),
        (15, "answer.change", "waived"),
        (16, "record.count.rows", "missing"),
        (17, "question.cannot_see", "missing"),
        (17, "change.identification", "missing"),
        (18, "provenance.command", "missing"),
    ],
)
def test_a_point_is_present_only_while_its_piece_is_in_the_dictionary(supposed, number, path, state):
    report = whole(supposed)
    *way, last = path.split(".")
    place = report
    for key in way:
        place = place[int(key)] if isinstance(place, list) else place[key]
    if isinstance(place[last], dict | list) or path == "held_out.measured":
        place[last] = {} if last == "missing_cells" else type(place[last])()
    else:
        place[last] = None
    if last == "missing_cells":
        del place[last]
    points = checklist.checked(report)["points"]
    assert points[number - 1]["state"] == state
    assert (points[number - 1]["reason"] != "") is (state == "waived")


def test_what_is_not_measured_over_all_choices_is_waived_with_that_reason(supposed):
    point = checklist.checked({**whole(supposed), "change": supposed["change"]})["points"][9]
    assert point["state"] == "waived"
    assert point["reason"].startswith("not measured over all of them")


@pytest.mark.parametrize(("language", "words"), [("en", "1 waived."), ("es", "1 dispensados.")])
def test_the_sentence_counts_the_points_and_leads_to_them(supposed, language, words):
    report = whole(supposed)
    report["checklist"] = checklist.checked(report)
    told = said(checklist, report, language)
    assert told.endswith(words)
    assert " 17 " in told
    lacking = {**report, "question": {**report["question"], "cannot_see": []}}
    lacking["checklist"] = checklist.checked(lacking)
    assert said(checklist, lacking, "en").endswith("1 waived, and 1 is missing.")


def test_every_number_is_told_with_its_monte_carlo_error(supposed):
    """Also each change; half the draws give nearly the same."""
    numbers = {(one["judgement"], one["label"], one["against"]): one for one in supposed["checklist"]["numbers"]}
    for judgement in supposed["judgements"]:
        for row in judgement["rows"]:
            one = numbers.pop((judgement["id"], row["label"], None))
            assert (one["mean"], one["mcse"]) == (row["mean"], row["mcse"])
            if row["change"]:
                moved = numbers.pop((judgement["id"], row["label"], judgement["base"]))
                assert moved["mcse"] == pytest.approx(row["change"]["difference"]["mcse"])
    assert numbers == {}
    worst = max(abs(one["mean"] - one["half"]) for one in supposed["checklist"]["numbers"])
    assert supposed["checklist"]["moved"] == worst
    # Means of two halves differ by about two errors of the whole.
    assert worst < 6 * max(one["mcse"] for one in supposed["checklist"]["numbers"])


@pytest.mark.parametrize("language", ["en", "es"])
def test_links_of_the_checklist_lead_somewhere(supposed, language):
    report = {**supposed, "checklist": checklist.checked(whole(supposed))}
    html = page(assemble(report, language))
    anchors = {*re.findall(r'\bid="([\w-]+)"', html)}
    table = next(
        block for block in checklist.SECTION.parts[1].blocks(report, Language(language)) if block.kind == "table"
    )
    assert len(table.rows) == 18
    for _, point, where in table.rows:
        for run in where:
            # A section without words has no place on the page yet.
            section = SECTIONS.get(run.href[1:])
            if section is not None and not section.parts:
                continue
            assert not run.href or run.href[1:] in anchors, (plain(point), run.href)
    assert "checklist-annex" in anchors


# Figures -------------------------------------------------------------------------------------------------------------


def test_text_of_the_figures_can_be_read_on_a_telephone(scored):
    """They are 330 pixels wide at most, and no text is smaller than 11."""
    rows = [{**row, "label": row["title"], "said": "+0.080"} for row in scored["rows"]]
    share = {"label": "all cases", "said": "31 %", "lower": 0.2, "upper": 0.4, "seen": 0.3, "inside": True}
    for figure in (
        gains_svg(rows, name="x"),
        reliability_svg(scored["curves"], name="x"),
        shares_svg([share, {**share, "inside": False, "seen": 0.9}], name="x"),
    ):
        width = float(re.search(r'width="([\d.]+)pt"', figure)[1])
        assert width <= 330
        sizes = [float(size) for size in TEXTS.findall(figure)]
        assert sizes
        assert min(sizes) >= 11
