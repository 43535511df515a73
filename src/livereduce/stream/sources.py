"""Open the source that a URL names, a function for each scheme of `livereduce.base.source_urls`; and tell of it."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from livereduce.base.errors import OperatorError
from livereduce.base.source_urls import ADARA, FILE, SourceUrl, parse_source_url
from livereduce.messages.marks import Marker, Suspect
from livereduce.messages.progress import SourceProgress
from livereduce.stream.items import MakeColumns, Source, SourceState, StartFrom

if TYPE_CHECKING:
    from livereduce.stream.adara.unpacking import Tap

Open = Callable[[SourceUrl, Marker, tuple[Suspect, ...], MakeColumns | None, "Tap | None"], Source]


def _open_adara(
    url: SourceUrl, marker: Marker, suspects: tuple[Suspect, ...], columns: MakeColumns | None, tap: "Tap | None"
) -> Source:
    from livereduce.stream.adara.caution import Caution
    from livereduce.stream.adara.client import AdaraSource

    return AdaraSource(url.host, url.port, caution=Caution(marker, suspects), columns=columns, tap=tap)


def _open_file(
    url: SourceUrl, marker: Marker, suspects: tuple[Suspect, ...], columns: MakeColumns | None, _tap: "Tap | None"
) -> Source:
    """A NeXus file, or a recording; by its content, whatever its name is."""
    from livereduce.stream.adara.caution import Caution
    from livereduce.stream.recording.source import RecordingSource

    path = Path(url.path)
    if is_hdf5(path):
        from livereduce.stream.nexus.source import NexusSource

        return NexusSource(path, columns=columns)
    return RecordingSource(path, caution=Caution(marker, suspects), columns=columns)


def is_hdf5(path: Path) -> bool:
    """True for a NeXus file, False for a folder or a file of packets.

    Raises
    ------
    OperatorError
        It cannot be read.
    """
    import h5py

    try:
        if path.is_dir():
            return False
        with path.open("rb"):  # HDF5's own errors do not say whether a file is missing, or may not be read
            return bool(h5py.is_hdf5(path))
    except OSError as error:
        raise OperatorError(f"source {path} cannot be read: {error.strerror}") from None


OPEN: Mapping[str, Open] = {ADARA.name: _open_adara, FILE.name: _open_file}
"""Sources of the builtin engine, by scheme."""


def source_of(
    url: str,
    marker: Marker | None = None,
    suspects: tuple[Suspect, ...] = (),
    columns: MakeColumns | None = None,
    tap: "Tap | None" = None,
) -> Source:
    """The source that a URL names, not opened yet.

    Parameters
    ----------
    marker
        Is told what is being decoded.
    suspects
        Data that an earlier worker died on while it decoded them.
    columns
        Makes the memory that events are decoded into; None for memory of this process.
    tap
        Is given the bytes of a live stream as they come; a file is not recorded again.

    Raises
    ------
    OperatorError
        No source reads such a URL.
    """
    try:
        checked = parse_source_url(url)
    except ValueError as error:
        raise OperatorError(f"source {url!r}: {error}") from None
    return OPEN[checked.scheme.name](checked, marker or Marker(), suspects, columns, tap)


def start_from(start: str) -> StartFrom:
    """The place to begin that a job names.

    Raises
    ------
    OperatorError
        There is no such place.
    """
    if start not in {way.value for way in StartFrom}:
        raise OperatorError(f"start: {start!r} is not one of {', '.join(way.value for way in StartFrom)}")
    return StartFrom(start)


def source_progress(state: SourceState) -> SourceProgress:
    """What beats tell of a source: only what it knows by itself, not how old its data are."""
    return SourceProgress(
        address=state.address,
        connected=state.connected,
        reason=state.reason,
        connects=state.connects,
        received_bytes=state.received_bytes,
        bad_packets=state.bad_packets,
        repeated_pulses=state.repeated_pulses,
        ended=state.ended,
    )
