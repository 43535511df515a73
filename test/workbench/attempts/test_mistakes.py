"""What is surely a mistake, and what is not."""

from typing import Any

import numpy as np

from livereduce.messages.progress import Progress, RunProgress, TotalProgress
from livereduce.publish.product import Axis, Product
from livereduce.workbench.attempts.mistakes import mistakes

SEEN = Progress(total=TotalProgress(events=7738), run=RunProgress(events=7738))


def product(*values: float, name: str = "result", events: int = 7738, run: int = 1) -> Product:
    axis = Axis(name="d", values=np.arange(len(values) + 1.0))
    attributes: dict[str, Any] = {"events": events}
    return Product(pipeline="live", run=run, name=name, signal=np.array(values), axes=(axis,), attributes=attributes)


def test_nothing_is_said_of_a_result_that_follows_the_data() -> None:
    assert mistakes(SEEN, [product(1.0, 2.0)], product(1.0, 1.0, events=12)) == ()


def test_events_without_a_count_in_the_result() -> None:
    assert mistakes(SEEN, [product(0.0, 0.0)]) == ("7,738 events, 0 in `result`: all its values are zero",)


def test_values_that_are_no_numbers() -> None:
    (text,) = mistakes(SEEN, [product(np.nan, np.inf, 1.0)])
    assert text == "2 of 3 values of `result` are no numbers (NaN or infinite)"
    assert len(mistakes(SEEN, [product(np.nan, np.nan)])) == 1


def test_a_result_that_stands_still() -> None:
    (text,) = mistakes(SEEN, [product(1.0, 2.0)], product(1.0, 2.0, events=12))
    assert text == "`result` is the same after 12 and after 7,738 events: it ignores the data"
    assert mistakes(SEEN, [product(1.0, 2.0)], product(1.0, 2.0)) == ()
    assert mistakes(SEEN, [product(1.0, 2.0)], product(1.0, 2.0, events=12, name="other")) == ()


def test_no_events_no_result_and_events_that_no_plot_shows() -> None:
    assert mistakes(Progress(), []) == ("no event came: the data have none, or they end before the first",)
    assert mistakes(SEEN, []) == ("7,738 events came, and there is no result",)
    outside = Progress(total=TotalProgress(events=10), run=RunProgress(events=10, outside_tof=6, unknown_pixel=5))
    assert mistakes(outside, [product(1.0)]) == (
        "6 of 10 events are outside the time-of-flight bins, so no plot shows them",
    )
    assert mistakes(SEEN, [product()]) == ("`result` has no values",)


def test_events_that_were_played_to_mantid_and_that_it_does_not_count() -> None:
    assert mistakes(SEEN, [product(1.0, 2.0)], played=7738) == ()
    (text,) = mistakes(SEEN, [product(1.0, 2.0)], played=8000)
    assert text.startswith("8,000 events were played to Mantid, and it counts 7,738: the others are in pixels that")
    (text,) = mistakes(Progress(), [product(1.0, 2.0)], played=8000)
    assert "it counts 0" in text
