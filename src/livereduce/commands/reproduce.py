"""``livereduce reproduce``: make a result again from a recording or an event file, and compare to the bit."""

import time
from pathlib import Path
from typing import TextIO

from livereduce.base.errors import OperatorError
from livereduce.base.source_urls import scheme_of
from livereduce.stream.recording.runs import recording_of
from livereduce.workbench.reproduce.again import Reproduced, provenance_of, reproduce


def reproduce_command(result: Path, source: str | None, recordings: Path | None, out: TextIO) -> int:
    """Print whether a result comes out the same.

    Parameters
    ----------
    source
        A recording's folder, an event file, or a run number; None: the file that the result was made from.
    recordings
        Where recordings of runs are; None if that is not known.

    Returns
    -------
    The exit code: 0 identical, 1 different.

    Raises
    ------
    OperatorError
        It cannot be made again.
    """
    provenance = provenance_of(result)
    position, settings = provenance.position, provenance.origin.settings
    if source is not None and source.isdecimal() and not Path(source).exists():
        source = str(_recorded(int(source), recordings, str(settings.get("short_name", ""))))
    url = _url(source, str(settings.get("source", "")))
    chunks = 0 if provenance.cuts is None else len(provenance.cuts.chunks)
    print(f"{result}: run {position.run}, {position.events} events in {chunks} chunks", file=out)
    out.flush()
    begun_s = time.monotonic()
    found = reproduce(result, url)
    print(f"made again from {url} in {time.monotonic() - begun_s:.1f} s", file=out)
    out.writelines(f"{line}\n" for line in told(found))
    return found.exit_code


def told(found: Reproduced) -> list[str]:
    """The outcome in lines."""
    if not found.differs:
        return [f"identical to the bit: {found.values} values with errors and axes"]
    lines = ["different:", *(f"  - {one}" for one in found.differs)]
    if found.why:
        return [*lines, "possible reasons:", *(f"  - {one}" for one in found.why)]
    return [*lines, "nothing is known that explains it: please report this"]


def _recorded(run: int, recordings: Path | None, instrument: str) -> Path:
    if recordings is None:
        raise OperatorError(f"run {run}: no directory of recordings is known; name it with --recordings")
    return recording_of(recordings, run, instrument).folder


def _url(source: str | None, used: str) -> str:
    if source is None:
        scheme = scheme_of(used)
        if scheme is None or scheme.name != "file":
            raise OperatorError(f"it was made from {used or 'a stream'}: say with --from where the run is recorded")
        return used
    if scheme_of(source) is not None:
        return source
    path = Path(source).absolute()
    if not path.exists():
        raise OperatorError(
            f"{source}: no such file; expected a recording's folder, one of its files, or an event file"
        )
    return path.as_uri()
