"""``parameters.json`` as a part of the script set: read, judged, with the files that its values name."""

from dataclasses import dataclass, field
from pathlib import Path

from livereduce.base.files import read_regular
from livereduce.scripting.files import md5_of
from livereduce.scripting.parameters.form import Parameter, parse_parameters, texts_of
from livereduce.scripting.parameters.named_files import NamedFile, find_files

FILE_NAME = "parameters.json"
MAX_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterFile:
    """The file as it is on disk.

    Attributes
    ----------
    md5
        Empty if it cannot be read.
    problems
        Why it cannot be used; each names the file and the key.
    files
        What the values name.
    missing
        Files that values seem to name and that do not exist: they may appear.
    warnings
        A sentence on each of these.
    """

    path: Path
    text: bytes = field(repr=False)
    md5: str
    parameters: tuple[Parameter, ...] = ()
    problems: tuple[str, ...] = ()
    files: tuple[NamedFile, ...] = ()
    missing: tuple[Path, ...] = ()
    warnings: tuple[str, ...] = ()


def read_parameters(script_dir: Path) -> ParameterFile | None:
    """Read the parameters beside the scripts; None if there is no such file. Never raises."""
    path = script_dir / FILE_NAME
    try:
        text = read_regular(path, MAX_BYTES)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        problem = f"{path}: cannot be read: {error.strerror or error}"
        return ParameterFile(path=path, text=b"", md5="", problems=(problem,))
    return judge_parameters(path, text)


def judge_parameters(path: Path, text: bytes) -> ParameterFile:
    """The parameters of a text, which is that of the file at a path, or was it; never raises."""
    parameters, problems = parse_parameters(text)
    files, absent = find_files(texts_of(parameters), path.parent)
    unreadable = tuple(f"{path}: {one.path} cannot be read" for one in files if not one.md5)
    said = tuple(f"{path}: {name}: there is no file {place}; scripts get the text as it is" for name, place in absent)
    return ParameterFile(
        path=path,
        text=text,
        md5=md5_of(text),
        parameters=parameters,
        problems=tuple(f"{path}: {problem}" for problem in problems),
        files=files,
        missing=tuple(place for _, place in absent),
        warnings=(*unreadable, *said),
    )
