"""Algorithms that draw."""

from livereduce.catalog.declaration import Algorithm, file, flag, ignored, integers, reads_any, returns, text, texts

SAVE_PLOT_1D = Algorithm(
    name="SavePlot1D",
    summary="Draw spectra into an image, or into a plotly figure that is returned",
    source="Mantid Framework/PythonInterface/plugins/algorithms/SavePlot1D.py",
    family="files.plotting",
    arguments=(
        reads_any(),
        file("OutputFilename", default=""),
        text("OutputType", "image", ("image", "plotly", "plotly-full")),
        text("XLabel"),
        text("YLabel"),
        integers("SpectraList"),
        texts("SpectraNames"),
        returns("Result"),
        ignored(flag("PopCanvas", default=False)),
    ),
    differs="no window is opened; a plotly figure is written without plotly, each workspace of a group below the other",
)


ALGORITHMS = (SAVE_PLOT_1D,)
