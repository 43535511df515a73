"""Products as arrays for programs: an uncompressed NPZ file, made while it is sent, never whole in memory.

Members: ``signal``, ``errors`` (if there are any), ``axis_0`` … in the order of the dimensions, and ``facts.json``.
"""

import io
import math
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy

from livereduce.publish.products.file import default_data
from livereduce.publish.products.inside import opened
from livereduce.web.render.encode import to_json
from livereduce.web.render.reading import MAX_LABEL, PIECE_CELLS, axes_of, check, facts_of

PIECE_BYTES = 16 << 20
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The time of the members: the same product makes the same bytes."""


class _Sent(io.RawIOBase):
    """What a zip file is written to; it is taken away piece by piece."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        taken, self._pieces = b"".join(self._pieces), []
        return taken


def npz_pieces(path: Path, run: int, name: str, version: str) -> Iterator[bytes]:
    """The NPZ file of a product in pieces of about 8 MiB.

    Raises
    ------
    Unshowable, IndexError, OSError, NotAProduct, NotPlain
        As `livereduce.web.render.reading.read_shown`; raised with the first piece, before anything is sent.
    """
    facts = facts_of(path)
    with opened(path) as file:
        data, signal, errors = default_data(file)
        check(signal, errors, ())
        axes = axes_of(data, signal)
        about = {
            "run": run,
            "name": name,
            "version": version,
            "title": str(facts.pop("title", "")),
            "units": str(signal.attrs.get("units", ""))[:MAX_LABEL],
            "axes": [{"name": axis.name, "units": axis.units} for axis in axes],
            "attributes": facts,
        }
        out = _Sent()
        with zipfile.ZipFile(out, "w") as packed:
            packed.writestr(zipfile.ZipInfo("facts.json", _EPOCH), to_json(about))
            for place, axis in enumerate(axes):
                yield from _member(packed, out, f"axis_{place}", axis.values)
            yield from _member(packed, out, "signal", signal)
            if errors is not None:
                yield from _member(packed, out, "errors", errors)
        yield out.take()


def _member(packed: zipfile.ZipFile, out: _Sent, name: str, values: Any) -> Iterator[bytes]:
    """An array of doubles as a member, read and written in blocks of its first dimension."""
    with packed.open(zipfile.ZipInfo(f"{name}.npy", _EPOCH), "w", force_zip64=True) as member:
        header = {"descr": "<f8", "fortran_order": False, "shape": values.shape}
        npy.write_array_header_1_0(member, header)
        for where in _blocks(values.shape):
            member.write(np.ascontiguousarray(values[where], dtype="<f8").tobytes())
            taken = memoryview(out.take())
            yield from (bytes(taken[start : start + PIECE_BYTES]) for start in range(0, len(taken), PIECE_BYTES))


def _blocks(shape: tuple[int, ...]) -> Iterator[Any]:
    """Indices of consecutive blocks of the first dimension, of about `PIECE_CELLS` values each if they can be."""
    if not shape:
        yield ()
        return
    step = max(1, PIECE_CELLS // max(1, math.prod(shape[1:])))
    yield from (slice(start, start + step) for start in range(0, shape[0], step))
