"""Algorithms that make up data."""

from livereduce.catalog.declaration import Algorithm, flag, integer, makes, number, text

FUNCTIONS = (
    "Exp Decay",
    "Flat background",
    "Multiple Peaks",
    "One Peak",
    "Powder Diffraction",
    "Quasielastic",
    "Quasielastic Tunnelling",
    "User Defined",
)
CREATE_SAMPLE_WORKSPACE = Algorithm(
    name="CreateSampleWorkspace",
    summary="Make a workspace of made-up data with an instrument, for examples and tests",
    source="Mantid Framework/Algorithms/src/CreateSampleWorkspace.cpp",
    family="beamline.samples",
    arguments=(
        makes(),
        text("WorkspaceType", "Histogram", ("Histogram", "Event")),
        text("Function", "One Peak", FUNCTIONS),
        text("UserDefinedFunction"),
        text("XUnit", "TOF"),
        number("XMin", 0.0),
        number("XMax", 20000.0),
        number("BinWidth", 200.0),
        integer("NumEvents", 1000),
        flag("Random", default=False),
        integer("NumScanPoints", 1),
        text("InstrumentName", "basic_rect"),
        text("RunStart"),
        text("RunEnd"),
        integer("NumBanks", 2),
        integer("NumMonitors", 0),
        integer("BankPixelWidth", 10),
        number("PixelDiameter", 0.008),
        number("PixelHeight", 0.0002),
        number("PixelSpacing", 0.008),
        number("BankDistanceFromSample", 5.0),
        number("SourceDistanceFromSample", 10.0),
    ),
    differs="one scan point only; user-defined functions are sums of the ones that its own choices are made of",
)

ALGORITHMS = (CREATE_SAMPLE_WORKSPACE,)
