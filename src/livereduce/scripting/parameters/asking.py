"""The parameters for the scripts of one run: their values, and which of them the scripts have asked for.

In a worker the values are those of the generation, whatever the file says by then. What was asked for is published with
the result.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from livereduce.base.errors import OperatorError
from livereduce.base.names import missing
from livereduce.messages.job import ParametersCopy
from livereduce.scripting.files import read_copy
from livereduce.scripting.parameters.file import FILE_NAME, ParameterFile
from livereduce.scripting.parameters.form import Parameter, Scalar, Value, parse_parameters
from livereduce.scripting.parameters.named_files import NamedFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """The parameters of a generation, or of a file.

    Attributes
    ----------
    place
        The file, or where it would be, for messages.
    files
        Files that values name, by the text of the value.
    exists
        False if there is no such file.
    """

    place: str = ""
    known: Mapping[str, Parameter] = field(default_factory=dict)
    files: Mapping[str, NamedFile] = field(default_factory=dict)
    exists: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class UsedParameter:
    """A value that the scripts of a run have asked for.

    Attributes
    ----------
    value
        As it is written in the file.
    runs
        The range of runs that it is for.
    md5s
        Of the files that it names, by path.
    """

    name: str
    value: Value
    units: str = ""
    runs: str = ""
    md5s: Mapping[str, str] = field(default_factory=dict)


class RunParameters:
    """The parameters for the scripts of one run, and those that they have asked for."""

    def __init__(self, parameters: Parameters | None = None, run: int = 0) -> None:
        self._parameters, self._run = parameters or Parameters(), run
        self._used: dict[str, UsedParameter] = {}

    def for_run(self, run: int) -> "RunParameters":
        """These, or those of another run, of which nothing was asked for yet."""
        return self if run == self._run else RunParameters(self._parameters, run)

    @property
    def used(self) -> tuple[UsedParameter, ...]:
        """What was asked for, in the order in which it was first."""
        return tuple(self._used.values())

    def value(self, name: str) -> Any:
        """The value of a parameter, see `livereduce.parameter`; it is recorded.

        Raises
        ------
        LookupError
            There is no such parameter, or none for this run.
        """
        parameters = self._parameters
        if not parameters.exists:
            raise LookupError(f"parameter {name!r}: there is no file {parameters.place or FILE_NAME}")
        known = parameters.known.get(name) if isinstance(name, str) else None
        if known is None:
            raise LookupError(f"{parameters.place}: {missing('parameter', name, parameters.known)}")
        choice = known.of_run(self._run)
        if choice is None:
            ranges = ", ".join(str(one.runs) for one in known.choices)
            raise LookupError(f"{parameters.place}: {name} has no value for run {self._run}, only for {ranges}")
        texts = choice.value if isinstance(choice.value, tuple) else (choice.value,)
        named = [parameters.files[text] for text in texts if isinstance(text, str) and text in parameters.files]
        self._used[name] = UsedParameter(
            name=name,
            value=choice.value,
            units=choice.units,
            runs=str(choice.runs),
            md5s={str(file.path): file.md5 for file in named},
        )
        return self._for_script(choice.value)

    def _for_script(self, value: Value) -> Any:
        return [self._located(one) for one in value] if isinstance(value, tuple) else self._located(value)

    def _located(self, value: Scalar) -> Scalar:
        file = self._parameters.files.get(value) if isinstance(value, str) else None
        return value if file is None else str(file.path)


def load_parameters(copy: ParametersCopy | None, script_dir: str) -> Parameters:
    """The parameters of a generation, from the frozen copy.

    Raises
    ------
    OperatorError
        The copy cannot be read, or is not what the daemon checked.
    """
    if copy is None:
        return Parameters(place=str(Path(script_dir) / FILE_NAME))
    found, problems = parse_parameters(read_copy(copy))
    if problems:
        raise OperatorError(*(f"{copy.path}: {problem}" for problem in problems))
    files = {one.text: NamedFile(text=one.text, path=Path(one.path), md5=one.md5) for one in copy.files}
    return Parameters(place=copy.path, known={one.name: one for one in found}, files=files, exists=True)


def parameters_of(file: ParameterFile) -> Parameters:
    """The parameters of a file that has no problems."""
    return Parameters(
        place=str(file.path),
        known={one.name: one for one in file.parameters},
        files={one.text: one for one in file.files},
        exists=True,
    )
