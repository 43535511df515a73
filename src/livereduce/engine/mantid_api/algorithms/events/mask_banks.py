"""MaskBTP: banks, tubes and pixels masked by their numbers.

Source of the names and numbers: Mantid Framework/PythonInterface/plugins/algorithms/MaskBTP.py.
"""

from collections.abc import Sequence

import numpy as np

from livereduce.engine.geometry.instrument import InstrumentGeometry
from livereduce.engine.geometry.tree import ComponentTree
from livereduce.engine.mantid_api.algorithms.beamline.instruments import load_empty_instrument
from livereduce.engine.mantid_api.algorithms.events.grouping import rows_with
from livereduce.engine.mantid_api.algorithms.powder.calibration import left_in_store
from livereduce.engine.mantid_api.calling.registry import CallContext, implements
from livereduce.engine.mantid_api.calling.values import integers
from livereduce.engine.matrix.matrix import Matrix
from livereduce.stream.items import I4

FIRST_BANK = {"D33": 0, "SEQUOIA": 23, "TOPAZ": 10}
"""The lowest number of a bank, where it is not 1."""
LAST_BANK = {
    "ARCS": 115,
    "BIOSANS": 88,
    "CG2": 48,
    "CG3": 88,
    "CHESS": 163,
    "CNCS": 50,
    "CORELLI": 91,
    "D33": 4,
    "EQ-SANS": 48,
    "GPSANS": 48,
    "HYSPEC": 20,
    "MANDI": 59,
    "NOMAD": 99,
    "POWGEN": 300,
    "REF_M": 1,
    "SEQUOIA": 150,
    "SNAP": 64,
    "SXD": 11,
    "TOPAZ": 59,
    "WAND": 8,
    "WISH": 10,
}
COUNTED_FROM_1 = frozenset(
    {"ARCS", "BIOSANS", "CG2", "CG3", "CHESS", "CNCS", "CORELLI", "EQ-SANS", "GPSANS", "HYSPEC", "NOMAD", "SEQUOIA"}
    | {"WAND", "WISH"}
)
"""Instruments whose tubes and pixels begin with number 1; others begin with 0."""
EDGES = (0, -1)
D33 = ("back_detector", "front_detector_left", "front_detector_right", "front_detector_bottom", "front_detector_top")
ARCS_MIDDLE = [f"M{number}" for number in range(1, 32)] + ["M32A", "M32B"] + [f"M{number}" for number in range(33, 39)]
ARCS = [f"B{number}" for number in range(1, 39)] + ARCS_MIDDLE + [f"T{number}" for number in range(1, 39)]


@implements("MaskBTP")
def mask_btp(
    *,
    workspace: Matrix | None,
    instrument: str,
    components: Sequence[str],
    bank: Sequence[int],
    tube: str,
    pixel: str,
    context: CallContext,
) -> tuple[Matrix | None, I4]:
    """The workspace with the mask, or one of the instrument in the store; and the ids that are masked."""
    if bank and components:
        raise RuntimeError("give Bank or Components, not both")
    matrix = _empty(instrument, context) if workspace is None else workspace
    geometry = matrix.instrument()
    first = 1 if geometry.name in COUNTED_FROM_1 else 0
    parts = _parts(geometry, components, bank)
    tubes, pixels = _numbers(tube, first), _numbers(pixel, first)
    detectors = [geometry.ids[_chosen(geometry.tree, part, tubes, pixels)] for part in parts]
    ids = np.concatenate(detectors)
    masked = np.zeros(matrix.rows, np.bool_)
    masked[rows_with(matrix.spectra, ids.astype(np.int64))] = True
    made = matrix.with_mask(masked)
    if workspace is None:
        left_in_store(context, f"{instrument}MaskBTP", made)
        return None, ids
    return made, ids


def _empty(instrument: str, context: CallContext) -> Matrix:
    if not instrument:
        raise RuntimeError("give Workspace or Instrument")
    return load_empty_instrument(
        filename="",
        instrument_name=instrument,
        detector_value=1.0,
        monitor_value=2.0,
        make_event_workspace=False,
        context=context,
    )


def _numbers(text: str, first: int) -> tuple[int, ...]:
    """Places in the order of the definition; none for all of them."""
    if text.strip().casefold() == "edges":
        return EDGES
    return tuple(number - first for number in integers(text)) if text.strip() else ()


def _parts(geometry: InstrumentGeometry, names: Sequence[str], banks: Sequence[int]) -> list[int]:
    """The components of the banks; banks that the definition does not have are left out."""
    tree = geometry.tree
    if names:
        wanted: list[tuple[str, ...]] = [(name.strip(),) for name in names]
    elif geometry.name not in LAST_BANK:
        raise RuntimeError(f"the banks of instrument {geometry.name!r} are not known by number: give Components")
    else:
        low, high = FIRST_BANK.get(geometry.name, 1), LAST_BANK[geometry.name]
        if wrong := [number for number in banks if not low <= number <= high]:
            raise RuntimeError(f"{geometry.name} has banks {low} to {high}, and no bank {wrong[0]}")
        wanted = [bank_names(geometry.name, number) for number in banks or range(low, high + 1)]
    found = [next((part for name in some for part in tree.named(name)), None) for some in wanted]
    parts = list(dict.fromkeys(part for part in found if part is not None))
    if not parts:
        raise RuntimeError("the instrument has none of the banks that are to be masked")
    return parts


def bank_names(instrument: str, number: int) -> tuple[str, ...]:
    """The names that a bank has, in newer definitions first; none where it was never built."""
    if instrument == "ARCS":
        return (ARCS[number - 1],)
    if instrument == "SEQUOIA":
        return _sequoia(number)
    if instrument == "D33":
        return (D33[number],)
    if instrument == "WISH":
        return (f"panel{number:02d}",)
    if instrument == "REF_M":
        return (f"detector{number}",)
    if instrument in ("EQ-SANS", "CG2", "GPSANS", "CG3", "BIOSANS"):
        wing = ("wing_detector",) if number == 2 and instrument in ("CG3", "BIOSANS") else ()
        return (f"bank{number}", *wing, f"detector{number}")
    return (f"bank{number}",)


def _sequoia(number: int) -> tuple[str, ...]:
    if number <= 37:
        return (f"A{number}",) if number <= 26 else ()
    if number <= 74:
        return (f"B{number - 37}",)
    if number <= 98:
        return (f"C{number - 74}",)
    if number <= 102:
        return (f"C{(25, 26)[(number - 99) % 2]}{'TTBB'[number - 99]}",)
    return (f"C{number - 76}",) if number <= 113 else (f"D{number - 113}",)


def _chosen(tree: ComponentTree, part: int, tubes: Sequence[int], pixels: Sequence[int]) -> I4:
    """Detectors of a bank: all of it, or the pixels of its tubes at some places."""
    if not tubes and not pixels:
        return tree.detectors(part)
    below = [pixel for tube in _children(tree, part, tubes) for pixel in _children(tree, tube, pixels)]
    detectors: I4 = tree.detector[np.array(below, np.int64)]
    return detectors[detectors >= 0]


def _children(tree: ComponentTree, part: int, places: Sequence[int]) -> list[int]:
    found = tree.children(part)
    if len(found) == 1:
        found = tree.children(found[0])
    if not places:
        return found
    there = [place for place in places if place < len(found)]
    if not there:
        raise RuntimeError(f"{tree.names[part]} has {len(found)} parts, and none at the places {tuple(places)}")
    return [found[place] for place in there]
