"""A beam on four banks of tubes around the sample: a detector with two dimensions, whose events the test knows."""

import dataclasses
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from helpers.served import PATIENCE_S, T, url_of
from livereduce.base.times import NS_PER_S
from livereduce.simulate.adara.play import Play, perform
from livereduce.simulate.adara.server import Server
from livereduce.simulate.beams.beam import BeamItem, Equipment, Pulses, PulseTrain, pulse_times
from livereduce.simulate.beams.powder_beam import PowderBeam

F8 = NDArray[np.float64]
I8 = NDArray[np.int64]

BANKS, TUBES, HEIGHT = 4, 16, 32
"""Banks, tubes in each, pixels in a tube."""
PIXELS = BANKS * TUBES * HEIGHT
L2_M, TALL_M = 2.0, 0.8
HOT_SHARE = 0.08
"""Share of its bank's events that a hot pixel gets."""
GAP_S = 0.2
"""Of beam before the run."""


def angles_deg() -> F8:
    """Angle of each tube: 30 to 150 degrees, with gaps between the banks."""
    tube = np.arange(BANKS * TUBES)
    angles: F8 = 30.0 + 120.0 * (tube + 2.0 * (tube // TUBES)) / (BANKS * TUBES - 1 + 2.0 * (BANKS - 1))
    return angles


def positions() -> tuple[F8, F8]:
    """Angle around the vertical (degrees) and height (m) of each pixel, as a cylinder shows them."""
    heights = np.linspace(-TALL_M / 2, TALL_M / 2, HEIGHT)
    return np.repeat(angles_deg(), HEIGHT), np.tile(heights, BANKS * TUBES)


def definition_xml() -> str:
    """The geometry of tubes in banks."""
    angles = angles_deg().reshape(BANKS, TUBES)
    parts = "".join(
        f'  <component type="part{n + 1}" idlist="ids{n + 1}"><location name="bank{n + 1}"/></component>\n'
        f'  <type name="part{n + 1}"><component type="tube">\n'
        f'    <locations n-elements="{TUBES}" r="{L2_M}" t="{of[0]:.9f}" t-end="{of[-1]:.9f}" name="tube"/>\n'
        f'  </component></type>\n  <idlist idname="ids{n + 1}">'
        f'<id start="{n * TUBES * HEIGHT}" end="{(n + 1) * TUBES * HEIGHT - 1}"/></idlist>\n'
        for n, of in enumerate(angles)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<instrument name="POWDER" valid-from="1990-01-01 00:00:00" valid-to="2100-01-31 23:59:59"'
        ' last-modified="2026-01-01 00:00:00">\n'
        '  <defaults><length unit="metre"/><angle unit="degree"/><reference-frame><along-beam axis="z"/>'
        '<pointing-up axis="y"/><handedness axis="right"/></reference-frame></defaults>\n'
        '  <component type="moderator"><location z="-13.0"/></component>\n  <type name="moderator" is="Source"/>\n'
        '  <component type="sample-position"><location/></component>\n'
        '  <type name="sample-position" is="SamplePos"/>\n'
        f'{parts}  <type name="tube"><component type="pixel">\n'
        f'    <locations n-elements="{HEIGHT}" y="{-TALL_M / 2}" y-end="{TALL_M / 2}" name="pixel"/>\n'
        '  </component></type>\n  <type name="pixel" is="detector"/>\n</instrument>\n'
    )


class PanelBeam(PowderBeam):
    """The powder's neutrons on these banks; what it has given of its runs is kept."""

    def __init__(self, rate: float, seed: int = 1, hot: int | None = None) -> None:
        super().__init__(rate, pixels=PIXELS, banks=BANKS, seed=seed)
        self._hot = hot
        self.given: list[Pulses] = []
        self._shaped: dict[int, tuple[Pulses, Pulses]] = {}

    def equipment(self) -> Equipment:
        return dataclasses.replace(super().equipment(), definition_xml=definition_xml())

    def run(self, start_ns: int) -> Iterator[BeamItem]:
        self.given.clear()
        for item in super().run(start_ns):
            if not isinstance(item, PulseTrain):
                yield item
                continue
            self.given.append(self._shape(item.pulses))
            yield dataclasses.replace(item, pulses=self.given[-1])

    def _shape(self, pulses: Pulses) -> Pulses:
        """The same neutrons, most of them in the middle of their tube, so that there is something to see."""
        if id(pulses) not in self._shaped:
            random = np.random.default_rng(len(self._shaped))
            tube = pulses.pixel // HEIGHT
            wide = 3.0 + 5.0 * (tube / (BANKS * TUBES))
            row = np.clip(np.rint(random.normal(HEIGHT / 2, wide)), 0, HEIGHT - 1)
            spread = random.random(len(row)) < 0.3
            row = np.where(spread, random.integers(0, HEIGHT, len(row)), row)
            pixel = tube * HEIGHT + row
            if self._hot is not None:
                same_bank = pixel // (TUBES * HEIGHT) == self._hot // (TUBES * HEIGHT)
                pixel = np.where(same_bank & (random.random(len(row)) < HOT_SHARE), self._hot, pixel)
            shaped = dataclasses.replace(pulses, pixel=pixel.astype(np.uint32))
            self._shaped[id(pulses)] = (pulses, shaped)
        return self._shaped[id(pulses)][1]

    def events(self, pulses: int) -> tuple[I8, F8]:
        """Pixel and time of flight (µs) of the events in the first pulses of the newest run, as soon as it has them."""
        deadline = time.monotonic() + PATIENCE_S
        while sum(len(one.charge) for one in list(self.given)) < pulses:
            assert time.monotonic() < deadline, f"only {len(self.given)} pieces of the run are played"
            time.sleep(0.05)
        given = list(self.given)
        per_pulse = np.concatenate([np.diff(one.event_first[one.section_first]) for one in given])
        pixel = np.concatenate([one.pixel for one in given]).astype(np.int64)
        tof_us = np.concatenate([one.tof for one in given]) / 10.0
        count = int(per_pulse[:pulses].sum())
        return pixel[:count], tof_us[:count]


class Panels:
    """A server of this beam that plays as far as it is told, and waits there in the run."""

    def __init__(self, rate: float, origin_ns: int = T, hot: int | None = None) -> None:
        self.beam, self._origin_ns = PanelBeam(rate, hot=hot), origin_ns
        acts = perform(self.beam, origin_ns=origin_ns, run_s=3600.0, gap_s=GAP_S)
        self.server = Server(Play(origin_ns=origin_ns, acts=acts), speed=0.0)
        self.url = url_of(self.server.address)
        self.play(0)

    def play(self, run_s: float) -> None:
        """Play on until the run has gone on for so long."""
        self._run_ns = round(run_s * NS_PER_S)
        self.server.until_ns = self._origin_ns + round(GAP_S * NS_PER_S) + self._run_ns

    def events(self) -> tuple[I8, F8]:
        """Pixel and time of flight (µs) of all events of the run that are to be played by now."""
        return self.beam.events(
            sum(time_ns < self._run_ns for time_ns in pulse_times(0, self._run_ns * 61 // NS_PER_S + 61))
        )


@contextmanager
def panels(rate: float, origin_ns: int = T, hot: int | None = None) -> Iterator[Panels]:
    """Such a server in a thread; `hot` is a pixel that counts too much."""
    one = Panels(rate, origin_ns, hot)
    over = threading.Event()

    def serve() -> None:
        one.server.serve_forever(over.is_set)
        one.server.close()

    thread = threading.Thread(target=serve, name="panels")
    thread.start()
    try:
        yield one
    finally:
        over.set()
        thread.join()
