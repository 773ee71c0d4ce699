"""Drawing findings on a copy of the picture."""

from __future__ import annotations

import numpy as np

from countlab.findings import Box, Finding
from countlab.imaging.annotate import draw, label_color
from countlab.imaging.picture import Pixels


def test_drawing_does_not_change_the_picture_itself(drawing: Pixels) -> None:
    before = drawing.copy()
    drawn = draw(drawing, [Finding("orange", 0.9, Box(10, 30, 50, 55))])
    assert np.array_equal(drawing, before)
    assert not np.array_equal(drawn, before)
    assert drawn.shape == before.shape


def test_a_label_has_the_same_color_in_every_picture(drawing: Pixels) -> None:
    for background in (drawing, np.zeros((300, 400, 3), np.uint8)):
        drawn = draw(background, [Finding("orange", 0.9, Box(20, 30, 80, 55))])
        assert (drawn == label_color("orange")).all(axis=2).any()
    assert label_color("orange") != label_color("lemon")


def test_without_findings_nothing_is_drawn(drawing: Pixels) -> None:
    assert np.array_equal(draw(drawing, []), drawing)


def test_boxes_at_and_beyond_the_edge_are_drawn(drawing: Pixels) -> None:
    for box in (Box(0, 0, 90, 60), Box(-20, -20, 300, 300), Box(85, 55, 90, 60), Box(5, 5, 5, 5)):
        draw(drawing, [Finding("a label much longer than the picture is wide", 0.51, box)])
    draw(np.zeros((1, 1, 3), np.uint8), [Finding("orange", 0.9, Box(0, 0, 1, 1))])


def test_a_finding_without_a_box_gets_a_tag_at_the_top(drawing: Pixels) -> None:
    drawn = draw(drawing, [Finding("seven", 0.98)])
    assert not np.array_equal(drawn[:15], drawing[:15])
    assert np.array_equal(drawn[40:], drawing[40:])


def test_tags_do_not_cover_neighboring_objects_in_a_crowd() -> None:
    background = np.zeros((1400, 1800, 3), np.uint8)
    crowd = [
        Finding("orange", 0.9, Box(x, y, x + 60, y + 60))
        for x in range(40, 1700, 120)
        for y in range(60, 1300, 120)
    ]
    drawn = draw(background, crowd)
    for finding in crowd:
        left, top, right, bottom = finding.box or Box(0, 0, 0, 0)
        inside = drawn[top + 8 : bottom - 8, left + 8 : right - 8]
        assert not inside.any(), "a neighbor's tag covers it"
