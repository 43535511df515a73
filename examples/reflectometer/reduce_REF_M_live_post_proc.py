"""Reflectivity over Q for both states of the spin flipper, from the region of the specular ridge."""

import mantid
from mantid import simpleapi as api
from mantid.simpleapi import mtd

N_X, N_Y = 32, 24
PEAK, HEIGHT, BACKGROUND = (11, 18), (4, 19), (22, 29)
STATES = {"off": 0, "on": 1}


def theta_deg(workspace):
    """The angle of the sample, as the control system logs it."""
    return float(workspace.getRun().getProperty("SANGLE").value[-1])


def region(workspace, name, pixels, theta):
    """Counts of some columns of pixels over Q."""
    return api.RefRoi(
        InputWorkspace=workspace,
        OutputWorkspace=name,
        NXPixel=N_X,
        NYPixel=N_Y,
        XPixelMin=pixels[0],
        XPIxelMax=pixels[1],
        YPixelMin=HEIGHT[0],
        YPixelMax=HEIGHT[1],
        SumPixels=True,
        IntegrateY=True,
        ConvertToQ=True,
        ScatteringAngle=theta,
    )


def reflectivity(workspace, state):
    """The ridge above the background of one state, for each unit of proton charge."""
    name = "%s-%s" % (str(workspace), state)
    api.FilterByLogValue(
        InputWorkspace=workspace,
        OutputWorkspace=name,
        LogName="SF1",
        MinimumValue=STATES[state],
        MaximumValue=STATES[state],
        TimeTolerance=0.1,
        LogBoundary="Left",
    )
    if mtd[name].getNumberEvents() < 100:
        return None
    api.NormaliseByCurrent(InputWorkspace=name, OutputWorkspace=name)
    api.ConvertUnits(InputWorkspace=name, OutputWorkspace=name, Target="Wavelength")
    api.Rebin(InputWorkspace=name, OutputWorkspace=name, params="2.2,-0.02,8.8", PreserveEvents=False)
    theta = theta_deg(mtd[name])
    region(name, name + "-background", BACKGROUND, theta)
    region(name, name, PEAK, theta)
    api.Minus(LHSWorkspace=name, RHSWorkspace=name + "-background", OutputWorkspace=name)
    return name


def above_noise(workspace):
    """X, Y and E where a logarithmic axis can show them."""
    x, y, e = workspace.readX(0), workspace.readY(0), workspace.readE(0)
    seen = y > e / 2
    return [((x[1:] + x[:-1]) / 2)[seen], y[seen], e[seen]]


names = [name for name in [reflectivity(input, state) for state in STATES] if name is not None]
mantid.logger.notice("run %s: %s" % (input.getRunNumber(), names))
if names:
    api.GroupWorkspaces(InputWorkspaces=names, OutputWorkspace=output)
    try:  # version on autoreduce
        from postprocessing.publish_plot import plot1d
    except ImportError:  # version on instrument computers
        from finddata.publish_plot import plot1d
    curves = [above_noise(mtd[n]) for n in names]
    if input.getRunNumber() > 0:
        plot1d(
            input.getRunNumber(),
            curves,
            data_names=["spin flipper " + n.split("-")[-1] for n in names],
            instrument="REF_M",
            x_title="Q (1/A)",
            y_title="Reflected / uAh",
            y_log=True,
        )
else:
    output = input
