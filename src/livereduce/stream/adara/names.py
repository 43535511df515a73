"""Names of logs: the variable's own name, unless another variable has it.

A name belongs to the first variable that claims it, as long as the connection of this worker's stream lasts. The next
variable of that name, and one with the name of a log of livereduce's own, is called ``NAME@DEVICE`` (with the device's
name; without one, or if that is taken too, ``NAME@device<ID>``, and last ``NAME@device<ID>.<VARIABLE>``). A variable
that no descriptor names is called ``device<ID>.<VARIABLE>``.
"""

import logging
from collections.abc import Iterator

from livereduce.stream.adara.wire.packets import DeviceDescriptor
from livereduce.stream.adara.wire.variables import MAX_VARIABLES
from livereduce.stream.items import is_our_log

MAX_NAME = 255
"""Characters kept of a variable's name or units: a descriptor has room for megabytes."""

_log = logging.getLogger("livereduce.stream")
Key = tuple[int, int]
"""Device and variable id."""


class Names:
    """Names and units of variables, from their descriptors."""

    def __init__(self) -> None:
        self._said: dict[Key, tuple[str, str]] = {}
        self._names: dict[Key, tuple[str, str]] = {}
        self._owner: dict[str, Key] = {}

    def learn(self, packet: DeviceDescriptor) -> None:
        """Learn the names of a device's variables; a descriptor may come again, with other ones."""
        for variable, (name, units) in packet.variables.items():
            key, name, units = (packet.device, variable), name[:MAX_NAME], units[:MAX_NAME]
            if key not in self._said and len(self._said) >= MAX_VARIABLES:
                continue
            if self._said.get(key) != (packet.name, name):
                self._said[key] = packet.name, name
                self._claim(key, name, packet.name[:MAX_NAME])
            self._names[key] = self._names[key][0], units

    def of(self, device: int, variable: int) -> tuple[str, str]:
        """Name and units of a variable."""
        return self._names.get((device, variable)) or (_unnamed(device, variable), "")

    def _claim(self, key: Key, name: str, device_name: str) -> None:
        if key in self._names:
            self._owner.pop(self._names[key][0], None)
        chosen = next(one for one in _candidates(key, name, device_name) if self._owner.get(one, key) == key)
        self._owner[chosen] = key
        self._names[key] = chosen, ""
        if name and chosen != name:
            whose = "is a log of livereduce's own" if is_our_log(name) else "is already used by another variable"
            _log.warning("the name %r %s: variable %d of device %d is the log %r", name, whose, key[1], key[0], chosen)


def _candidates(key: Key, name: str, device_name: str) -> Iterator[str]:
    device, variable = key
    if not name:
        yield _unnamed(device, variable)
        return
    if not is_our_log(name):
        yield name
    if device_name:
        yield f"{name}@{device_name}"
    yield f"{name}@device{device}"
    yield f"{name}@{_unnamed(device, variable)}"


def _unnamed(device: int, variable: int) -> str:
    return f"device{device}.{variable}"
