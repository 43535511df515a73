"""Algorithms on instruments: where the pixels are."""

from livereduce.catalog.declaration import (
    REQUIRED,
    Algorithm,
    Argument,
    ArgumentKind,
    changes,
    file,
    flag,
    integer,
    integers,
    makes,
    number,
    numbers,
    returns,
    text,
)

_COMPONENT = (
    changes(),
    text("ComponentName"),
    integer("DetectorID", -1),
    number("X", 0.0),
    number("Y", 0.0),
    number("Z", 0.0),
)

LOAD_EMPTY_INSTRUMENT = Algorithm(
    name="LoadEmptyInstrument",
    summary="Make a workspace with a spectrum for each detector of an instrument, without data",
    source="Mantid Framework/DataHandling/src/LoadEmptyInstrument.cpp",
    family="beamline.instruments",
    arguments=(
        file(default=""),
        text("InstrumentName"),
        makes(),
        number("DetectorValue", 1.0),
        number("MonitorValue", 2.0),
        flag("MakeEventWorkspace", default=False),
    ),
    differs=(
        "with InstrumentName, the definition is taken from beside the scripts, from instrumentDefinition.directory or"
        " from the stream. If it is in none of these places, the log says so, and the workspace has one spectrum"
        " without a position"
    ),
)
LOAD_INSTRUMENT = Algorithm(
    name="LoadInstrument",
    summary="Give a workspace the instrument of a definition",
    source="Mantid docs/source/algorithms/LoadInstrument-v1.rst; Framework/DataHandling/src/LoadInstrument.cpp",
    family="beamline.instruments",
    arguments=(
        changes(),
        file(default=""),
        returns("MonitorList"),
        text("InstrumentName"),
        text("InstrumentXML"),
        Argument(name="RewriteSpectraMap", kind=ArgumentKind.FLAG),
    ),
)
EDIT_INSTRUMENT_GEOMETRY = Algorithm(
    name="EditInstrumentGeometry",
    summary="Give each spectrum one detector at a flight path and angles",
    source="Mantid Framework/Algorithms/src/EditInstrumentGeometry.cpp",
    family="beamline.instruments",
    arguments=(
        changes(),
        number("PrimaryFlightPath"),
        integers("SpectrumIDs"),
        numbers("L2", REQUIRED),
        numbers("Polar", REQUIRED),
        numbers("Azimuthal"),
        integers("DetectorIDs"),
        text("InstrumentName"),
    ),
)
MOVE_INSTRUMENT_COMPONENT = Algorithm(
    name="MoveInstrumentComponent",
    summary="Move a component of the instrument, and all below it",
    source="Mantid docs/source/algorithms/MoveInstrumentComponent-v1.rst",
    family="beamline.instruments",
    arguments=(*_COMPONENT, flag("RelativePosition", default=True)),
)
ROTATE_INSTRUMENT_COMPONENT = Algorithm(
    name="RotateInstrumentComponent",
    summary="Turn a component of the instrument, and all below it, about an axis through its own position",
    source="Mantid docs/source/algorithms/RotateInstrumentComponent-v1.rst",
    family="beamline.instruments",
    arguments=(*_COMPONENT, number("Angle", 0.0), flag("RelativeRotation", default=True)),
)
ALGORITHMS = (
    LOAD_EMPTY_INSTRUMENT,
    LOAD_INSTRUMENT,
    EDIT_INSTRUMENT_GEOMETRY,
    MOVE_INSTRUMENT_COMPONENT,
    ROTATE_INSTRUMENT_COMPONENT,
)
