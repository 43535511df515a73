"""The algorithms that scripts of the tests and the most used scripts call."""

import importlib


def load() -> None:
    """Make them known."""
    for name in ("arithmetic", "binning", "making", "naming", "servers"):
        importlib.import_module(f"mantid._algorithms.{name}")
