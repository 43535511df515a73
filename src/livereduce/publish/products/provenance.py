"""The provenance of a product in its file: the group ``entry/provenance``, an NXprocess.

====================================  =================================================================================
``program``, ``version``              of livereduce
``settings``                          JSON: ``settings``, ``versions``, ``named_files`` of the `Origin`
``file_roles``, ``file_paths``,       of both scripts, their modules and ``parameters.json``, in the same order
``file_md5s``, ``file_texts``
``position``                          JSON: the fields of `StreamPosition`
``chunks``, ``counts``, ``names``     where the stream was cut (`Cuts`); without them, that is not known
``notes``                             why the result may come out differently another time
====================================  =================================================================================
"""

import json
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from livereduce.base.fields import checked
from livereduce.publish.products.inside import NotPlain, member, member_if_any, opened
from livereduce.publish.products.writing import clean, write_attributes, write_field
from livereduce.publish.provenance import Cuts, Origin, OriginFile, Provenance, StreamPosition

PROVENANCE = "provenance"
"""Name of the group."""
MAX_BYTES = 64 << 20
"""Most bytes of one of its fields that are read."""
_FILES = ("role", "path", "md5", "text")


def write_provenance(group: h5py.Group, provenance: Provenance) -> None:
    """Fill the group."""
    origin, cuts = provenance.origin, provenance.cuts
    write_attributes(group, {"NX_class": "NXprocess"})
    for name, value in _fields_of(origin).items():
        write_field(group, name, value, {})
    write_field(group, "position", json.dumps(asdict(provenance.position)), {})
    if cuts is not None:
        write_field(group, "chunks", cuts.chunks, {})
        write_field(group, "counts", cuts.counts, {})
        write_field(group, "names", json.dumps(cuts.names), {})
    write_field(group, "notes", json.dumps((*origin.notes, *provenance.notes)), {})


@lru_cache(maxsize=2)
def _fields_of(origin: Origin) -> dict[str, Any]:
    """What is the same for all results of a worker; made once."""
    body = {"settings": origin.settings, "versions": origin.versions, "named_files": origin.named_files}
    files = origin.files
    return {
        "program": "livereduce",
        "version": origin.versions.get("livereduce", ""),
        "settings": json.dumps(body),
        "file_roles": [file.role for file in files],
        "file_paths": [clean(file.path) for file in files],
        "file_md5s": [file.md5 for file in files],
        "file_texts": [file.text for file in files],
    }


def read_provenance(path: Path) -> Provenance | None:
    """Read the provenance of a product's file; None if it has none, as those from before December 2026.

    Raises
    ------
    OSError
        Not an HDF5 file.
    KeyError, ValueError
        Not a product, or its provenance is damaged: says what is missing or wrong.
    """
    with opened(path) as file:
        entry = member(file, str(file.attrs["default"]))
        group = member_if_any(entry, PROVENANCE)
        if not isinstance(group, h5py.Group):
            return None
        try:
            return _read(group)
        except (TypeError, AttributeError, RecursionError) as error:
            raise ValueError(f"its provenance is damaged: {error}") from None


def _read(group: h5py.Group) -> Provenance:
    return Provenance(
        origin=_origin(group),
        position=checked(StreamPosition, json.loads(_text(group, "position"))),
        cuts=_cuts(group) if member_if_any(group, "chunks") is not None else None,
        notes=_texts(json.loads(_text(group, "notes"))),
    )


def _origin(group: h5py.Group) -> Origin:
    body = json.loads(_text(group, "settings"))
    columns = [_dataset(group, f"file_{name}s")[()].tolist() for name in _FILES]
    files = tuple(
        OriginFile(role=role.decode(), path=path.decode(), md5=md5.decode(), text=text)
        for role, path, md5, text in zip(*columns, strict=True)
    )
    settings, versions, named = (body[name] for name in ("settings", "versions", "named_files"))
    if not all(isinstance(one, dict) for one in (settings, versions, named)):
        raise ValueError("settings: expected objects of settings, versions and named_files")
    return Origin(settings=settings, versions=versions, files=files, named_files=named)


def _cuts(group: h5py.Group) -> Cuts:
    chunks, counts = _dataset(group, "chunks")[()], _dataset(group, "counts")[()]
    names = _texts(json.loads(_text(group, "names")))
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
