"""Each chunk: all spectra as one, in bins that stay the same over the run."""

summed = SumSpectra(InputWorkspace=input)
Rebin(InputWorkspace=summed, OutputWorkspace=output, Params="500,50,16500", PreserveEvents=False)
DeleteWorkspace(summed)
