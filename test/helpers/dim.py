"""A beam that goes off in mid-run: pulses go on at their rate, without charge and without neutrons."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from livereduce.base.times import NS_PER_S
from livereduce.simulate.adara.play import Play, perform
from livereduce.simulate.beams.beam import BeamItem, Pulses, PulseTrain, SlowValues, empty_pulses
from livereduce.simulate.beams.powder_beam import PowderBeam


class DimBeam(PowderBeam):
    """A powder beam that is on for `on_s` of each run; with `charge` False there is none ever, as at a reactor."""

    def __init__(self, rate: float, *, on_s: float, charge: bool = True) -> None:
        super().__init__(rate, pixels=64)
        self._on_s, self._charge = on_s, charge

    def run(self, start_ns: int) -> Iterator[BeamItem]:
        off_ns = start_ns + round(self._on_s * NS_PER_S)
        for each in super().run(start_ns):
            if isinstance(each, SlowValues):
                yield each
            elif each.time_ns[0] < off_ns:
                yield each if self._charge else replace(each, pulses=without_charge(each.pulses))
            else:
                dark = empty_pulses(each.time_ns.size, np.zeros(each.time_ns.size, np.uint32))
                yield PulseTrain(pulses=dark, time_ns=each.time_ns, first_cycle=0)

    between = run


def without_charge(pulses: Pulses) -> Pulses:
    """The same pulses with a charge of 0."""
    return replace(pulses, charge=np.zeros_like(pulses.charge))


def dim_play(origin_ns: int, *, on_s: float, run_s: float, charge: bool = True) -> Play:
    """One run after half a second; 1200 events a second as long as the beam is on."""
    beam = DimBeam(1200.0, on_s=on_s, charge=charge)
    return Play(origin_ns=origin_ns, acts=perform(beam, origin_ns=origin_ns, runs=1, run_s=run_s, gap_s=0.5))
