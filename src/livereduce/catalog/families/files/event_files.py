"""Algorithms that read the event files of SNS."""

from livereduce.catalog.declaration import (
    Algorithm,
    changes,
    file,
    flag,
    ignored,
    integer,
    integers,
    makes,
    number,
    text,
    texts,
)

_EVENTS = (
    text("NXentryName"),
    number("FilterByTofMin"),
    number("FilterByTofMax"),
    number("FilterByTimeStart"),
    number("FilterByTimeStop"),
    number("FilterBadPulsesLowerCutoff"),
    texts("BankName"),
    flag("SingleBankPixelsOnly", default=True),
    ignored(flag("Precount", default=True)),
    number("CompressTolerance"),
    text(
        "CompressBinningMode",
        "Default",
        ("Default", "Linear", "Logarithmic", "ReverseLogarithmic", "Power"),
    ),
    integer("ChunkNumber"),
    integer("TotalChunks"),
    flag("LoadMonitors", default=False),
    text("MonitorsLoadOnly", "", ("", "Events", "Histogram")),
    number("FilterMonByTofMin"),
    number("FilterMonByTofMax"),
    number("FilterMonByTimeStart"),
    number("FilterMonByTimeStop"),
    integer("SpectrumMin"),
    integer("SpectrumMax"),
    integers("SpectrumList"),
    flag("MetaDataOnly", default=False),
    flag("LoadLogs", default=True),
    ignored(flag("LoadAllLogs", default=False)),
    ignored(text("LoadType", "Default")),
    flag("LoadNexusInstrumentXML", default=True),
    integer("NumberOfBins", default=500),
    texts("AllowList"),
    texts("BlockList"),
)

LOAD_EVENT_NEXUS = Algorithm(
    name="LoadEventNexus",
    summary="Read the events, logs and monitors of an event file of SNS",
    source="Mantid docs/source/algorithms/LoadEventNexus-v1.rst; Framework/DataHandling/src/LoadEventNexus.cpp",
    family="files.event_files",
    arguments=(file(), makes(), *_EVENTS),
    differs="a file is not read in chunks; without an instrument definition in the file there is a spectrum for each "
    "pixel of its banks",
)
LOAD_NEXUS_MONITORS = Algorithm(
    name="LoadNexusMonitors",
    summary="Read the beam monitors of an event file",
    source="Mantid docs/source/algorithms/LoadNexusMonitors-v2.rst; Framework/DataHandling/src/LoadNexusMonitors2.cpp",
    family="files.event_files",
    arguments=(file(), makes(), text("NXentryName"), text("LoadOnly", "", ("", "Events", "Histogram"))),
)
LOAD_NEXUS_LOGS = Algorithm(
    name="LoadNexusLogs",
    summary="Read the logs of an event file into a workspace",
    source="Mantid docs/source/algorithms/LoadNexusLogs-v1.rst; Framework/DataHandling/src/LoadNexusLogs.cpp",
    family="files.event_files",
    arguments=(
        changes(),
        file(),
        flag("OverwriteLogs", default=True),
        text("NXentryName"),
        texts("AllowList"),
        texts("BlockList"),
    ),
)

ALGORITHMS = (LOAD_EVENT_NEXUS, LOAD_NEXUS_MONITORS, LOAD_NEXUS_LOGS)
