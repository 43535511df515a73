"""What a simulated server has played of each run, counted from its packets, not with what is under test."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from livereduce.base.times import NS_PER_S
from livereduce.simulate.adara.passage import Passage
from livereduce.simulate.adara.play import Act, Opening
from livereduce.stream.adara.wire.layout import Type


@dataclass(frozen=True, slots=True)
class Totals:
    """What a run holds: pulses, events, proton charge in pC."""

    pulses: int = 0
    events: int = 0
    charge_pc: int = 0

    def __add__(self, other: "Totals") -> "Totals":
        return Totals(self.pulses + other.pulses, self.events + other.events, self.charge_pc + other.charge_pc)


@dataclass
class Truth:
    """What was played of each run, and which runs are over."""

    totals: dict[int, Totals] = field(default_factory=dict)
    over: set[int] = field(default_factory=set)
    run: int = 0
    ends_at_s: float = 0.0

    def noting(self, acts: Iterator[Act], origin_ns: int, began_s: float, run_s: float) -> Iterator[Act]:
        """The acts as they are played; the run they belong to is known from then on."""
        for act in acts:
            if isinstance(act, Opening):
                if self.run:
                    self.over.add(self.run)
                self.run = act.run
                self.ends_at_s = began_s + (act.due_ns - origin_ns) / NS_PER_S + run_s
            elif isinstance(act, Passage) and self.run:
                self.totals[self.run] = self.totals.get(self.run, Totals()) + count(act)
            yield act


def count(passage: Passage) -> Totals:
    """Totals of a passage, read from its bytes."""
    total = Totals()
    for begin, stop in zip(passage.begin[:-1].tolist(), passage.begin[1:].tolist(), strict=True):
        words = struct.unpack(f"<{(stop - begin) // 4}I", passage.data[begin:stop].tobytes())
        if words[1] >> 8 == Type.BANKED_EVENT:
            total += Totals(1, _events(words[8:]), 10 * words[4])
    return total


def _events(words: tuple[int, ...]) -> int:
    """Events in the sources of a pulse: 4 words and the banks of each, 2 words and the events of each bank."""
    events, at = 0, 0
    while at < len(words):
        banks, at = words[at + 3], at + 4
        for _ in range(banks):
            events += words[at + 1]
            at += 2 + 2 * words[at + 1]
    return events
