"""Raw network output to findings: one module a task."""
