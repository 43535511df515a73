"""The live framework: listeners, StartLiveData, MonitorLiveData, LoadLiveData."""

import importlib


def load() -> None:
    """Make the three algorithms known."""
    for name in ("load", "monitor", "start"):
        importlib.import_module(f"mantid._live.{name}")
