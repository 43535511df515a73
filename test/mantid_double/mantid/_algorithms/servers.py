"""FakeISISHistoDAE and FakeISISEventDAE: Mantid's own stand-ins for a server run until they are cancelled.

The double's listeners read the description of a stream instead, so these serve nobody.
"""

import time

from mantid.api.algorithm import Algorithm
from mantid.api.factory import subscribe
from mantid.api.properties import Property


class _Server(Algorithm):
    def exec(self) -> None:
        while True:
            self.interruption_point()
            time.sleep(0.01)


@subscribe
class FakeISISHistoDAE(_Server):
    """Serves histograms until it is cancelled."""

    def declare(self) -> list[Property]:
        numbers = {"NPeriods": 1, "NSpectra": 100, "NBins": 30, "Port": 56789}
        return [Property(name, "int", default) for name, default in numbers.items()]


@subscribe
class FakeISISEventDAE(_Server):
    """Serves events until it is cancelled."""

    def declare(self) -> list[Property]:
        numbers = {"NPeriods": 1, "NSpectra": 100, "Rate": 20, "NEvents": 1000, "Port": 59876}
        return [Property(name, "int", default) for name, default in numbers.items()]
