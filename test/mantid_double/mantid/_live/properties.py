"""The properties that all three algorithms share, and their validation."""

from mantid._double.switches import is_on
from mantid._live.catalogue import LISTENERS, make_listener
from mantid.api.algorithm import Algorithm
from mantid.api.manager import AlgorithmManager
from mantid.api.properties import OUT, Property
from mantid.kernel import ConfigService

METHODS = ("Add", "Replace", "Append")
TRANSITIONS = ("Restart", "Stop", "Rename")


def _live_instruments() -> list[str]:
    """The instruments of the facility that is the default *now*, and that have a live connection."""
    return [known.name() for known in ConfigService.getFacility().instruments() if known.hasLiveListenerInfo()]


def common_properties() -> list[Property]:
    """The common properties, without those that belong to one algorithm.

    Instrument must be one of its list, and blank is not: so it has to be given.
    """
    return [
        Property("Instrument", allowed=_live_instruments(), mandatory=True),
        Property("Connection"),
        Property("Listener", allowed=["", *LISTENERS]),
        Property("Address"),
        Property("StartTime"),
        Property("ProcessingAlgorithm"),
        Property("ProcessingProperties"),
        Property("ProcessingScript"),
        Property("ProcessingScriptFilename", "file"),
        Property("AccumulationMethod", default="Add", allowed=METHODS),
        Property("PreserveEvents", "bool", False),
        Property("PostProcessingAlgorithm"),
        Property("PostProcessingProperties"),
        Property("PostProcessingScript"),
        Property("PostProcessingScriptFilename", "file"),
        Property("RunTransitionBehavior", default="Restart", allowed=TRANSITIONS),
        Property("AccumulationWorkspace", "workspace", direction=OUT),
        Property("OutputWorkspace", "workspace", direction=OUT),
        Property("LastTimeStamp", direction=OUT),
    ]


def step_names(prefix: str) -> tuple[str, str, str]:
    """The three ways to say what a step does; at most one may be used."""
    return f"{prefix}ProcessingAlgorithm", f"{prefix}ProcessingScript", f"{prefix}ProcessingScriptFilename"


def has_step(algorithm: Algorithm, prefix: str) -> bool:
    """Whether the chunk step (``""``) or the post step (``"Post"``) is configured."""
    return any(algorithm.getProperty(name).value for name in step_names(prefix))


def validate_live(algorithm: Algorithm) -> dict[str, str]:
    """The checks across properties; the last does not hold for LoadLiveData."""
    problems = {}
    output = algorithm.getPropertyValue("OutputWorkspace")
    accumulation = algorithm.getPropertyValue("AccumulationWorkspace")
    if not output:
        problems["OutputWorkspace"] = "Must specify the OutputWorkspace."
    for prefix in ("", "Post"):
        used = [name for name in step_names(prefix) if algorithm.getProperty(name).value]
        if len(used) > 1:
            problems |= dict.fromkeys(step_names(prefix), f"Only one of {', '.join(step_names(prefix))} can be used.")
    if has_step(algorithm, "Post"):
        if not accumulation:
            problems["AccumulationWorkspace"] = "Must specify the AccumulationWorkspace when using PostProcessing."
        elif accumulation == output:
            problems["AccumulationWorkspace"] = "The AccumulationWorkspace must be different than the OutputWorkspace."
    if algorithm.name() != "LoadLiveData":
        problems |= _name_problems(algorithm, output, accumulation)
    return problems | _method_problems(algorithm)


def _method_problems(algorithm: Algorithm) -> dict[str, str]:
    """A stream of histograms cannot be added up: each of its chunks holds everything."""
    if algorithm.getProperty("AccumulationMethod").value != "Add":
        return {}
    try:
        listener = make_listener(algorithm)
    except RuntimeError:
        return {}
    if listener.BUFFERS_EVENTS:
        return {}
    return {
        "AccumulationMethod": f"The {listener.name()} live stream produces histograms. Add is not a sensible "
        "accumulation method."
    }


def _name_problems(algorithm: Algorithm, output: str, accumulation: str) -> dict[str, str]:
    """No other running monitor may have the same names: a restart fails until the old one has stopped."""
    if not is_on("duplicate_names"):
        return {}
    problems = {}
    for other in AlgorithmManager.runningInstancesOf("MonitorLiveData"):
        if other is algorithm:
            continue
        if accumulation and other.getPropertyValue("AccumulationWorkspace") == accumulation:
            problems["AccumulationWorkspace"] = (
                "Another MonitorLiveData is running with the same AccumulationWorkspace."
            )
        if other.getPropertyValue("OutputWorkspace") == output:
            problems["OutputWorkspace"] = "Another MonitorLiveData is running with the same OutputWorkspace."
    return problems


def copy_properties(source: Algorithm, target: Algorithm) -> None:
    """Every property of the target that the source has too takes the source's value."""
    for name, declared in target._properties.items():
        if name in source:
            given = source.getProperty(name)
            declared.held, declared.workspace_name, declared.given = given.held, given.workspace_name, given.given
            if declared.kind == "workspace":
                declared.held = None  # by name, so that it is looked up anew
