"""PDLoadCharacterizations, PDDetermineCharacterizations."""

from pathlib import Path

from mantid.api.algorithm import Algorithm
from mantid.api.factory import subscribe
from mantid.api.properties import OUT, Property
from mantid.api.tables import TableWorkspace
from mantid.kernel import FloatTimeSeriesProperty
from mantid.kernel.managers import PropertyManager, PropertyManagerDataService

COLUMNS = (
    *("frequency", "wavelength", "bank", "vanadium", "container", "vanadium_background"),
    *("d_min", "d_max", "tof_min", "tof_max", "wavelength_min", "wavelength_max"),
)
RUNS = ("vanadium", "container", "vanadium_background", "empty_environment", "empty_instrument")
TEXTS = ("d_min", "d_max", *RUNS)


@subscribe
class PDLoadCharacterizations(Algorithm):
    """A file of rows with twelve columns; missing ones are 0."""

    def declare(self) -> list[Property]:
        return [
            Property("Filename", "file", mandatory=True),
            Property("OutputWorkspace", "workspace", direction=OUT, mandatory=True),
        ]

    def exec(self) -> None:
        lines = Path(self.getProperty("Filename").value).read_text().splitlines()
        rows = [line.split() for line in lines if line.strip() and not line.startswith("#")]
        filled = [dict(zip(COLUMNS, words + ["0"] * 12, strict=False)) for words in rows]
        self.getProperty("OutputWorkspace").held = TableWorkspace(filled)


@subscribe
class PDDetermineCharacterizations(Algorithm):
    """The row of the run's frequency and wavelength, as a property manager."""

    def declare(self) -> list[Property]:
        return [
            Property("InputWorkspace", "workspace", mandatory=True),
            Property("Characterizations", "workspace", mandatory=True),
            Property("ReductionProperties", default="__pd_reduction_properties"),
        ]

    def exec(self) -> None:
        run = self.getProperty("InputWorkspace").value.run()
        sought = [
            next((average(run[name]) for name in names if name in run), 0.0)
            for names in (("SpeedRequest1", "Speed1", "frequency"), ("LambdaRequest", "Lambda"))
        ]
        manager = PropertyManager(dict.fromkeys(COLUMNS, 0.0) | {name: [0] for name in RUNS})
        for row in self.getProperty("Characterizations").value.rows if all(sought) else ():
            if all(abs(float(row[name]) - value) <= 0.05 * value for name, value in zip(COLUMNS, sought, strict=False)):
                manager.values |= {name: _value(name, text) for name, text in row.items()}
                break
        PropertyManagerDataService.addOrReplace(self.getProperty("ReductionProperties").value, manager)


def average(log: object) -> float:
    """The value of a log over its run."""
    assert isinstance(log, FloatTimeSeriesProperty)
    return log.timeAverageValue()


def _value(name: str, text: str) -> object:
    if name in RUNS:
        return [int(word) for word in text.split(",")]
    return text if name in TEXTS else float(text)
