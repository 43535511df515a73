"""Algorithms that say which runs and ranges belong to the settings of a powder instrument."""

from livereduce.catalog.declaration import (
    REQUIRED,
    Algorithm,
    Argument,
    file,
    integers,
    makes,
    reads,
    reads_any,
    returns,
    text,
    texts,
)


def _runs(name: str) -> Argument:
    return integers(name, (0,))


PD_LOAD_CHARACTERIZATIONS = Algorithm(
    name="PDLoadCharacterizations",
    summary="Read characterization files into a table and focus positions",
    source="Mantid docs/source/algorithms/PDLoadCharacterizations-v1.rst; "
    "Framework/DataHandling/src/PDLoadCharacterizations.cpp",
    family="powder.characterizations",
    arguments=(
        texts("Filename", REQUIRED),
        file("ExpIniFilename", ""),
        makes(),
        returns("IParmFilename"),
        returns("PrimaryFlightPath"),
        returns("SpectrumIDs"),
        returns("L2"),
        returns("Polar"),
        returns("Azimuthal"),
    ),
)

PD_DETERMINE_CHARACTERIZATIONS = Algorithm(
    name="PDDetermineCharacterizations",
    summary="Leave the row of a table of characterizations that fits the logs in a property manager",
    source="Mantid docs/source/algorithms/PDDetermineCharacterizations-v1.rst; "
    "Framework/Algorithms/src/PDDetermineCharacterizations.cpp",
    family="powder.characterizations",
    arguments=(
        reads("InputWorkspace", None),
        reads_any("Characterizations", None),
        text("ReductionProperties", "__pd_reduction_properties"),
        _runs("BackRun"),
        _runs("NormRun"),
        _runs("NormBackRun"),
        _runs("EmptyEnv"),
        _runs("EmptyInstr"),
        texts("FrequencyLogNames", ("SpeedRequest1", "Speed1", "frequency", "skf1.speed")),
        texts("WaveLengthLogNames", ("LambdaRequest", "lambda", "skf12.lambda", "BL1B:Det:TH:BL:Lambda", "freq")),
    ),
    differs="Where no log gives frequency or wavelength the defaults are left, with a warning in the log.",
)

ALGORITHMS = (PD_LOAD_CHARACTERIZATIONS, PD_DETERMINE_CHARACTERIZATIONS)
