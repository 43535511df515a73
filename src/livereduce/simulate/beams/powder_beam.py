"""The beam of the synthetic powder diffractometer: neutrons drawn at a given rate, for a play to make runs of."""

from collections.abc import Iterator

import numpy as np

from livereduce.base.times import NS_PER_S
from livereduce.simulate.beams.beam import (
    CYCLES,
    PULSES_PER_S,
    BeamItem,
    Device,
    Equipment,
    Monitor,
    Pulses,
    PulseTrain,
    SlowValue,
    SlowValues,
    SlowVariable,
    ValueKind,
    pulse_times,
)
from livereduce.simulate.beams.powder import BANKS, L1_M, MONITOR_M, PIXELS, definition_xml, draw_monitor_tof, draw_tof
from livereduce.stream.items import I8, U4
from livereduce.stream.stretches import starts_of

CHARGE = 1_846_994
"""Proton charge of a pulse in 10 pC, as SNS has it at about 1.1 MW."""
BLOCK_BYTES = 8 * 1024 * 1024
POOL_BYTES = 32 * 1024 * 1024
"""Neutrons are drawn up to this amount, then played again with new stamps: drawing is slower than sending."""
SAMPLE_DEVICE = 1


class PowderBeam:
    """The beam of the synthetic diffractometer.

    Parameters
    ----------
    rate
        Neutron events per second of beam.
    pixels
        Number of pixels, a multiple of the banks and at most 131 068 (a pixel map section counts in 15 bits).
    banks
        Number of banks.
    in_order
        The events of a bank are in order of time in each pulse, as a detector gives them; else in any order.
    choppers, monitor_events
        Fast variables per pulse; events per pulse in the one beam monitor.
    """

    instrument, title, proposal = "POWDER", "diamond powder", "IPTS-00000"
    first_run = 1
    run_s = 60.0

    def __init__(
        self,
        rate: float,
        *,
        pixels: int = PIXELS,
        banks: int = BANKS,
        in_order: bool = False,
        choppers: int = 1,
        monitor_events: int = 5,
        seed: int = 1,
    ) -> None:
        if pixels % banks or not 0 < pixels <= BANKS * 0x7FFF:
            raise ValueError(f"{pixels} pixels: expected a multiple of {banks}, at most {BANKS * 0x7FFF}")
        self._rate, self._pixels, self._choppers, self._monitor_events = rate, pixels, choppers, monitor_events
        self._banks, self._in_order = banks, in_order
        self._rng = np.random.default_rng(seed)
        per_pulse = 8 * rate / PULSES_PER_S + 400
        self._pulses = int(min(PULSES_PER_S, max(1, BLOCK_BYTES // per_pulse)))
        self._blocks_kept = max(1, int(POOL_BYTES // (per_pulse * self._pulses)))
        self._pool: list[Pulses] = []
        self._played = 0

    def equipment(self) -> Equipment:
        """The constant part."""
        each = self._pixels // self._banks
        temperature = SlowVariable(id=1, name="SampleTemp", kind=ValueKind.DOUBLE, units="K")
        note = SlowVariable(id=2, name="SampleNote", kind=ValueKind.TEXT)
        return Equipment(
            beamline="BL-00",
            short_name="POW",
            definition_xml=definition_xml(self._pixels, self._banks),
            devices=(Device(id=SAMPLE_DEVICE, name="Sample", variables=(temperature, note)),),
            banks={k + 1: np.arange(k * each, (k + 1) * each) for k in range(self._banks)},
            monitors_m={1: MONITOR_M - L1_M},
            choppers=self._choppers,
        )

    def values(self, now_ns: int) -> tuple[SlowValue, ...]:
        """Current values of temperature and note."""
        seconds = now_ns // NS_PER_S
        temperature_k = 295.0 + 5.0 * np.sin(2 * np.pi * (seconds % 60) / 60)
        note = f"position {seconds // 10 % 6 + 1}"
        at = {"device": SAMPLE_DEVICE, "time_ns": now_ns}
        return (
            SlowValue(**at, variable=1, kind=ValueKind.DOUBLE, value=float(temperature_k)),
            SlowValue(**at, variable=2, kind=ValueKind.TEXT, value=note),
        )

    def run(self, start_ns: int) -> Iterator[BeamItem]:
        """Neutrons without end; the temperature every second, the note every tenth."""
        pulse = 0
        while True:
            times = start_ns + np.array(pulse_times(pulse, pulse + self._pulses), np.int64)
            if pulse // PULSES_PER_S != (pulse - self._pulses) // PULSES_PER_S and pulse:
                now_ns = int(times[0])
                many = 2 if now_ns // NS_PER_S % 10 == 0 else 1
                yield SlowValues(due_ns=now_ns, values=self.values(now_ns)[:many])
            train = PulseTrain(pulses=self._next_block(), time_ns=times, first_cycle=self._played % CYCLES)
            self._played += self._pulses
            pulse += self._pulses
            yield train

    between = run

    def _next_block(self) -> Pulses:
        nth = self._played // self._pulses
        if nth >= self._blocks_kept:
            return self._pool[nth % self._blocks_kept]
        self._pool.append(self._draw())
        return self._pool[-1]

    def _draw(self) -> Pulses:
        """New neutrons for the next pulses; the counts follow the rate without drift."""
        edges = np.floor((self._played + np.arange(self._pulses + 1)) * self._rate / PULSES_PER_S).astype(np.int64)
        counts = self._rng.multinomial(np.diff(edges), np.full(self._banks, 1 / self._banks))
        of_section = counts[counts > 0]
        bank = np.broadcast_to(np.arange(self._banks, dtype=np.uint32), counts.shape)[counts > 0]
        each = self._pixels // self._banks
        within = self._rng.integers(0, each, int(of_section.sum()), dtype=np.uint32)
        pixel = np.repeat(bank * np.uint32(each), of_section) + within
        tof = draw_tof(self._rng, pixel, self._pixels)
        if self._in_order:
            order = _by_time(tof, of_section)
            tof, pixel = tof[order], pixel[order]
        monitor_first = self._monitor_events * np.arange(self._pulses + 1)
        monitor_tof = draw_monitor_tof(self._rng, self._monitor_events * self._pulses)
        return Pulses(
            charge=np.full(self._pulses, CHARGE, np.uint32),
            section_first=starts_of((counts > 0).sum(axis=1)),
            bank=bank + np.uint32(1),
            event_first=starts_of(of_section),
            tof=tof,
            pixel=pixel,
            monitors=(Monitor(id=1, first=monitor_first, tof=monitor_tof),),
            choppers=self._choppers,
        )


def _by_time(tof: U4, of_section: I8) -> I8:
    """The order of the events by time within each section, given the number of events of each."""
    section = np.repeat(np.arange(of_section.size, dtype=np.uint64), of_section)
    order: I8 = np.argsort(section << np.uint64(32) | tof, kind="stable")
    return order
