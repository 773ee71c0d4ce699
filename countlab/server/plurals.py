"""The label that a route such as `/countOranges` or `/countNaranjas` names.

The words themselves are `models/labels`.
"""

from __future__ import annotations

from countlab.models.catalog import Model
from countlab.models.labels import label_for
from countlab.models.labels import plural_of as plural_of


def label_of(plural: str, model: Model) -> str:
    """The label of a plural in any letter case; `unknown_object` lists the closest label first."""
    return label_for(model, plural)
