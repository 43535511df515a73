"""Algorithms that draw."""

from livereduce.catalog.declaration import Algorithm, Argument, ArgumentKind, file, integers, returns, text

SAVE_PLOT_1D = Algorithm(
    name="SavePlot1D",
    summary="Draw spectra into an image, or into a plotly figure that is returned",
    source="Mantid Framework/PythonInterface/plugins/algorithms/SavePlot1D.py",
    family="files.plotting",
    arguments=(
        Argument(name="InputWorkspace", kind=ArgumentKind.READS_ANY),
        file("OutputFilename", default=""),
        text("OutputType", "image", ("image", "plotly", "plotly-full")),
        text("XLabel"),
        text("YLabel"),
        integers("SpectraList"),
        Argument(name="SpectraNames", kind=ArgumentKind.TEXTS, default=()),
        returns("Result"),
        Argument(name="PopCanvas", kind=ArgumentKind.FLAG, default=False, ignored=True),
    ),
    differs="no window is opened; a plotly figure is written without plotly, each workspace of a group below the other",
)


ALGORITHMS = (SAVE_PLOT_1D,)
