"""Declared properties of algorithms: names, kinds, defaults, allowed values."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mantid.api.ads import AnalysisDataService
from mantid.api.handles import strong
from mantid.api.workspaces import Workspace

IN, OUT, INOUT = "in", "out", "inout"


@dataclass(slots=True)
class Property:
    """One property of one algorithm object.

    Attributes
    ----------
    kind
        ``bool``, ``int``, ``float``, ``str``, ``ints``, ``floats``, ``workspace``, ``file`` or ``algorithm``.
    allowed
        The allowed strings; None where every value of the kind is.
    mandatory
        Whether the algorithm refuses to run without it.
    """

    name: str
    kind: str = "str"
    default: Any = ""
    direction: str = IN
    allowed: Sequence[str] | None = None
    mandatory: bool = False
    group: str = ""
    held: Any = None
    workspace_name: str = ""
    given: bool = field(default=False)

    @property
    def value(self) -> Any:
        """The value; of a workspace property the workspace, looked up by name where only that was given."""
        if self.kind != "workspace":
            return self.held if self.given else self.default
        if self.held is not None:
            return self.held
        return AnalysisDataService._find(self.workspace_name)

    @property
    def valueAsStr(self) -> str:
        if self.kind == "workspace":
            return self.workspace_name
        value = self.value
        if isinstance(value, bool):
            return str(int(value))
        return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)

    @property
    def isDefault(self) -> bool:
        return not self.given

    @property
    def allowedValues(self) -> list[str]:
        return list(self.allowed or ())

    def set(self, value: Any) -> None:
        """Take a value.

        Raises
        ------
        ValueError
            The value is not of the property's kind, or not among the allowed ones.
        """
        if self.kind == "workspace":
            self._set_workspace(value)
        else:
            self.held = _converted(self, value)
        self.given = True

    def _set_workspace(self, value: Any) -> None:
        value = strong(value)
        if isinstance(value, Workspace):
            self.held, self.workspace_name = value, value.name() or self.workspace_name
        elif isinstance(value, str):
            self.held, self.workspace_name = None, value
            if self.direction != OUT and value and value not in AnalysisDataService:
                raise ValueError(
                    _refusal(self, value, f'Workspace "{value}" was not found in the Analysis Data Service')
                )
        else:
            raise ValueError(_refusal(self, value, "a workspace or the name of one is expected"))


def _refusal(declared: Property, value: Any, reason: str) -> str:
    return f'Invalid value for property {declared.name} ({declared.kind}) from "{value}": {reason}'


def _converted(declared: Property, value: Any) -> Any:
    try:
        converted = _CONVERTERS[declared.kind](value)
    except (TypeError, ValueError):
        raise ValueError(_refusal(declared, value, "the value cannot be converted")) from None
    if declared.allowed is not None and converted not in declared.allowed:
        listed = ", ".join(declared.allowed)
        raise ValueError(
            _refusal(declared, value, f'The value "{value}" is not in the list of allowed values: {listed}')
        )
    if declared.kind == "file" and converted and not Path(converted).is_file() and declared.mandatory:
        raise ValueError(_refusal(declared, value, f'File "{value}" not found'))
    return converted


def _to_bool(value: Any) -> bool:
    if isinstance(value, bool | int) and value in (0, 1):
        return bool(value)
    if isinstance(value, str) and value.lower() in ("0", "1", "true", "false"):
        return value.lower() in ("1", "true")
    raise ValueError


def _to_int(value: Any) -> int:
    if isinstance(value, bool | float) and value != int(value):
        raise ValueError
    return int(value)


def _to_str(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _to_ints(value: Any) -> list[int]:
    parts = value.split(",") if isinstance(value, str) else value
    return [_to_int(part) for part in parts if part != ""]


def _to_floats(value: Any) -> list[float]:
    parts = value.split(",") if isinstance(value, str) else [value] if isinstance(value, int | float) else value
    return [float(part) for part in parts if part != ""]


def _to_strings(value: Any) -> list[str]:
    return value.split(",") if isinstance(value, str) else [str(part) for part in value]


def _as_is(value: Any) -> Any:
    return value


_CONVERTERS: dict[str, Callable[[Any], Any]] = {
    "bool": _to_bool,
    "int": _to_int,
    "float": float,
    "str": _to_str,
    "file": _to_str,
    "ints": _to_ints,
    "floats": _to_floats,
    "strings": _to_strings,
    "algorithm": _as_is,
}
