"""Algorithms that say which times belong to which slice."""

from livereduce.catalog.declaration import Algorithm, flag, ignored, integer, makes, number, numbers, reads, text

DIRECTIONS = ("Both", "Increase", "Decrease")

GENERATE_EVENTS_FILTER = Algorithm(
    name="GenerateEventsFilter",
    summary="Say which times belong to which slice, by lengths of time or by the values of a log",
    source="Mantid docs/source/algorithms/GenerateEventsFilter-v1.rst; "
    "Framework/Algorithms/src/GenerateEventsFilter.cpp",
    family="events.slice_tables",
    arguments=(
        reads(),
        makes(),
        makes("InformationWorkspace"),
        flag("FastLog", default=False),
        text("StartTime"),
        text("StopTime"),
        numbers("TimeInterval"),
        text("UnitOfTime", "Seconds", ("Seconds", "Nanoseconds", "Percent")),
        text("LogName"),
        number("MinimumLogValue"),
        number("MaximumLogValue"),
        number("LogValueInterval"),
        text("FilterLogValueByChangingDirection", "Both", DIRECTIONS),
        number("TimeTolerance", 0.0),
        text("LogBoundary", "Centre", ("Centre", "Left", "Other")),
        number("LogValueTolerance"),
        text("TitleOfSplitters"),
        text("UseParallelProcessing", "Serial", ("Serial", "Parallel")),
        ignored(integer("NumberOfThreads")),
        flag("UseReverseLogarithmic", default=False),
    ),
    differs="The log of the input stays as it is (Mantid adds a 0 at the end of the run). While a run goes on it ends "
    "with its last pulse, also for logs of whole numbers.",
)

ALGORITHMS = (GENERATE_EVENTS_FILTER,)
