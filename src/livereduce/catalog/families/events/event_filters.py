"""Algorithms that choose or join events."""

from livereduce.catalog.declaration import Algorithm, flag, makes, number, reads, text

BINNING_MODES = ("Default", "Linear", "Logarithmic")

COMPRESS_EVENTS = Algorithm(
    name="CompressEvents",
    summary="Join events of a spectrum whose x agree within a tolerance into one with their weight",
    source="Mantid docs/source/algorithms/CompressEvents-v1.rst; Framework/DataObjects/src/EventList.cpp",
    family="events.event_filters",
    arguments=(
        reads(),
        makes(),
        number("Tolerance", 1e-5),
        number("WallClockTolerance"),
        text("StartTime"),
        text("BinningMode", "Default", BINNING_MODES),
        flag("SortFirst", default=True),
    ),
)

SORT_EVENTS = Algorithm(
    name="SortEvents",
    summary="Put the events of each spectrum in order; no count depends on it",
    source="Mantid docs/source/algorithms/SortEvents-v1.rst",
    family="events.event_filters",
    arguments=(
        reads(),
        text("SortBy", "X Value", ("X Value", "Pulse Time", "Pulse Time + TOF")),
    ),
    differs="Nothing is sorted here: what needs an order makes it.",
)

FILTER_BY_LOG_VALUE = Algorithm(
    name="FilterByLogValue",
    summary="Keep the events of the times when a log lies between two values",
    source="Mantid docs/source/algorithms/FilterByLogValue-v1.rst; Framework/Algorithms/src/FilterByLogValue.cpp; "
    "Framework/Kernel/src/TimeSeriesProperty.cpp",
    family="events.event_filters",
    arguments=(
        reads(),
        makes(),
        text("LogName"),
        number("MinimumValue"),
        number("MaximumValue"),
        number("TimeTolerance", 0.0),
        text("LogBoundary", "Centre", ("Centre", "Left")),
        flag("PulseFilter", default=False),
    ),
)

FILTER_BY_TIME = Algorithm(
    name="FilterByTime",
    summary="Keep the events of a time",
    source="Mantid Framework/Algorithms/src/FilterByTime.cpp",
    family="events.event_filters",
    arguments=(
        reads(),
        makes(),
        number("StartTime", 0.0),
        number("StopTime", 0.0),
        text("AbsoluteStartTime"),
        text("AbsoluteStopTime"),
    ),
)

FILTER_BAD_PULSES = Algorithm(
    name="FilterBadPulses",
    summary="Keep the events of pulses whose proton charge is near the mean",
    source="Mantid Framework/Algorithms/src/FilterBadPulses.cpp",
    family="events.event_filters",
    arguments=(reads(), makes(), number("LowerCutoff", 95.0)),
)

FILTER_BY_X_VALUE = Algorithm(
    name="FilterByXValue",
    summary="Keep the events whose x lies between two values",
    source="Mantid docs/source/algorithms/FilterByXValue-v1.rst; Framework/Algorithms/src/FilterByXValue.cpp",
    family="events.event_filters",
    arguments=(reads(), makes(), number("XMin"), number("XMax")),
)

ALGORITHMS = (
    COMPRESS_EVENTS,
    SORT_EVENTS,
    FILTER_BY_LOG_VALUE,
    FILTER_BY_TIME,
    FILTER_BAD_PULSES,
    FILTER_BY_X_VALUE,
)
