"""The figures are what they say, for any rows; the intervals are fair and repeatable."""

from __future__ import annotations

import random
from dataclasses import astuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from countlab.errors import CountlabError
from countlab.evaluation.comparison import increase
from countlab.evaluation.metrics import (
    CountMetrics,
    Estimate,
    Row,
    by_label,
    by_truth,
    count_metrics,
    present,
)

ROWS = st.lists(
    st.builds(
        Row,
        st.sampled_from([f"{n}.jpg" for n in range(9)]),
        st.sampled_from(["apple", "orange"]),
        st.integers(0, 8),
        st.integers(0, 8),
    ),
    min_size=1,
    max_size=40,
)

ENOUGH = [Row(f"enough {n}.jpg", "apple", 1, n) for n in range(5)]


def estimates(one: CountMetrics) -> list[Estimate]:
    return [one.exact, one.within_one, one.mae, one.bias, one.rms]


@given(ROWS)
@settings(max_examples=60, deadline=None)
def test_figures_are_what_a_person_would_work_out(rows: list[Row]) -> None:
    off = [row.counted - row.truth for row in rows]
    told = count_metrics(rows)
    assert told.exact.value == pytest.approx(off.count(0) / len(off))
    assert told.within_one.value == pytest.approx(sum(abs(x) <= 1 for x in off) / len(off))
    assert told.mae.value == pytest.approx(sum(abs(x) for x in off) / len(off))
    assert told.bias.value == pytest.approx(sum(off) / len(off))
    assert told.rms.value == pytest.approx((sum(x * x for x in off) / len(off)) ** 0.5)
    assert abs(told.bias.value) <= told.mae.value + 1e-9 <= told.rms.value + 2e-9
    assert told.exact.value <= told.within_one.value


@given(ROWS)
@settings(max_examples=40, deadline=None)
def test_intervals_are_ordered_repeatable_and_absent_for_few_pictures(rows: list[Row]) -> None:
    told, again = count_metrics(rows), count_metrics(rows)
    assert astuple(told) == astuple(again)
    for one in estimates(told):
        if told.pictures < 5:
            assert one.low is None
            assert one.high is None
        else:
            assert one.low is not None
            assert one.high is not None
            assert one.low <= one.high


@given(ROWS)
@settings(max_examples=30, deadline=None)
def test_groups_share_out_all_rows(rows: list[Row]) -> None:
    for groups in (by_label(rows), by_truth(rows)):
        assert sum(one.rows for one in groups.values()) == len(rows)
        total = sum(one.mae.value * one.rows for one in groups.values())
        assert total == pytest.approx(count_metrics(rows).mae.value * len(rows))
    assert len(present(rows)) == len(rows) - sum(row.truth == 0 for row in rows)


def test_five_and_more_stand_together() -> None:
    rows = [Row("a", "x", truth, truth) for truth in (0, 4, 5, 6, 40)]
    assert {name: one.rows for name, one in by_truth(rows).items()} == {"0": 1, "4": 1, "5+": 3}


def test_intervals_hold_the_true_mean_about_as_often_as_they_say() -> None:
    """Many small folders drawn from one world: 95 % of their intervals should hold its mean.

    Percentile intervals of 25 pictures hold it a little less often than they promise.
    """
    chance, held, worlds = np.random.default_rng(1), 0, 200
    for _ in range(worlds):
        off = chance.choice([0, 0, 0, 1, -1, 2], size=25)
        mae = count_metrics([Row(str(n), "x", 5, 5 + int(e)) for n, e in enumerate(off)]).mae
        assert mae.low is not None
        assert mae.high is not None
        held += mae.low <= 4 / 6 <= mae.high
    assert 0.88 <= held / worlds <= 0.99


def test_rows_of_one_picture_are_drawn_together() -> None:
    """Four objects in each of ten pictures are not forty witnesses."""
    spread = [Row(f"{n}", "x", 1, 1 + (n % 10 < 5)) for n in range(40)]
    together = [Row(f"{n % 10}", f"x{n // 10}", 1, 1 + (n % 10 < 5)) for n in range(40)]
    wide, narrow = count_metrics(together).mae, count_metrics(spread).mae
    assert wide.value == narrow.value
    assert wide.high is not None
    assert wide.low is not None
    assert narrow.high is not None
    assert narrow.low is not None
    assert wide.high - wide.low > 1.5 * (narrow.high - narrow.low)


@given(ROWS)
@settings(max_examples=30, deadline=None)
def test_nothing_is_worse_than_itself(rows: list[Row]) -> None:
    rows = list({(row.picture, row.object): row for row in [*ENOUGH, *rows]}.values())
    same = increase(rows, random.Random(3).sample(rows, len(rows)), other="itself")
    assert (same.value, same.low, same.high) == (0, 0, 0)
    assert not same.exceeds(0)
    assert not same.exceeds(0, strict=True)
    assert same.exceeds(-0.1)


def test_the_gate_closes_on_what_is_shown_and_strictly_on_what_is_not_excluded() -> None:
    truth = [Row(str(n), "x", 3, 3) for n in range(20)]
    worse = [Row(str(n), "x", 3, 2) for n in range(20)]
    once = [Row(str(n), "x", 3, 3 - (n == 0)) for n in range(20)]
    assert increase(worse, truth, other="").value == 1
    assert increase(worse, truth, other="").exceeds(0.9)
    assert increase(truth, worse, other="").high == -1
    slightly = increase(once, truth, other="")
    assert slightly.value == pytest.approx(0.05)
    assert slightly.low == 0 < slightly.high
    assert not slightly.exceeds(0)
    assert slightly.exceeds(0, strict=True)


def test_only_what_both_have_judged_is_compared_and_by_one_truth() -> None:
    mine = [Row("a", "x", 1, 7), Row("b", "x", 1, 1), Row("a", "y", 4, 4), *ENOUGH]
    pairs = increase(mine, [Row("a", "x", 1, 1), Row("c", "x", 9, 0), *ENOUGH], other="o")
    assert (pairs.rows, pairs.pictures, pairs.value) == (6, 6, 1)
    with pytest.raises(CountlabError, match="4 pictures are too few: 5"):
        increase(ENOUGH[1:], ENOUGH[1:], other="o")
    with pytest.raises(CountlabError, match="No picture"):
        increase(mine, [Row("z", "x", 1, 1)], other="o")
    with pytest.raises(CountlabError, match="another truth"):
        increase(mine, [Row("a", "x", 2, 1)], other="o")
