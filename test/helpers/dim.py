"""A beam that goes off in mid-run: pulses go on at their rate, without charge and without neutrons."""

from collections.abc import Iterator

import numpy as np

from livereduce.base.times import NS_PER_S
from livereduce.simulate.adara.play import Passage, Play, perform
from livereduce.simulate.adara.pulses import empty_pulses, lay_out
from livereduce.simulate.beams.powder_beam import PowderBeam


class DimBeam(PowderBeam):
    """A powder beam that is on for `on_s` of each run; with `charge` False there is none ever, as at a reactor."""

    def __init__(self, rate: float, *, on_s: float, charge: bool = True) -> None:
        super().__init__(rate, pixels=64)
        self._on_s, self._charge = on_s, charge

    def run(self, start_ns: int) -> Iterator[Passage]:
        off_ns = start_ns + round(self._on_s * NS_PER_S)
        for each in super().run(start_ns):
            if each.noted or each.due_ns[0] < off_ns:
                yield each if self._charge or each.noted else without_charge(each)
                continue
            times = np.unique(each.due_ns)
            dark = lay_out(empty_pulses(times.size, np.zeros(times.size, np.uint32)))
            data, due_ns = dark.stamped(times, 0)
            yield Passage(data=data, begin=dark.begin, due_ns=due_ns)

    between = run


def without_charge(each: Passage) -> Passage:
    """The same packets with a charge of 0, where their payload begins with it."""
    words = each.data.copy().view(np.uint32)
    for at in each.begin[:-1] // 4:
        if words[at + 1] >> 8 in (0x4000, 0x4001):
            words[at + 4] = 0
    return Passage(data=words.view(np.uint8), begin=each.begin, due_ns=each.due_ns)


def dim_play(origin_ns: int, *, on_s: float, run_s: float, charge: bool = True) -> Play:
    """One run after half a second; 1200 events a second as long as the beam is on."""
    beam = DimBeam(1200.0, on_s=on_s, charge=charge)
    return Play(origin_ns=origin_ns, acts=perform(beam, origin_ns=origin_ns, runs=1, run_s=run_s, gap_s=0.5))
