"""A pattern for the cold and for the warm half of the sample's temperature."""

from mantid.simpleapi import (
    CompressEvents,
    DeleteWorkspace,
    FilterByLogValue,
    GroupWorkspaces,
    NormaliseByCurrent,
    Rebin,
    SumSpectra,
    logger,
    mtd,
)

RANGES = {"cold": (285.0, 295.0), "warm": (295.0, 305.0)}

temperature = input.run().getProperty("SampleTemp")
logger.information("SampleTemp from %.2f to %.2f K" % (min(temperature.value), max(temperature.value)))

done = []
for name, (low, high) in RANGES.items():
    FilterByLogValue(
        InputWorkspace=input,
        OutputWorkspace=name,
        LogName="SampleTemp",
        MinimumValue=low,
        MaximumValue=high,
        LogBoundary="Left",
    )
    if mtd[name].getNumberEvents() == 0:
        DeleteWorkspace(name)
        continue
    NormaliseByCurrent(InputWorkspace=name, OutputWorkspace=name)
    CompressEvents(InputWorkspace=name, OutputWorkspace=name, Tolerance=0.01)
    SumSpectra(InputWorkspace=name, OutputWorkspace=name)
    Rebin(InputWorkspace=name, OutputWorkspace=name, Params="500,50,16500", PreserveEvents=False)
    done.append(name)

if done:
    GroupWorkspaces(InputWorkspaces=done, OutputWorkspace=output)
else:
    output = input
