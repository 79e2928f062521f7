"""What an answer owes to one agreement, or to one long series."""

from __future__ import annotations

import pytest

from servanda.analysis.track.weighting import weighted, weighting_checks
from servanda.models import TrackError

QUICK = {"draws": 250, "tune": 250, "chains": 2, "thin": 1}


def test_half_weight_is_on_the_series_named_and_no_other(events):
    halved = weighted(events, "IRN", "jcpoa_2015", 0.5)
    own = (events["actor"] == "IRN") & (events["agreement"] == "jcpoa_2015")
    assert set(halved.loc[own, "weight"]) == {0.5}
    assert set(halved.loc[~own, "weight"]) == {1.0}
    assert set(weighted(halved, "IRN", "jcpoa_2015", 0.5).loc[own, "weight"]) == {0.25}
    with pytest.raises(TrackError, match="has no event of 'IRN' under 'jcpoa_2016'; did you mean 'jcpoa_2015'"):
        weighted(events, "IRN", "jcpoa_2016", 0.5)


def test_what_rests_on_one_agreement_is_seen(events):
    checks = weighting_checks(events, ["IRN", "PRK"], "2019-04-25", seed=1, agreements=["jcpoa_2015"], **QUICK)
    assert list(checks) == ["all events", "half weight: IRN, jcpoa_2015", "without jcpoa_2015"]
    base, without = (checks[name]["IRN"] for name in ("all events", "without jcpoa_2015"))
    assert without.mean < base.mean - 0.05
    assert without.sd > base.sd
    assert abs(checks["half weight: IRN, jcpoa_2015"]["IRN"].mean - base.mean) < 0.75 * base.sd
    with pytest.raises(TrackError, match="jcpoa: is no agreement of the record; did you mean"):
        weighting_checks(events, ["IRN"], "2019", seed=1, agreements=["jcpoa"])
