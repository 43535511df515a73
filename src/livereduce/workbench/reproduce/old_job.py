"""The job that made a result, from its provenance: the same settings and scripts, in another folder."""

import json
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from livereduce.base.errors import OperatorError
from livereduce.messages.job import Job, ModuleCopy, NamedFileSeen, ParametersCopy, ScriptCopy, decode_job
from livereduce.publish.provenance import Origin, OriginFile
from livereduce.scripting.files import md5_of
from livereduce.scripting.parameters.form import parse_parameters, texts_of


def job_from(origin: Origin, folder: Path) -> Job:
    """The job, with copies of its scripts in a folder that also takes what it writes; nothing is sent anywhere.

    Raises
    ------
    OperatorError
        The provenance lacks something, or was changed.
    """
    made = [_copy(file, folder, number) for number, file in enumerate(origin.files)]
    copies = {file.role: copy for file, copy in zip(origin.files, made, strict=True)}
    modules = [
        ModuleCopy(path=copy.path, copy=copy.copy, md5=copy.md5, is_package=file.role == "package")
        for file, copy in zip(origin.files, made, strict=True)
        if file.role in ("module", "package")
    ]
    known = {field.name for field in fields(Job)}
    body: dict[str, Any] = {key: value for key, value in origin.settings.items() if key in known}
    body |= {role: asdict(copies[role]) if role in copies else None for role in ("proc", "post_proc")}
    body |= {"modules": [asdict(one) for one in modules], "parameters": _parameters(origin, copies.get("parameters"))}
    body |= {"state_dir": str(folder / "state"), "runtime_dir": str(folder), "publish_config": "", "suspects": []}
    try:
        return decode_job(json.dumps(body))
    except ValueError as error:
        raise OperatorError(f"the settings in its provenance cannot be used: {error}") from None


def _copy(file: OriginFile, folder: Path, number: int) -> ScriptCopy:
    if md5_of(file.text) != file.md5:
        why = "was changed" if file.text else "is not in the file"
        raise OperatorError(f"the text of {file.path} {why}: its md5 is {md5_of(file.text)}, but {file.md5} was used")
    copy = folder / "scripts" / f"{number}_{Path(file.path).name}"
    copy.parent.mkdir(parents=True, exist_ok=True)
    copy.write_bytes(file.text)
    return ScriptCopy(path=file.path, copy=str(copy), md5=file.md5)


def _parameters(origin: Origin, copy: ScriptCopy | None) -> dict[str, Any] | None:
    """The parameters, with the files that they named then."""
    if copy is None:
        return None
    parameters, _ = parse_parameters(Path(copy.copy).read_bytes())
    home = Path(copy.path).parent
    places = {text: str(home / text) for _, text in texts_of(parameters)}
    files = tuple(
        NamedFileSeen(text=text, path=path, md5=origin.named_files[path])
        for text, path in places.items()
        if path in origin.named_files
    )
    return asdict(ParametersCopy(path=copy.path, copy=copy.copy, md5=copy.md5, files=files))
