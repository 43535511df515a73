"""Algorithms that put events into slices of time."""

from livereduce.catalog.declaration import (
    Algorithm,
    Argument,
    ArgumentKind,
    flag,
    makes,
    number,
    reads,
    returns,
    text,
)

CORRECTIONS = ("None", "Customized", "Direct", "Elastic", "Indirect")
WITHOUT_DETECTOR = ("Skip", "Skip only if TOF correction")


def _table(name: str) -> Argument:
    return Argument(name=name, kind=ArgumentKind.READS_ANY, default=None)


FILTER_EVENTS = Algorithm(
    name="FilterEvents",
    summary="Put the events of each slice into a workspace of its own, with the logs of its times",
    source="Mantid docs/source/algorithms/FilterEvents-v1.rst; Framework/Algorithms/src/FilterEvents.cpp; "
    "Framework/DataObjects/src/TimeSplitter.cpp",
    family="events.event_slicing",
    arguments=(
        reads(),
        Argument(name="SplitterWorkspace", kind=ArgumentKind.READS_ANY),
        flag("RelativeTime", default=False),
        _table("InformationWorkspace"),
        text("OutputWorkspaceBaseName", "OutputWorkspace"),
        flag("DescriptiveOutputNames", default=False),
        flag("GroupWorkspaces", default=False),
        flag("OutputWorkspaceIndexedFrom1", default=False),
        makes("OutputTOFCorrectionWorkspace", "TOFCorrectWS"),
        Argument(name="SplitSampleLogs", kind=ArgumentKind.FLAG, default=True, ignored=True),
        flag("FilterByPulseTime", default=False),
        Argument(name="TimeSeriesPropertyLogs", kind=ArgumentKind.TEXTS, default=(), ignored=True),
        Argument(name="ExcludeSpecifiedLogs", kind=ArgumentKind.FLAG, default=True, ignored=True),
        text("FilterStartTime"),
        text("CorrectionToSample", "None", CORRECTIONS),
        _table("DetectorTOFCorrectionWorkspace"),
        number("IncidentEnergy"),
        text("SpectrumWithoutDetector", "Skip", WITHOUT_DETECTOR),
        Argument(name="DBSpectrum", kind=ArgumentKind.INTEGER, default=None, ignored=True),
        returns("NumberOutputWS"),
        returns("OutputWorkspaceNames"),
        flag("OutputUnfilteredEvents", default=False),
        returns("Outputs"),
    ),
    differs="Spectra are skipped only where they have no detector id; Mantid skips all where there is no instrument.",
)

ALGORITHMS = (FILTER_EVENTS,)
