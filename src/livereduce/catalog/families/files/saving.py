"""Algorithms that write files."""

from livereduce.catalog.declaration import (
    Algorithm,
    file,
    flag,
    ignored,
    integer,
    integers,
    reads,
    reads_any,
    text,
    texts,
)

_SAVE_NEXUS = (
    reads_any(),
    file(),
    text("Title"),
    integer("WorkspaceIndexMin", default=0),
    integer("WorkspaceIndexMax"),
    integers("WorkspaceIndexList"),
    flag("Append", default=False),
)
_SOURCE = "Mantid Framework/DataHandling/src/SaveNexusProcessed.cpp; Framework/Nexus/src/NexusFileIO.cpp"
_DIFFERS = "no history of algorithms is written"

SAVE_NEXUS = Algorithm(
    name="SaveNexus",
    summary="Write a workspace, table or group to a processed NeXus file",
    source=_SOURCE,
    family="files.saving",
    arguments=_SAVE_NEXUS,
    differs=_DIFFERS,
)
SAVE_NEXUS_PROCESSED = Algorithm(
    name="SaveNexusProcessed",
    summary="Write a workspace, table or group to a processed NeXus file",
    source=_SOURCE,
    family="files.saving",
    arguments=(*_SAVE_NEXUS, flag("PreserveEvents", default=True), flag("CompressNexus", default=False)),
    differs=_DIFFERS,
)
SAVE_ASCII = Algorithm(
    name="SaveAscii",
    summary="Write spectra or a table as columns of text",
    source="Mantid docs/source/algorithms/SaveAscii-v2.rst; Framework/DataHandling/src/SaveAscii2.cpp",
    family="files.saving",
    arguments=(
        reads_any(),
        file(),
        integer("WorkspaceIndexMin"),
        integer("WorkspaceIndexMax"),
        integers("SpectrumList"),
        integer("Precision"),
        flag("ScientificFormat", default=False),
        ignored(flag("WriteXError", default=False)),
        flag("WriteSpectrumID", default=True),
        text("CommentIndicator", default="#"),
        text("Separator", "CSV", ("CSV", "Tab", "Space", "Colon", "SemiColon", "UserDefined")),
        text("CustomSeparator"),
        flag("ColumnHeader", default=True),
        text("SpectrumMetaData"),
        flag("AppendToFile", default=False),
        ignored(flag("RaggedWorkspace", default=True)),
        flag("WriteSpectrumAxisValue", default=False),
        texts("LogList"),
        flag("OneSpectrumPerFile", default=False),
    ),
    differs="errors of X are not kept, so WriteXError writes none; of SpectrumMetaData, Q is not there",
)
SAVE_FOCUSED_XYE = Algorithm(
    name="SaveFocusedXYE",
    summary="Write focused spectra as columns of X, Y and E, for programs of crystallography",
    source="Mantid docs/source/algorithms/SaveFocusedXYE-v1.rst; Framework/DataHandling/src/SaveFocusedXYE.cpp",
    family="files.focused_xye",
    arguments=(
        reads(),
        file(),
        flag("SplitFiles", default=True),
        integer("StartAtBankNumber", default=0),
        flag("Append", default=False),
        flag("IncludeHeader", default=True),
        text("Format", "XYE", ("XYE", "MAUD", "TOPAS")),
    ),
)

ALGORITHMS = (SAVE_NEXUS, SAVE_NEXUS_PROCESSED, SAVE_ASCII, SAVE_FOCUSED_XYE)
