"""The instrument definition of a stream or a file, read when something asks for positions.

Reading takes up to a second, and every chunk of a run brings the same text: what was read is kept by its content.
"""

import logging
import re
from collections import OrderedDict, deque
from dataclasses import dataclass
from pathlib import Path
from threading import RLock
from typing import Any

from livereduce.engine.geometry.errors import GeometryError
from livereduce.engine.geometry.finding import parameter_file
from livereduce.engine.geometry.instrument import InstrumentGeometry
from livereduce.engine.geometry.moving import coordinates, moved, moving_logs
from livereduce.engine.geometry.reading.building import instrument_of, with_links
from livereduce.engine.geometry.reading.elements import text_of
from livereduce.engine.workspaces.runlogs import RunLogs

logger = logging.getLogger(__name__)
STREAM = "the stream"
_NAME = re.compile(r"""<instrument\b[^>]*?\sname\s*=\s*["']([^"']*)""")
_KEPT = 6
"""Instruments; some hundred MB for the largest."""


class _Read:
    """The newest results of reading and placing, by their key."""

    def __init__(self) -> None:
        self._results: OrderedDict[Any, InstrumentGeometry | GeometryError] = OrderedDict()

    def get(self, key: Any) -> InstrumentGeometry | GeometryError | None:
        if key in self._results:
            self._results.move_to_end(key)
        return self._results.get(key)

    def put(self, key: Any, result: InstrumentGeometry | GeometryError) -> None:
        self._results[key] = result
        while len(self._results) > _KEPT:
            self._results.popitem(last=False)


class _Placed:
    """Instruments by the states of the logs that place them, compared by identity: no value of a log is looked at."""

    def __init__(self) -> None:
        self._known: deque[tuple[object, tuple[object, ...], InstrumentGeometry]] = deque(maxlen=_KEPT)

    def find(self, key: object, states: tuple[object, ...]) -> InstrumentGeometry | None:
        for known, seen, instrument in self._known:
            if known == key and all(one is two for one, two in zip(seen, states, strict=True)):
                return instrument
        return None

    def put(self, key: object, states: tuple[object, ...], instrument: InstrumentGeometry) -> None:
        self._known.append((key, states, instrument))


_at_rest, _in_place = _Read(), _Placed()
_lock = RLock()
"""Held while either is looked at or filled: placing an instrument fills both."""


@dataclass(frozen=True, slots=True)
class Definition:
    """An instrument definition as XML; empty if the source has sent none.

    Attributes
    ----------
    origin
        Where it came from, or should have, for messages.
    of_monitors
        It belongs to events of beam monitors: their pixel is the number of a monitor, whose id is that below 0.
    folders
        Where Mantid's file of further parameters may lie (``REF_M_Parameters.xml``).
    """

    xml: str = ""
    origin: str = STREAM
    of_monitors: bool = False
    folders: tuple[Path, ...] = ()

    @property
    def name(self) -> str:
        """The name that the definition gives, also if no positions can be read from it; empty if it gives none."""
        try:
            return self.instrument().name
        except GeometryError:
            found = _NAME.search(self.xml)
            return found[1] if found else ""

    def instrument(self) -> InstrumentGeometry:
        """The instrument at rest.

        Raises
        ------
        GeometryError
            There is no definition, or it cannot be read.
        """
        if not self.xml.strip():
            raise GeometryError(self._nothing())
        with _lock:
            found = _at_rest.get(self._key)
            if found is None:
                found = self._read()
                _at_rest.put(self._key, found)
        if isinstance(found, GeometryError):
            raise GeometryError(str(found))
        return found

    def at(self, logs: RunLogs) -> InstrumentGeometry:
        """The instrument with its moving parts where the logs say they are; without such a log they stay at rest.

        Raises
        ------
        GeometryError
            There is no definition, or it cannot be read.
        """
        rest = self.instrument()
        if not rest.tree.moving:
            return rest
        with _lock:
            states = tuple(logs.state_of(name) for name in moving_logs(rest.tree))
            found = _in_place.find(self._key, states)
            if found is None:
                found = self._placed(rest, logs)
                _in_place.put(self._key, states, found)
        return found

    def _placed(self, rest: InstrumentGeometry, logs: RunLogs) -> InstrumentGeometry:
        """The instrument at the places that logs give now: one of those known, if they are the same."""
        values = coordinates(rest.tree, logs)
        key = (self._key, tuple((component, tuple(given.items())) for component, given in values.items()))
        found = _at_rest.get(key)
        if not isinstance(found, InstrumentGeometry):
            self._tell_missing(rest, logs)
            found = moved(rest, values, logs)
            _at_rest.put(key, found)
        return found

    def _nothing(self) -> str:
        """The sentence for no definition at all."""
        comes = (
            "it comes in ADARA's Geometry packet, as the data acquisition is configured"
            if self.origin == STREAM
            else "a file or a stream can bring one"
        )
        return (
            f"{self.origin} has no instrument definition: positions of pixels, flight paths and angles are not known"
            f" ({comes}). A script can give one: LoadInstrument(workspace, Filename='…_Definition.xml',"
            " RewriteSpectraMap=False)"
        )

    def _read(self) -> InstrumentGeometry | GeometryError:
        try:
            found = self._with_parameters(instrument_of(self.xml))
            # Coordinates that are plain values hold at rest, too.
            return moved(found, coordinates(found.tree, None), None) if found.tree.moving else found
        except GeometryError as error:
            reason = str(error)
        except (
            ArithmeticError,
            ValueError,
            TypeError,
            LookupError,
            AttributeError,
            RecursionError,
            MemoryError,
        ) as error:
            reason = f"{type(error).__name__}: {error}"
        return GeometryError(
            f"the instrument definition of {self.origin} cannot be read: {reason}. Positions of pixels, flight paths"
            " and angles are not known"
        )

    @property
    def _key(self) -> object:
        return self.xml, self.folders

    def _with_parameters(self, instrument: InstrumentGeometry) -> InstrumentGeometry:
        """The instrument with the parameters of Mantid's file beside the definition or the scripts, if there is one."""
        path = parameter_file(instrument.name, self.folders) if self.folders else None
        if path is None:
            return instrument
        try:
            linked = with_links(instrument, text_of(path.read_bytes()))
        except (GeometryError, OSError) as error:
            logger.warning("%s is left out, it cannot be read: %s", path, error)
            return instrument
        logger.info("instrument %s has the parameters of %s", instrument.name, path)
        return linked

    def _tell_missing(self, rest: InstrumentGeometry, logs: RunLogs) -> None:
        missing = [name for name in moving_logs(rest.tree) if name not in logs]
        if missing:
            logger.warning(
                "instrument %s: the run has no log %s, which places parts of it: they stand as in the definition",
                rest.name,
                ", ".join(map(repr, missing)),
            )
