"""The prologue of every file: the equipment as last described, and the last value of every variable."""

import struct

from livereduce.stream.adara.wire.layout import DESCRIPTIONS, HEADER_BYTES, Note, Type

_VALUES = frozenset(range(Type.VARIABLE_U32, Type.VARIABLE_DOUBLE_ARRAY + 1)) | frozenset(
    range(Type.MULTIPLE_U32, Type.MULTIPLE_DOUBLE_ARRAY + 1)
)
NOTED_TYPES = frozenset(DESCRIPTIONS) | _VALUES | {Type.DEVICE_DESCRIPTOR, Type.ANNOTATION}


class Prologue:
    """Keeps the newest packet of each kind that a joining client needs."""

    def __init__(self) -> None:
        self._devices: dict[int, dict[int | None, bytes]] = {}
        self._single: dict[int, bytes] = {}
        self._pause = b""

    def note(self, packet: bytes) -> None:
        """Store a packet for later; packets of other kinds are ignored."""
        base_type = struct.unpack_from("<I", packet, 4)[0] >> 8
        if base_type == Type.DEVICE_DESCRIPTOR:
            (device,) = struct.unpack_from("<I", packet, HEADER_BYTES)
            # A new dict, so that the descriptor stays in front of its values, which it may have changed.
            self._devices[device] = {**self._devices.get(device, {}), None: packet}
        elif base_type in _VALUES:
            device, variable = struct.unpack_from("<2I", packet, HEADER_BYTES)
            self._devices.setdefault(device, {})[variable] = packet
        elif base_type in DESCRIPTIONS:
            self._single[base_type] = packet
        elif base_type == Type.ANNOTATION:
            note = struct.unpack_from("<I", packet, HEADER_BYTES)[0] >> 16 & 0x7FFF
            if note in (Note.PAUSE, Note.RESUME):
                self._pause = packet if note == Note.PAUSE else b""

    def forget_pause(self) -> None:
        """Another run, or none: clients that join are not told of an earlier pause."""
        self._pause = b""

    def forget_run(self) -> None:
        """No run is on: there is no run information to repeat."""
        self._single.pop(Type.RUN_INFO, None)

    def packets(self, annotations: tuple[bytes, ...] = ()) -> bytes:
        """Devices with their values, annotations, and the rest, as one burst."""
        parts: list[bytes] = []
        for values in self._devices.values():
            parts += [values[None]] if None in values else []
            parts += [packet for variable, packet in values.items() if variable is not None]
        parts += (self._pause, *annotations)
        parts += [self._single[base_type] for base_type in DESCRIPTIONS if base_type in self._single]
        return b"".join(parts)
