"""The whole stack as processes on this machine, for where there is no Docker: `make stack`.

PostgreSQL, an S3 store, MLflow on both, a trainer, the prediction server that follows the
registry, and the Streamlit client: the real programs, on loopback, ended together.
"""

from deploy.stack.stack import Stack

__all__ = ["Stack"]
