"""The provenance of a product in its file: the group ``entry/provenance``, an NXcollection.

====================  =================================================================================================
``origin``            JSON: ``settings``, ``versions``, ``named_files`` of the `Origin`, and ``files``: role, path and
                      md5 of both scripts, their modules and ``parameters.json``
``file_texts``        the bytes of these files, in the same order
``result``            JSON: ``position`` (the fields of `StreamPosition`), ``notes`` (why the result may come out
                      differently another time), ``names`` of logs and beam monitors
``chunks, counts``    where the stream was cut (`Cuts`); without them, that is not known
====================  =================================================================================================

It has few fields because each costs some 50 µs with every product.
"""

import json
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

import h5py
import numpy as np

from livereduce.base.fields import checked
from livereduce.publish.products.inside import NotPlain, member, member_if_any, opened
from livereduce.publish.products.writing import write_attributes, write_field
from livereduce.publish.provenance import Cuts, Origin, OriginFile, Provenance, StreamPosition

PROVENANCE = "provenance"
"""Name of the group."""
MAX_BYTES = 64 << 20
"""Most bytes of one of its fields that are read."""


def write_provenance(group: h5py.Group, provenance: Provenance) -> None:
    """Fill the group."""
    origin, cuts = provenance.origin, provenance.cuts
    write_attributes(group, {"NX_class": "NXcollection"})
    text, file_texts = _fields_of(origin)
    write_field(group, "origin", text, {})
    write_field(group, "file_texts", file_texts, {})
    notes, names = (*origin.notes, *provenance.notes), cuts.names if cuts else ()
    body = {"position": asdict(provenance.position), "notes": notes, "names": names}
    write_field(group, "result", json.dumps(body), {})
    if cuts is not None:
        write_field(group, "chunks", cuts.chunks, {})
        write_field(group, "counts", cuts.counts, {})


@lru_cache(maxsize=2)
def _fields_of(origin: Origin) -> tuple[str, list[bytes]]:
    """What is the same for all results of a worker; made once."""
    body = {
        "settings": origin.settings,
        "versions": origin.versions,
        "named_files": origin.named_files,
        "files": [{"role": file.role, "path": file.path, "md5": file.md5} for file in origin.files],
    }
    return json.dumps(body), [file.text for file in origin.files]


def read_provenance(path: Path) -> Provenance | None:
    """Read the provenance of a product's file; None if it has none, as those from before December 2026.

    Raises
    ------
    OSError
        There is no such file, or the system cannot read it.
    ValueError
        Not a product, or its provenance is damaged: says what is missing or wrong.
    """
    with opened(path) as file:
        entry = member(file, str(file.attrs["default"]))
        group = member_if_any(entry, PROVENANCE)
        if not isinstance(group, h5py.Group):
            return None
        try:
            return _read(group)
        except (KeyError, TypeError, AttributeError, RecursionError) as error:
            raise ValueError(f"its provenance is damaged: {error}") from None


def _read(group: h5py.Group) -> Provenance:
    result = json.loads(_text(group, "result"))
    return Provenance(
        origin=_origin(group),
        position=checked(StreamPosition, result["position"]),
        cuts=_cuts(group, _texts(result["names"])) if member_if_any(group, "chunks") is not None else None,
        notes=_texts(result["notes"]),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _FileEntry:
    """A file as it stands in the origin."""

    role: str
    path: str
    md5: str


def _origin(group: h5py.Group) -> Origin:
    body = json.loads(_text(group, "origin"))
    entries = [checked(_FileEntry, one) for one in body["files"]]
    texts = _dataset(group, "file_texts")[()].tolist()
    files = tuple(
        OriginFile(role=one.role, path=one.path, md5=one.md5, text=bytes(text))
        for one, text in zip(entries, texts, strict=True)
    )
    settings, versions, named = (body[name] for name in ("settings", "versions", "named_files"))
    if not all(isinstance(one, dict) for one in (settings, versions, named)):
        raise ValueError("origin: expected objects of settings, versions and named_files")
    return Origin(settings=settings, versions=versions, files=files, named_files=named)


def _cuts(group: h5py.Group, names: tuple[str, ...]) -> Cuts:
    chunks, counts = _dataset(group, "chunks")[()], _dataset(group, "counts")[()]
    for name, array in (("chunks", chunks), ("counts", counts)):
        if array.ndim != 2 or array.shape[1] != 3 or array.dtype.kind != "i" or (array < 0).any():
            raise ValueError(f"{name}: expected whole numbers in 3 columns, got {array.dtype} of shape {array.shape}")
    if len(counts) and not ((counts[:, 0] < len(chunks)) & (counts[:, 1] < len(names))).all():
        raise ValueError("counts: a chunk or name beyond those that there are")
    return Cuts(chunks=chunks.astype(np.int64), counts=counts.astype(np.int32), names=names)


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ValueError(f"expected a list of texts, got {str(value)[:60]}")
    return tuple(value)


def _dataset(group: h5py.Group, name: str) -> h5py.Dataset:
    found = member(group, name)
    if not isinstance(found, h5py.Dataset) or found.nbytes > MAX_BYTES:
        raise NotPlain(f"{name}: expected a dataset of at most {MAX_BYTES >> 20} MiB")
    return found


def _text(group: h5py.Group, name: str) -> str:
    return str(_dataset(group, name).asstr()[()])
