"""A snapshot as JSON can hold it. Pure."""

import math
from dataclasses import asdict
from typing import Any

from livereduce.status import Status


def snapshot(status: Status | None) -> dict[str, Any] | None:
    """All fields of the snapshot; a number that is none (NaN) is null."""
    return None if status is None else _finite(asdict(status))


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {name: _finite(one) for name, one in value.items()}
    return [_finite(one) for one in value] if isinstance(value, list | tuple) else value
