"""The chunk step and the post step, by algorithm or script."""

from mantid._live.properties import step_names
from mantid._live.script import read_script, run_script_text
from mantid.api.ads import AnalysisDataService
from mantid.api.algorithm import Algorithm
from mantid.api.factory import make_algorithm
from mantid.api.properties import OUT
from mantid.api.workspaces import Workspace


def run_chunk_step(load: Algorithm, chunk: Workspace) -> Workspace:
    """Input and output are one hidden name; it is removed afterwards, but stays after a failure."""
    name = f"__anonymous_livedata_input_{load.getPropertyValue('OutputWorkspace')}"
    AnalysisDataService.addOrReplace(name, chunk)
    try:
        processed = _run(load, "", chunk, name, output_is_old=False)
    except Exception as error:
        load._logger.error(f"While processing chunk:\n{error}")
        raise
    AnalysisDataService.remove(name)
    return processed


def run_post_step(load: Algorithm, accumulated: Workspace) -> Workspace:
    """The input lies under the name of the accumulation, the output has its own."""
    AnalysisDataService.addOrReplace(load.getPropertyValue("AccumulationWorkspace"), accumulated)
    output = load.getPropertyValue("OutputWorkspace")
    try:
        return _run(load, "Post", accumulated, output, output_is_old=True)
    except Exception as error:
        load._logger.error(f"While post processing:\n{error}")
        raise


def _run(load: Algorithm, prefix: str, input: Workspace, output: str, *, output_is_old: bool) -> Workspace:
    """Precedence: algorithm, script file, script text."""
    by_algorithm, by_text, by_file = (str(load.getProperty(name).value) for name in step_names(prefix))
    if by_algorithm:
        properties = str(load.getProperty(f"{prefix}ProcessingProperties").value)
        return _run_algorithm(load, by_algorithm, properties, input.name(), output)
    text = read_script(by_file) if by_file else by_text
    return run_script_text(load, text, input, output, output_is_old)


def _run_algorithm(load: Algorithm, name: str, properties: str, input: str, output: str) -> Workspace:
    """Properties are ``name=value;name=value``; InputWorkspace and OutputWorkspace in them are ignored."""
    child = load.create_child(make_algorithm(name))
    child.setAlwaysStoreInADS(True)
    for entry in filter(None, properties.split(";")):
        key, _, value = entry.partition("=")
        if key not in ("InputWorkspace", "OutputWorkspace"):
            child.setPropertyValue(key, value)
    wanted = "InputWorkspace" if "InputWorkspace" in child else _first_input(child)
    child.setProperty(wanted, input)
    child.setProperty("OutputWorkspace", output)
    if not child.execute():
        raise RuntimeError(f"Error processing the workspace using {name}. See log for details.")
    processed: Workspace = AnalysisDataService._held(output)
    return processed


def _first_input(child: Algorithm) -> str:
    for declared in child._properties.values():
        if declared.kind == "workspace" and declared.direction != OUT:
            return declared.name
    raise RuntimeError(f"{child.name()} has no input workspace")
