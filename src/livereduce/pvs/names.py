"""Names of PVs from the names of metrics and products. Pure.

Names of ours have signs that EPICS has not, and are longer. What cannot be told apart any more, or is too long, is not
served at all: a name that means one metric today and another one tomorrow would be worse.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from livereduce.base.pv_names import LONGEST_PV, pv_part

METRIC, TOTAL = "Metric:", "Total:"
"""What stands between the prefix and the name."""
ERROR = ":Error"
"""What follows the name of a value for its standard deviation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PvNames:
    """PVs of metrics, or of products.

    Attributes
    ----------
    of
        The PV of each name that has one.
    refused
        For each of the others a sentence that says why.
    """

    of: Mapping[str, str] = field(default_factory=dict)
    refused: tuple[str, ...] = ()


def pv_names(prefix: str, kind: str, names: Iterable[str]) -> PvNames:
    """The PVs of these names; the order of the names does not matter.

    Parameters
    ----------
    kind
        `METRIC` or `TOTAL`.
    """
    found: dict[str, list[str]] = defaultdict(list)
    for name in sorted(set(names)):
        found[f"{prefix}{kind}{pv_part(name)}"].append(name)
    served, refused = {}, []
    for pv, owners in found.items():
        if why := _why_not(pv, owners):
            refused.append(f"{_called(kind)} {' and '.join(map(repr, owners))}: {why}")
        else:
            served[owners[0]] = pv
    return PvNames(of=served, refused=tuple(refused))


def _called(kind: str) -> str:
    return "metric" if kind == METRIC else "product"


def _why_not(pv: str, owners: list[str]) -> str:
    if len(owners) > 1:
        return f"all of them would be {pv}, so none is served; rename all but one, and the next run has it"
    if (too_many := len(pv) + len(ERROR) - LONGEST_PV) > 0:
        return f"{pv}{ERROR} is longer than the {LONGEST_PV} characters of EPICS; shorten the name by {too_many}"
    return ""
