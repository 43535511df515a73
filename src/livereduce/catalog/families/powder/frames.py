"""Algorithms on the time of flight at which a frame begins."""

from livereduce.catalog.declaration import Algorithm, makes, number, reads

REMOVE_LOW_RES_TOF = Algorithm(
    name="RemoveLowResTOF",
    summary="Leave out times of flight of low resolution, by a reference DIFC or a shortest wavelength",
    source="Mantid docs/source/algorithms/RemoveLowResTOF-v1.rst; Framework/Algorithms/src/RemoveLowResTOF.cpp",
    family="powder.frames",
    arguments=(
        reads(),
        makes(),
        makes("LowResTOFWorkspace", None),
        number("ReferenceDIFC"),
        number("K", 3.22),
        number("Tmin"),
        number("MinWavelength"),
    ),
)

UNWRAP_SNS = Algorithm(
    name="UnwrapSNS",
    summary="Move neutrons that came too early into the frame in which they started: later by its width",
    source="Mantid docs/source/algorithms/UnwrapSNS-v1.rst; Framework/Algorithms/src/UnwrapSNS.cpp",
    family="powder.frames",
    arguments=(
        reads(),
        makes(),
        number("LRef", 0.0),
        number("Tmin"),
        number("Tmax"),
    ),
    differs="A histogram in which no edge comes too early stays as it is; Mantid turns its counts by one bin.",
)

ALGORITHMS = (REMOVE_LOW_RES_TOF, UNWRAP_SNS)
