"""The lab's packages as bodies in space, rendered with Blender (.venv-scenes)."""
