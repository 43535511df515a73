"""The parameters of scripts in the output of ``livereduce check``. Pure."""

import json

from livereduce.scripting.parameters.file import ParameterFile
from livereduce.scripting.parameters.form import Choice, Parameter
from livereduce.scripting.parameters.ranges import ALL_RUNS

Row = tuple[str, str]


def parameter_rows(file: ParameterFile | None, run: int) -> list[Row]:
    """The file with its md5, then each parameter with the value for a run (0: for the newest runs)."""
    if file is None:
        return []
    verdict = "ok" if not file.problems else f"{len(file.problems)} problem{'s' * (len(file.problems) > 1)}, see below"
    md5 = f"md5 {file.md5}, " if file.md5 else ""
    rows = [("  parameters", str(file.path)), ("", md5 + verdict)]
    if file.problems:
        return rows
    files = {one.text: one.md5 for one in file.files}
    return [*rows, *((f"    {one.name}", _shown(one, run, files)) for one in file.parameters)]


def _shown(parameter: Parameter, run: int, files: dict[str, str]) -> str:
    choice, choices = parameter.of_run(run), parameter.choices
    if choice is None:
        return f"no value for run {run}, only for {', '.join(str(one.runs) for one in choices)}"
    text = _value(choice, files)
    if choice.runs == ALL_RUNS:
        return text
    others = len(choices) - 1
    applies = f"applies to run {run}" if run else "the newest runs"
    more = f"; {others} other range{'s' * (others > 1)}" if others else ""
    return f"{text} for runs {choice.runs} ({applies}{more})"


def _value(choice: Choice, files: dict[str, str]) -> str:
    text = choice.value if isinstance(choice.value, str) else json.dumps(choice.value)
    units = f" {choice.units}" if choice.units else ""
    md5 = files.get(choice.value) if isinstance(choice.value, str) else None
    return f"{text}{units}{f' (a file, md5 {md5})' if md5 else ''}"
