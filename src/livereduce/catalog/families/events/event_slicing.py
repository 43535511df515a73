"""Algorithms that put events into slices of time."""

from livereduce.catalog.declaration import (
    Algorithm,
    flag,
    ignored,
    integer,
    makes,
    number,
    reads,
    reads_any,
    returns,
    text,
    texts,
)

CORRECTIONS = ("None", "Customized", "Direct", "Elastic", "Indirect")
WITHOUT_DETECTOR = ("Skip", "Skip only if TOF correction")

FILTER_EVENTS = Algorithm(
    name="FilterEvents",
    summary="Put the events of each slice into a workspace of its own, with the logs of its times",
    source="Mantid docs/source/algorithms/FilterEvents-v1.rst; Framework/Algorithms/src/FilterEvents.cpp; "
    "Framework/DataObjects/src/TimeSplitter.cpp",
    family="events.event_slicing",
    arguments=(
        reads(),
        reads_any("SplitterWorkspace"),
        flag("RelativeTime", default=False),
        reads_any("InformationWorkspace", None),
        text("OutputWorkspaceBaseName", "OutputWorkspace"),
        flag("DescriptiveOutputNames", default=False),
        flag("GroupWorkspaces", default=False),
        flag("OutputWorkspaceIndexedFrom1", default=False),
        makes("OutputTOFCorrectionWorkspace", "TOFCorrectWS"),
        ignored(flag("SplitSampleLogs", default=True)),
        flag("FilterByPulseTime", default=False),
        ignored(texts("TimeSeriesPropertyLogs")),
        ignored(flag("ExcludeSpecifiedLogs", default=True)),
        text("FilterStartTime"),
        text("CorrectionToSample", "None", CORRECTIONS),
        reads_any("DetectorTOFCorrectionWorkspace", None),
        number("IncidentEnergy"),
        text("SpectrumWithoutDetector", "Skip", WITHOUT_DETECTOR),
        ignored(integer("DBSpectrum")),
        returns("NumberOutputWS"),
        returns("OutputWorkspaceNames"),
        flag("OutputUnfilteredEvents", default=False),
        returns("Outputs"),
    ),
    differs="Spectra are skipped only where they have no detector id; Mantid skips all where there is no instrument.",
)

ALGORITHMS = (FILTER_EVENTS,)
