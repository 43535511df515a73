"""Algorithms that change every value by itself."""

from livereduce.catalog.declaration import Algorithm, makes, reads

EXPONENTIAL = Algorithm(
    name="Exponential",
    summary="Put e to the power of each value",
    source="Mantid docs/source/algorithms/Exponential-v1.rst; Framework/Algorithms/src/Exponential.cpp",
    family="spectra.elementwise",
    arguments=(reads(), makes()),
)

ALGORITHMS = (EXPONENTIAL,)
