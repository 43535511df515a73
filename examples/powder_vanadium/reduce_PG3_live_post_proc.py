"""The run so far, normalised by charge and divided by vanadium, as a plot of four banks."""

import mantid
from mantid import simpleapi
from powgen_files import STRIP_PEAKS, event_file

BINS = (0.2, -0.002, 2.2)
PARAMS = {
    "CalibrationWorkspace": "PG3_cal",
    "GroupingWorkspace": "PG3_group",
    "MaskWorkspace": "PG3_mask",
    "Params": BINS,
    "RemovePromptPulseWidth": 50,
    "ReductionProperties": "__pd_reduction_properties",
}


def in_bins(wksp):
    simpleapi.ConvertUnits(InputWorkspace=wksp, OutputWorkspace=wksp, Target="dSpacing", EMode="Elastic")
    simpleapi.Rebin(InputWorkspace=wksp, OutputWorkspace=wksp, Params=BINS, PreserveEvents=False)


def load_vanadium(run):
    """Vanadium as the sample, without its peaks, smoothed; it stays in the store for the chunks to come."""
    simpleapi.LoadEventNexus(Filename=event_file(run), OutputWorkspace=run)
    simpleapi.AlignAndFocusPowder(InputWorkspace=run, OutputWorkspace=run, **PARAMS)
    simpleapi.NormaliseByCurrent(InputWorkspace=run, OutputWorkspace=run, RecalculatePCharge=True)
    in_bins(run)
    if STRIP_PEAKS:
        simpleapi.StripVanadiumPeaks(
            InputWorkspace=run, OutputWorkspace=run, BackgroundType="Quadratic", PeakPositionTolerance=0.05
        )
    simpleapi.FFTSmooth(
        InputWorkspace=run,
        OutputWorkspace=run,
        Filter="Butterworth",
        Params="20,2",
        IgnoreXBins=True,
        AllSpectra=True,
    )


simpleapi.CompressEvents(InputWorkspace=input, OutputWorkspace=output)
if simpleapi.mtd[output].run().getProtonCharge() > 0.0:
    simpleapi.mtd[output].run().integrateProtonCharge()
    simpleapi.NormaliseByCurrent(InputWorkspace=output, OutputWorkspace=output, RecalculatePCharge=True)
in_bins(output)

manager = mantid.PropertyManagerDataService.retrieve("__pd_reduction_properties")
number = manager["vanadium"].value[0]
vanadium = "PG3_%d" % number if number else None
if vanadium is not None and not simpleapi.mtd.doesExist(vanadium):
    mantid.logger.information("processing vanadium '%s'" % vanadium)
    load_vanadium(vanadium)
if vanadium is not None:
    simpleapi.Divide(LHSWorkspace=output, RHSWorkspace=vanadium, OutputWorkspace=output)
    simpleapi.ReplaceSpecialValues(  # where a bank has hardly any vanadium
        InputWorkspace=output,
        OutputWorkspace=output,
        NaNValue=0,
        InfinityValue=0,
        BigNumberThreshold=20,
        BigNumberValue=0,
    )

banks = ["bank %d" % (k + 1) for k in range(4)]
div = simpleapi.SavePlot1D(InputWorkspace=output, OutputType="plotly", SpectraNames=banks)

run_number = simpleapi.mtd[output].getRunNumber()
if run_number > 0:  # it is 0 between runs
    mantid.logger.information("Posting plot of PG3_%s" % run_number)
    try:  # version on autoreduce
        from postprocessing.publish_plot import publish_plot
    except ImportError:  # version on instrument computers
        from finddata import publish_plot
    request = publish_plot("PG3", run_number, files={"file": div})
    mantid.logger.information("post returned %d" % request.status_code)
