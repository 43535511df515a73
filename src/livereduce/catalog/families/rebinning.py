"""Algorithms that change bins: Rebin and what is like it."""

from livereduce.catalog.declaration import Algorithm, flag, makes, number, numbers, reads, text

REBIN = Algorithm(
    name="Rebin",
    summary="Put counts or events into other bins",
    source="Mantid docs/source/algorithms/Rebin-v1.rst; Framework/Algorithms/src/Rebin.cpp, VectorHelper.cpp",
    family="rebinning",
    arguments=(
        reads(),
        makes(),
        numbers("Params"),
        flag("PreserveEvents", default=True),
        flag("FullBinsOnly", default=False),
        flag("IgnoreBinErrors", default=False),
        flag("UseReverseLogarithmic", default=False),
        number("Power"),
        text("BinningMode", "Default", ("Default", "Linear", "Logarithmic", "ReverseLogarithmic", "Power")),
    ),
)

ALGORITHMS = (REBIN,)
