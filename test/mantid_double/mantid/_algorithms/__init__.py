"""The algorithms that scripts of the tests and the most used scripts call."""

import importlib

MODULES = (
    *("arithmetic", "binning", "characterizations", "files", "filtering", "making"),
    *("naming", "powder", "reflectometry", "servers", "smoothing", "units"),
)


def load() -> None:
    """Make them known."""
    for name in MODULES:
        importlib.import_module(f"mantid._algorithms.{name}")
