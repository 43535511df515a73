"""Two of its functions, with the signatures of neutrons/finddata."""

from dataclasses import dataclass
from typing import Any

from mantid._double.record import record


@dataclass(frozen=True)
class Answer:
    """Of the live data server."""

    status_code: int = 200
    text: str = ""


def publish_plot(instrument: str, run_number: int, files: dict[str, Any], config: Any = None) -> Answer:
    """A figure of a run."""
    record("publish_plot", instrument=instrument, run=run_number, length=len(files["file"]))
    return Answer()


def plot1d(run_number: int, data_list: list[Any], data_names: list[str] | None = None, **options: Any) -> Answer:
    """Curves of a run."""
    record("plot1d", run=run_number, curves=len(data_list), names=data_names, instrument=options["instrument"])
    return Answer()
