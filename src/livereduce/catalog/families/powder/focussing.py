"""Algorithms that make powder patterns of pixels."""

from livereduce.catalog.declaration import Algorithm, file, flag, makes, number, numbers, reads

DIFFRACTION_FOCUSSING = Algorithm(
    name="DiffractionFocussing",
    summary="Add the spectra of each group of detectors, in dSpacing",
    source="Mantid docs/source/algorithms/DiffractionFocussing-v2.rst; "
    "Framework/Algorithms/src/DiffractionFocussing2.cpp",
    family="powder.focussing",
    arguments=(
        reads(),
        makes(),
        file("GroupingFileName", ""),
        reads("GroupingWorkspace", None),
        flag("PreserveEvents", default=True),
        numbers("DMin"),
        numbers("DMax"),
        numbers("Delta"),
        flag("FullBinsOnly", default=False),
    ),
)

REMOVE_PROMPT_PULSE = Algorithm(
    name="RemovePromptPulse",
    summary="Leave out the time of flight in which the prompt pulse arrives",
    source="Mantid docs/source/algorithms/RemovePromptPulse-v1.rst; Framework/Algorithms/src/RemovePromptPulse.cpp",
    family="powder.focussing",
    arguments=(
        reads(),
        makes(),
        number("Width"),
        number("Frequency"),
        number("TMin"),
        number("TMax"),
    ),
)

ALGORITHMS = (DIFFRACTION_FOCUSSING, REMOVE_PROMPT_PULSE)
