"""Each chunk: the counts of each pixel, in one bin that is the same for all chunks."""

from mantid.simpleapi import Integration

Integration(InputWorkspace=input, OutputWorkspace=output, RangeLower=500, RangeUpper=16500)
