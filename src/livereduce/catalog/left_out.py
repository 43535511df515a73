"""Algorithms of Mantid and libraries of sites that the builtin engine will not have, with the reason."""

import re

_REASONS = (
    (r"Dgs\w+|SofQ\w*|DirectILL\w+", "the reduction of direct-geometry spectrometers is left to Mantid"),
    (
        r"LR[A-Z]\w+|(LiquidsReflectometry|Magnetism)\w+",
        "this workflow of a reflectometer is left to Mantid and the site's library",
    ),
    (r"(Start|Monitor|Load)LiveData", "livereduce itself reads the stream and calls the scripts"),
    (r"\w*MD([A-Z]\w*)?|ConvertHFIRSCDtoMDE", "multi-dimensional (MD) workspaces are left to Mantid"),
    (
        r"(?!Strip|Fit|EnggFit)\w*(Peaks?|UB|HKL|Isaw)([A-Z1]\w*)?|IntegrateEllipsoids\w*|SetGoniometer|SelectCell\w+",
        "finding peaks and working with them is left to Mantid",
    ),
    (r"\w*(?<!SE)SANS([A-Z0-9]\w*)?", "this workflow of small-angle scattering is left to Mantid and drtsans"),
)
_PATTERNS = tuple((re.compile(pattern), reason) for pattern, reason in _REASONS)
_LIBRARIES = {
    "drtsans": "it needs Mantid itself",
    "lr_reduction": "it needs Mantid itself",
    "mr_livereduce": "it needs mr_reduction",
    "mr_reduction": "it needs Mantid's MagnetismReflectometryReduction",
    "ReduceDictionary": "it comes with SCDReductionGUI, which needs Mantid's peaks",
    "reduction_utils": "it needs Mantid's direct-geometry reduction",
}


def reason_left_out(algorithm: str) -> str:
    """Reason why the builtin engine will not have this algorithm of Mantid; empty for one that can be added."""
    return next((reason for pattern, reason in _PATTERNS if pattern.fullmatch(algorithm)), "")


def reason_of_library(module: str) -> str:
    """Reason why a site's library needs Mantid, if that is known; empty otherwise."""
    return _LIBRARIES.get(module.partition(".")[0], "")
