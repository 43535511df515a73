"""What the products of a service have said of each run, while it goes on."""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from livereduce.publish.products.file import read_product
from played import Totals


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """The newest product of a run."""

    totals: Totals
    counts: float
    ended: bool
    incomplete: str


class Watcher:
    """Remembers the newest state of every run: the service itself keeps only the last ones."""

    def __init__(self, state: Path) -> None:
        self._products = state / "products"
        self._versions: dict[str, float] = {}
        self.seen: dict[int, Seen] = {}
        self.missed: dict[int, str] = {}

    def look(self) -> None:
        """Take in what has changed."""
        with suppress(OSError, ValueError):
            index = json.loads((self._products / "index.json").read_text())
            for missed in index["missed"]:
                self.missed |= dict.fromkeys(range(missed["first"], missed["last"] + 1), missed["reason"])
            for run in index["runs"]:
                for entry in run["products"]:
                    self._take(run["run"], entry)

    def _take(self, run: int, entry: Mapping[str, Any]) -> None:
        if self._versions.get(entry["path"]) == entry["written_unix_s"]:
            return
        with suppress(OSError, KeyError):  # replaced or removed at this moment: the next look sees more
            product = read_product(self._products / entry["path"])
            facts = product.attributes
            self.seen[run] = Seen(
                totals=Totals(int(facts["pulses"]), int(facts["events"]), round(float(facts["proton_charge_pc"]))),
                counts=float(product.signal.sum()),
                ended=bool(facts["ended"]),
                incomplete=str(facts["incomplete"]),
            )
            self._versions[entry["path"]] = entry["written_unix_s"]
