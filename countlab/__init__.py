"""Image models as a lab and as a service, with the count as the product.

The names below load what they need when they are first used; `import countlab` loads nothing heavy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from countlab.client import Client
    from countlab.errors import CountlabError
    from countlab.inference.pipeline import Pipeline
    from countlab.notebook import find_server, serve, show, side_by_side
    from countlab.options import PredictOptions
    from countlab.server import create_app

__version__ = "0.1.0"
__all__ = [
    "Client",
    "CountlabError",
    "Pipeline",
    "PredictOptions",
    "create_app",
    "find_server",
    "serve",
    "show",
    "side_by_side",
]
_MODULES = {
    "Client": "countlab.client",
    "CountlabError": "countlab.errors",
    "Pipeline": "countlab.inference.pipeline",
    "PredictOptions": "countlab.options",
    "create_app": "countlab.server",
    "find_server": "countlab.notebook",
    "serve": "countlab.notebook",
    "show": "countlab.notebook",
    "side_by_side": "countlab.notebook",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module 'countlab' has no attribute {name!r}")
    try:
        return getattr(import_module(_MODULES[name]), name)
    except ModuleNotFoundError as error:
        from countlab.extras import missing_extra

        raise missing_extra(error) or error from error


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
