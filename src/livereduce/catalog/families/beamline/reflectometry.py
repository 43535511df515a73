"""Algorithms for reflectometers."""

from livereduce.catalog.declaration import Algorithm, flag, integer, makes, number, reads

REF_ROI = Algorithm(
    name="RefRoi",
    summary="Sum the pixels of a region of an area detector",
    source="Mantid Framework/Reflectometry/src/RefRoi.cpp",
    family="beamline.reflectometry",
    arguments=(
        reads(),
        makes(),
        integer("NXPixel", 304),
        integer("NYPixel", 256),
        integer("XPixelMin"),
        integer("XPixelMax"),
        integer("YPixelMin"),
        integer("YPixelMax"),
        flag("SumPixels", default=False),
        flag("NormalizeSum", default=False),
        flag("AverageOverIntegratedAxis", default=False),
        flag("ErrorWeighting", default=False),
        flag("IntegrateY", default=True),
        flag("ConvertToQ", default=True),
        number("ScatteringAngle", 0.0),
    ),
)

ALGORITHMS = (REF_ROI,)
