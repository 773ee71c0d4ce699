"""The graded lab: hand out, check, hand in, grade. Students' code runs only in `sandbox`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from countlab.grading.student.public_checks import checks

__all__ = ["checks"]


def __getattr__(name: str) -> Any:
    if name != "checks":
        raise AttributeError(f"module 'countlab.grading' has no attribute {name!r}")
    from countlab.grading.student.public_checks import checks

    return checks
