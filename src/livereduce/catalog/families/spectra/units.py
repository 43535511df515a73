"""Algorithms that change the unit of X."""

from livereduce.catalog.declaration import REQUIRED, Algorithm, flag, integer, makes, number, reads, text

ENERGY_MODES = ("Elastic", "Direct", "Indirect")
TARGETS = (
    "DeltaE",
    "DeltaE_inWavenumber",
    "DeltaE_inFrequency",
    "Energy",
    "Energy_inWavenumber",
    "Momentum",
    "MomentumTransfer",
    "QSquared",
    "TOF",
    "Wavelength",
    "dSpacing",
    "dSpacingPerpendicular",
)

CONVERT_UNITS = Algorithm(
    name="ConvertUnits",
    summary="Convert X to another unit, by the flight path and angle of each spectrum",
    source="Mantid docs/source/algorithms/ConvertUnits-v1.rst; Framework/Algorithms/src/ConvertUnits.cpp; "
    "Framework/Kernel/src/Unit.cpp",
    family="spectra.units",
    differs="spin echo units, degrees and atomic distance are not there",
    arguments=(
        reads(),
        makes(),
        text("Target", REQUIRED, TARGETS),
        text("EMode", "Elastic", ENERGY_MODES),
        number("EFixed"),
        flag("AlignBins", default=False),
        flag("ConvertFromPointData", default=True),
    ),
)

SCALE_X = Algorithm(
    name="ScaleX",
    summary="Multiply X by a number, or add it",
    source="Mantid docs/source/algorithms/ScaleX-v1.rst; Framework/Algorithms/src/ScaleX.cpp",
    family="spectra.units",
    arguments=(
        reads(),
        makes(),
        number("Factor", 1.0),
        text("Operation", "Multiply", ("Multiply", "Add")),
        integer("IndexMin"),
        integer("IndexMax"),
        text("InstrumentParameter"),
        flag("Combine", default=False),
    ),
    differs="InstrumentParameter is refused",
)

ALGORITHMS = (CONVERT_UNITS, SCALE_X)
