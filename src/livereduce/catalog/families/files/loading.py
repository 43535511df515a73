"""Algorithms that read files."""

from dataclasses import replace

from livereduce.catalog.declaration import Algorithm, Argument, file, flag, ignored, integer, integers, makes, text
from livereduce.catalog.families.files.event_files import LOAD_EVENT_NEXUS

_SOURCE = "Mantid Framework/DataHandling/src/LoadNexusProcessed.cpp"
_UNITS = (
    "Dimensionless",
    "Empty",
    "Label",
    "TOF",
    "Wavelength",
    "Energy",
    "Energy_inWavenumber",
    "dSpacing",
    "MomentumTransfer",
    "QSquared",
    "DeltaE",
    "DeltaE_inWavenumber",
    "DeltaE_inFrequency",
    "Momentum",
    "dSpacingPerpendicular",
)

LOAD_NEXUS = Algorithm(
    name="LoadNexus",
    summary="Read a processed NeXus file or an event file",
    source="Mantid docs/source/algorithms/LoadNexus-v1.rst",
    family="files.loading",
    arguments=(
        file(),
        makes(),
        integer("SpectrumMin", default=1),
        integer("SpectrumMax"),
        integers("SpectrumList"),
        integer("EntryNumber", default=0),
    ),
    differs="histograms as the data acquisition of ISIS writes them are not read",
)
LOAD_NEXUS_PROCESSED = Algorithm(
    name="LoadNexusProcessed",
    summary="Read a processed NeXus file, of Mantid or ours",
    source=_SOURCE,
    family="files.loading",
    arguments=(
        *LOAD_NEXUS.arguments,
        ignored(flag("LoadHistory", default=True)),
        ignored(flag("FastMultiPeriod", default=True)),
    ),
    differs="peaks are not read",
)
LOAD_ASCII = Algorithm(
    name="LoadAscii",
    summary="Read spectra from columns of text",
    source="Mantid docs/source/algorithms/LoadAscii-v2.rst; Framework/DataHandling/src/LoadAscii2.cpp",
    family="files.loading",
    arguments=(
        file(),
        makes(),
        text("Separator", "Automatic", ("Automatic", "CSV", "Tab", "Space", "Colon", "SemiColon", "UserDefined")),
        text("CustomSeparator"),
        text("CommentIndicator", default="#"),
        text("Unit", "Energy", _UNITS),
        integer("SkipNumLines"),
        flag("ForceDistributionTrue", default=False),
    ),
    differs="errors of X are not kept",
)


def _of_any(*loaders: Algorithm) -> tuple[Argument, ...]:
    """The arguments of all loaders; Load passes on those that are given."""
    found = {one.name: replace(one, default=None) for loader in loaders for one in loader.arguments[2:]}
    return tuple(found.values())


LOAD = Algorithm(
    name="Load",
    summary="Read a file of any kind that is known, by its contents; several as 'a+b', added",
    source="Mantid docs/source/algorithms/Load-v1.rst; Framework/DataHandling/src/Load.cpp",
    family="files.loading",
    arguments=(file(), makes(), *_of_any(LOAD_EVENT_NEXUS, LOAD_NEXUS_PROCESSED, LOAD_ASCII)),
    differs="it reads processed NeXus files, event files of SNS, and columns of text",
)

ALGORITHMS = (LOAD, LOAD_NEXUS, LOAD_NEXUS_PROCESSED, LOAD_ASCII)
