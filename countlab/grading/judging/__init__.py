"""Checks of what a submission does, by what came over HTTP and what lies in files."""
