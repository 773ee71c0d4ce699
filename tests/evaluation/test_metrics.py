"""Count metrics, bootstrap intervals and the paired comparison, on generated rows."""

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
    nonzero_rows,
)

ROWS = st.lists(
    st.builds(
        Row,
        st.sampled_from([f"{n}.jpg" for n in range(16)]),
        st.sampled_from(["apple", "orange"]),
        st.integers(0, 8),
        st.integers(0, 8),
    ),
    min_size=1,
    max_size=40,
)

FIVE_PICTURES = [Row(f"extra {n}.jpg", "apple", 1, n) for n in range(5)]


def estimates(metrics: CountMetrics) -> list[Estimate]:
    return [metrics.exact, metrics.within_one, metrics.mae, metrics.bias, metrics.rms]


@given(ROWS)
@settings(max_examples=60, deadline=None)
def test_metrics_equal_plain_arithmetic(rows: list[Row]) -> None:
    errors = [row.counted - row.truth for row in rows]
    metrics = count_metrics(rows)
    assert metrics.exact.value == pytest.approx(errors.count(0) / len(errors))
    assert metrics.within_one.value == pytest.approx(sum(abs(x) <= 1 for x in errors) / len(errors))
    assert metrics.mae.value == pytest.approx(sum(abs(x) for x in errors) / len(errors))
    assert metrics.bias.value == pytest.approx(sum(errors) / len(errors))
    assert metrics.rms.value == pytest.approx((sum(x * x for x in errors) / len(errors)) ** 0.5)
    assert abs(metrics.bias.value) <= metrics.mae.value + 1e-9 <= metrics.rms.value + 2e-9
    assert metrics.exact.value <= metrics.within_one.value


@given(ROWS)
@settings(max_examples=40, deadline=None)
def test_intervals_are_ordered_repeatable_and_absent_for_few_pictures(rows: list[Row]) -> None:
    metrics, again = count_metrics(rows), count_metrics(rows)
    assert astuple(metrics) == astuple(again)
    for estimate in estimates(metrics):
        if metrics.pictures < 12:
            assert estimate.low is None
            assert estimate.high is None
        else:
            assert estimate.low is not None
            assert estimate.high is not None
            assert estimate.low <= estimate.high


@given(ROWS)
@settings(max_examples=30, deadline=None)
def test_groups_partition_the_rows(rows: list[Row]) -> None:
    for groups in (by_label(rows), by_truth(rows)):
        assert sum(group.rows for group in groups.values()) == len(rows)
        total = sum(group.mae.value * group.rows for group in groups.values())
        assert total == pytest.approx(count_metrics(rows).mae.value * len(rows))
    assert len(nonzero_rows(rows)) == len(rows) - sum(row.truth == 0 for row in rows)


def test_true_counts_from_five_up_are_one_group() -> None:
    rows = [Row("a", "x", truth, truth) for truth in (0, 4, 5, 6, 40)]
    assert {name: group.rows for name, group in by_truth(rows).items()} == {"0": 1, "4": 1, "5+": 3}


def test_intervals_contain_the_true_mean_at_about_their_nominal_rate() -> None:
    """Percentile intervals of 25 pictures contain it a little less often than 95 %."""
    rng, contained, samples = np.random.default_rng(1), 0, 200
    for _ in range(samples):
        errors = rng.choice([0, 0, 0, 1, -1, 2], size=25)
        mae = count_metrics([Row(str(n), "x", 5, 5 + int(e)) for n, e in enumerate(errors)]).mae
        assert mae.low is not None
        assert mae.high is not None
        contained += mae.low <= 4 / 6 <= mae.high
    assert 0.88 <= contained / samples <= 0.99


def test_rows_of_one_picture_are_resampled_together() -> None:
    """Four objects in each of twelve pictures are not 48 independent observations."""
    spread = [Row(f"{n}", "x", 1, 1 + (n % 12 < 6)) for n in range(48)]
    together = [Row(f"{n % 12}", f"x{n // 12}", 1, 1 + (n % 12 < 6)) for n in range(48)]
    wide, narrow = count_metrics(together).mae, count_metrics(spread).mae
    assert wide.value == narrow.value
    assert wide.high is not None
    assert wide.low is not None
    assert narrow.high is not None
    assert narrow.low is not None
    assert wide.high - wide.low > 1.5 * (narrow.high - narrow.low)


@given(ROWS)
@settings(max_examples=30, deadline=None)
def test_a_result_compared_with_itself_has_zero_increase(rows: list[Row]) -> None:
    rows = list({(row.picture, row.object): row for row in [*FIVE_PICTURES, *rows]}.values())
    same = increase(rows, random.Random(3).sample(rows, len(rows)), other="itself")
    assert (same.value, same.low, same.high) == (0, 0, 0)
    assert not same.exceeds(0)
    assert not same.exceeds(0, strict=True)
    assert same.exceeds(-0.1)


def test_gate_uses_the_lower_end_and_in_strict_mode_the_upper() -> None:
    truth = [Row(str(n), "x", 3, 3) for n in range(20)]
    worse = [Row(str(n), "x", 3, 2) for n in range(20)]
    one_error = [Row(str(n), "x", 3, 3 - (n == 0)) for n in range(20)]
    assert increase(worse, truth, other="").value == 1
    assert increase(worse, truth, other="").exceeds(0.9)
    assert increase(truth, worse, other="").high == -1
    slightly = increase(one_error, truth, other="")
    assert slightly.value == pytest.approx(0.05)
    assert slightly.low == 0 < slightly.high
    assert not slightly.exceeds(0)
    assert slightly.exceeds(0, strict=True)


def test_comparison_uses_common_rows_and_refuses_a_different_truth() -> None:
    rows = [Row("a", "x", 1, 7), Row("b", "x", 1, 1), Row("a", "y", 4, 4), *FIVE_PICTURES]
    pairs = increase(rows, [Row("a", "x", 1, 1), Row("c", "x", 9, 0), *FIVE_PICTURES], other="o")
    assert (pairs.rows, pairs.pictures, pairs.value) == (6, 6, 1)
    with pytest.raises(CountlabError, match="4 pictures are too few: 5"):
        increase(FIVE_PICTURES[1:], FIVE_PICTURES[1:], other="o")
    with pytest.raises(CountlabError, match="No picture"):
        increase(rows, [Row("z", "x", 1, 1)], other="o")
    with pytest.raises(CountlabError, match="another truth"):
        increase(rows, [Row("a", "x", 2, 1)], other="o")
