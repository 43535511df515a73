"""Algorithms about the energy of the neutrons that come in."""

from livereduce.catalog.declaration import Algorithm, changes, flag, integer, number, returns

GET_EI = Algorithm(
    name="GetEi",
    summary="The energy of the neutrons that come in, from the peaks of two monitors",
    source="Mantid docs/source/algorithms/GetEi-v2.rst; Framework/Algorithms/src/GetEi2.cpp",
    family="powder.incident_energy",
    arguments=(
        changes("InputWorkspace"),
        integer("Monitor1Spec"),
        integer("Monitor2Spec"),
        number("EnergyEstimate"),
        flag("FixEi", default=False),
        returns("IncidentEnergy"),
        returns("FirstMonitorPeak"),
        returns("FirstMonitorIndex"),
        returns("Tzero"),
        number("PeakSearchRange", 0.1),
    ),
    differs="With FixEi and no monitor that is known the estimate is returned, where Mantid reads a parameter file.",
)

ALGORITHMS = (GET_EI,)
