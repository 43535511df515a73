"""Progress with some values changed."""

from dataclasses import is_dataclass, replace
from typing import Any

from livereduce.messages.progress import Progress


def changed(progress: Progress, **changes: Any) -> Progress:
    """Progress with other values; those of its records are given as dicts: ``run={"events": 5}``."""
    values = {name: _changed(getattr(progress, name), value) for name, value in changes.items()}
    return replace(progress, **values)


def _changed(old: Any, value: Any) -> Any:
    return replace(old, **value) if is_dataclass(old) and not isinstance(old, type) else value
