"""Generation folders: a frozen copy of everything that one worker runs; later saves do not reach it."""

from dataclasses import replace
from pathlib import Path

from livereduce.daemon.numbered import delete_oldest, new_folder
from livereduce.daemon.worker.suspects import for_scripts, read_suspects
from livereduce.messages.job import (
    BEAM_TIME,
    CLOCK,
    Job,
    ModuleCopy,
    NamedFileSeen,
    ParametersCopy,
    ScriptCopy,
    encode_job,
)
from livereduce.preflight.resolve import Resolved
from livereduce.scripting.files import ScriptFile
from livereduce.scripting.imports import ModuleFile
from livereduce.scripting.parameters.file import ParameterFile

MODULES = "modules"
"""The folder, in that of a generation, with the modules of the scripts."""


def make_generation(
    resolved: Resolved, *, keep_events: bool = True, counted_run: int | None = None
) -> tuple[Job, Path]:
    """Freeze scripts and configuration in a new folder of the state directory; delete the oldest folders.

    Parameters
    ----------
    keep_events, counted_run
        As in `Job`: limits set by the memory policy.

    Returns
    -------
    The job, and its file: the worker's one argument.

    Raises
    ------
    OSError
        The state directory cannot be written.
    """
    generations = resolved.state_dir / "generations"
    number, folder = new_folder(generations)
    job = replace(_job(resolved, number, folder), keep_events=keep_events, counted_run=counted_run)
    job = replace(job, suspects=for_scripts(read_suspects(resolved.state_dir), job.script_md5s))
    path = folder / "job.json"
    path.write_text(encode_job(job))
    delete_oldest(generations)
    return job, path


def _job(resolved: Resolved, number: int, folder: Path) -> Job:
    config, instrument = resolved.config, resolved.instrument
    return Job(
        generation=number,
        engine=resolved.engine,
        instrument=instrument.name,
        short_name=instrument.short_name,
        source=resolved.source if resolved.engine == "builtin" else config.source or "",
        update_every_s=config.update_every_s,
        preserve_events=config.preserve_events,
        accum_method=config.accum_method,
        skip_empty=config.skip_empty,
        periods=config.periods,
        spectra=config.spectra,
        tof_bins_us=resolved.tof_bins_us,
        proc=_freeze(resolved.scripts.proc, folder),
        post_proc=_freeze(resolved.scripts.post_proc, folder),
        script_dir=str(resolved.script_dir),
        state_dir=str(resolved.state_dir),
        runtime_dir=str(resolved.runtime_dir),
        limits_s={str(phase): limit_s for phase, limit_s in config.limits_s.items()},
        publish_config=str(config.publish_config or ""),
        modules=tuple(
            _freeze_module(module, resolved.script_dir, folder) for module in resolved.scripts.modules if module.md5
        ),
        missing=tuple(map(str, resolved.scripts.missing)),
        parameters=_freeze_parameters(resolved.scripts.parameters, folder),
        cut_by=BEAM_TIME if resolved.source_ends else CLOCK,
    )


def _freeze(script: ScriptFile | None, folder: Path) -> ScriptCopy | None:
    """Write exactly the bytes whose md5 was taken; the file is not read again."""
    if script is None:
        return None
    copy = folder / script.path.name
    copy.write_bytes(script.text)
    return ScriptCopy(path=str(script.path), copy=str(copy), md5=script.md5)


def _freeze_module(module: ModuleFile, script_dir: Path, folder: Path) -> ModuleCopy:
    """Write a module's bytes under its place in the script directory."""
    copy = folder / MODULES / module.path.relative_to(script_dir)
    copy.parent.mkdir(parents=True, exist_ok=True)
    copy.write_bytes(module.text)
    return ModuleCopy(path=str(module.path), copy=str(copy), md5=module.md5, is_package=module.is_package)


def _freeze_parameters(file: ParameterFile | None, folder: Path) -> ParametersCopy | None:
    """Write the bytes that were judged. The files that they name may be large: their md5s must do."""
    if file is None:
        return None
    copy = folder / file.path.name
    copy.write_bytes(file.text)
    files = tuple(NamedFileSeen(text=one.text, path=str(one.path), md5=one.md5) for one in file.files)
    return ParametersCopy(path=str(file.path), copy=str(copy), md5=file.md5, files=files)
