"""Whether the source of a configuration can be read: by this engine, and, if it is a file, on this host."""

import os
import stat
from pathlib import Path

from livereduce.base.source_urls import ADARA, forms, parse_source_url, scheme_of
from livereduce.config.instrument import Instrument
from livereduce.preflight.host import Host


def source_problems(source: str, engine: str, instrument: Instrument, host: Host) -> list[str]:
    """What is wrong with a source. Empty for Mantid: the instrument's own."""
    scheme = scheme_of(source)
    if scheme is None or engine not in scheme.engines:
        return _wrong_kind(source, engine, instrument)
    path = path_of(source)
    obstacle = _obstacle(path, host) if path else ""
    return [f"source {path} cannot be read: {obstacle}"] if obstacle else []


def _wrong_kind(source: str, engine: str, instrument: Instrument) -> list[str]:
    if engine != "builtin":
        advice = 'to read a file, set "engine": "builtin"'
        return [f"source {source}: the engine {engine} reads {forms(engine)}; {advice}"] if source else []
    what = f"streams {source}, the builtin engine reads {forms(engine)}" if source else "has no known live stream"
    return [
        f'instrument {instrument.name} {what}; set "source", for example "{ADARA.name}://localhost:{ADARA.default_port}"'
    ]


def path_of(source: str) -> str:
    """The path of a source that is a file; empty if it is none."""
    try:
        return parse_source_url(source).path
    except ValueError:
        return ""


def _obstacle(path: str, host: Host) -> str:
    """Why a file or folder cannot be read, as far as its name and rights tell."""
    try:
        mode = Path(path).stat().st_mode
    except OSError as error:
        return error.strerror or str(error)
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        return "it is neither a file nor a folder"
    may_read = host.of_another_user or os.access(path, os.R_OK)
    return "" if may_read else "no permission"


def seen_of(source: str) -> str:
    """Which file a source is: size, time and inode; empty if it is none, or is not there."""
    path = path_of(source)
    try:
        seen = Path(path).stat() if path else None
    except OSError:
        return ""
    return "" if seen is None else f"{seen.st_size} {seen.st_mtime_ns} {seen.st_ino}"
