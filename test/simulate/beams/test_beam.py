"""Beams are values above the protocol: another server than ADARA's can play them."""

import subprocess
import sys
from itertools import islice
from pathlib import Path

from helpers.paths import ROOT
from livereduce.simulate.beams.beam import PULSES_PER_S, PulseTrain, SlowValues
from livereduce.simulate.beams.powder_beam import PowderBeam

BEAMS = ROOT / "src" / "livereduce" / "simulate" / "beams"
T = 1_164_261_668 * 10**9


def test_beams_know_no_packets() -> None:
    """The limits of the stream, which a file must keep, are the only thing of ADARA that they ask for."""

    def of_adara(path: Path) -> list[str]:
        lines = [line for line in path.read_text().splitlines() if line.startswith(("from ", "import "))]
        return [line for line in lines if ".adara" in line and ".adara.wire.layout import " not in line]

    assert {path.name: found for path in BEAMS.glob("*.py") if (found := of_adara(path))} == {}


def test_a_beam_is_made_without_an_encoder() -> None:
    code = (
        "import sys; from livereduce.simulate.beams.powder_beam import PowderBeam; beam = PowderBeam(100);"
        f"beam.equipment(); beam.values({T}); next(beam.run({T}));"
        "sys.exit(any('adara' in name for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_beam_gives_its_neutrons_and_values_in_order() -> None:
    items = list(islice(PowderBeam(3000).run(T), 5))
    trains = [item for item in items if isinstance(item, PulseTrain)]
    values = [item for item in items if isinstance(item, SlowValues)]
    assert sum(train.pulses.tof.size for train in trains) == 3000 * len(trains)
    assert [train.time_ns.size for train in trains] == [PULSES_PER_S] * len(trains)
    assert [train.first_cycle for train in trains] == [PULSES_PER_S * k for k in range(len(trains))]
    assert {value.variable for each in values for value in each.values} <= {1, 2}
    times = [item.due_ns if isinstance(item, SlowValues) else int(item.time_ns[0]) for item in items]
    assert times == sorted(times)
