"""What scripts call: `livereduce.parameter`. Standard library only: a script can be run anywhere with it."""

import sys
from pathlib import Path
from typing import Any

from livereduce.scripting.parameters.asking import Parameters, RunParameters, parameters_of
from livereduce.scripting.parameters.file import FILE_NAME, read_parameters
from livereduce.scripting.reporting.report import report_of_caller


def parameter(name: str) -> Any:
    """The value of a parameter in ``parameters.json`` for the run that is being reduced (between runs: the newest).

    Outside of a script's call in a worker, such as in a notebook, the file beside the calling script is read, else the
    one in the working directory; of values by run range that of the newest runs counts there.

    Parameters
    ----------
    name
        As in the file.

    Returns
    -------
    A number, a text, True or False, or a list of these. A text that names a file in the folder of ``parameters.json``
    is given as the full path of that file.

    Raises
    ------
    LookupError
        There is no such file or parameter, or none for this run: the text names those that there are.
    ValueError
        Outside of a worker: the file cannot be used; the text names the key, what was expected and what was seen.
    """
    report = report_of_caller()
    if report is not None:
        return report.parameters.value(name)
    return RunParameters(_of_folder(sys._getframe(1).f_globals.get("__file__"))).value(name)


def _of_folder(script: object) -> Parameters:
    folders = [Path(script).parent] if isinstance(script, str) else []
    folders.append(Path.cwd())
    for folder in folders:
        file = read_parameters(folder)
        if file is None:
            continue
        if file.problems:
            raise ValueError("; ".join(file.problems))
        return parameters_of(file)
    return Parameters(place=" or ".join(dict.fromkeys(str(folder / FILE_NAME) for folder in folders)))
