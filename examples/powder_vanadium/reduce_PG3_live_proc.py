"""Each chunk: the events of all pixels focused into one pattern for each bank, by the calibration of the cycle."""

import mantid
from mantid import simpleapi
from powgen_files import CAL_FILE, CHAR_FILE

mantid.logger.information("Number events = %d" % input.getNumberEvents())

simpleapi.PDLoadCharacterizations(Filename=CHAR_FILE, OutputWorkspace="characterizations")
simpleapi.PDDetermineCharacterizations(
    InputWorkspace=input,
    Characterizations="characterizations",
    ReductionProperties="__pd_reduction_properties",
)
manager = mantid.PropertyManagerDataService.retrieve("__pd_reduction_properties")
simpleapi.Rebin(
    InputWorkspace=input,
    OutputWorkspace=input,
    Params=(manager["tof_min"].value, 100, manager["tof_max"].value),
)
simpleapi.AlignAndFocusPowder(
    InputWorkspace=input,
    OutputWorkspace=output,
    CalFileName=CAL_FILE,
    Params=(0.2, -0.002, 2.2),
    RemovePromptPulseWidth=50,
    ReductionProperties="__pd_reduction_properties",
)
simpleapi.ConvertUnits(InputWorkspace=output, OutputWorkspace=output, Target="dSpacing", EMode="Elastic")
