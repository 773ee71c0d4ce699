"""Early checks: what was mistyped is refused before libraries are loaded that take a second."""

from __future__ import annotations

from collections.abc import Iterable

from countlab.engines import check_engine
from countlab.models.catalog import read_catalog
from countlab.models.labels import label_for
from countlab.options import PredictOptions
from countlab.settings import Settings


def check_options(options: PredictOptions, settings: Settings) -> None:
    check_names(settings, engines=[options.engine], models=[options.model], object=options.object)


def check_names(
    settings: Settings,
    *,
    engines: Iterable[str | None],
    models: Iterable[str | None] = (),
    object: str | None = None,
) -> None:
    """Each engine, model and object; None is what the settings say."""
    for engine in engines:
        check_engine(engine or settings.engine)
    catalog = read_catalog(settings.models_folder)
    for name in models:
        model = catalog.find(name or settings.default_model)
        if object:
            label_for(model, object)
