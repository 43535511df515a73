"""Promote scripts: put a set that was tried in the place of the one in use, keep what was there, and take it back.

What was there is kept in ``promoted/DATE`` in the script directory, with ``promotion.json``, which says what was done.
`changes_of` and `objections` decide and are pure; the others read and write.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from livereduce.base.errors import OperatorError
from livereduce.base.fields import checked
from livereduce.base.files import in_bytes, make_folder, read_regular, replace_file
from livereduce.scripting.files import MAX_BYTES, md5_of
from livereduce.scripting.parameters.named_files import MAX_HASHED_BYTES
from livereduce.scripting.replacing import Changes, HalfDone, read_replaceable, replace_all
from livereduce.scripting.script_set import ScriptSet

FOLDER = "promoted"
RECORD = "promotion.json"
MAX_COPIED_BYTES = 256 << 20
"""Most that is copied of files which parameters name: all of it is in memory at once, twice."""
NONE = ""
"""In the place of an md5: there is no such file."""


class PromotionState(StrEnum):
    """What has become of a promotion.

    Attributes
    ----------
    NEW
        It was done.
    PROVED
        The scripts have reduced data without an error.
    TAKEN_BACK
        What was there before is there again.
    """

    NEW = "new"
    PROVED = "proved"
    TAKEN_BACK = "taken_back"


@dataclass(frozen=True, slots=True, kw_only=True)
class Promotion:
    """What was promoted.

    Attributes
    ----------
    at, who
        When, and by whom.
    before, after
        The md5 of each file that was changed, by its path in the script directory; empty where there is no file.
    why
        Why it was taken back; empty if it was not.
    """

    at: str
    who: str
    source: str
    before: dict[str, str]
    after: dict[str, str]
    state: PromotionState = PromotionState.NEW
    why: str = ""


@dataclass(frozen=True, slots=True)
class KeptPromotion:
    """A promotion, and the folder with what was there before."""

    folder: Path
    promotion: Promotion


@dataclass(frozen=True, slots=True)
class TakenBack:
    """A promotion that was taken back; `unnoted`: why its record does not say so, empty if it does."""

    promotion: Promotion
    unnoted: str = ""


# ---- deciding


def changes_of(new: ScriptSet, source: Path, old: ScriptSet, script_dir: Path) -> Changes:
    """What must change in the script directory for the new set to be there, and nothing but it.

    Scripts and parameters of the old set that the new one does not have are removed: they would be used. Modules of the
    old set that the new one does not import stay: another script may need them.

    Raises
    ------
    OperatorError
        Files that the parameters name are too large to be copied, or the scripts would use a file there that they have
        not had where they were shown.
    """
    texts: dict[str, bytes | None] = {}
    goes = [script.path for script in old.scripts] + ([old.parameters.path] if old.parameters else [])
    for path in goes:
        texts[path.relative_to(script_dir).as_posix()] = None
    absent = (*new.missing, *(new.parameters.missing if new.parameters else ()))
    names = [path.relative_to(source) for path in absent if path.is_relative_to(source)]
    if unseen := [name for name in names if (script_dir / name).is_file()]:
        raise OperatorError(*(_not_shown(name, source, script_dir) for name in unseen))
    for path, text in _texts_of(new):
        texts[path.relative_to(source).as_posix()] = text
    return {name: text for name, text in texts.items() if text is None or not _has(script_dir / name, text)}


def _not_shown(name: Path, source: Path, script_dir: Path) -> str:
    return (
        f"{script_dir / name}: the scripts would use this file, which is not in {source}; "
        "copy it there and look at the result, or remove it here"
    )


def _texts_of(new: ScriptSet) -> Iterator[tuple[Path, bytes]]:
    yield from ((file.path, file.text) for file in new.files)
    if new.parameters is None:
        return
    yield new.parameters.path, new.parameters.text
    copied_bytes = 0
    for named in new.parameters.files:
        if named.path.is_relative_to(new.parameters.path.parent):
            if ".." in named.path.parts:
                raise OperatorError(
                    f"{new.parameters.path}: it names {named.text}, which is another file for the scripts in use; "
                    "name it by its absolute path"
                )
            text = _read_named(named.path)
            copied_bytes += len(text)
            if copied_bytes > MAX_COPIED_BYTES:
                most = in_bytes(MAX_COPIED_BYTES)
                raise OperatorError(
                    f"{new.parameters.path}: the files beside it that it names are together more than {most}, which is "
                    "too much to copy; keep them elsewhere and name them by absolute paths"
                )
            yield named.path, text


def _read_named(path: Path) -> bytes:
    try:
        return read_regular(path, MAX_HASHED_BYTES)
    except OSError as error:
        raise OperatorError(f"{path}: it is named by the parameters and cannot be copied: {error.strerror}") from None


def objections(on_disk: ScriptSet, seen: Mapping[str, str], what: str) -> tuple[str, ...]:
    """Why these scripts are not those that people have seen at work; empty if they are.

    Parameters
    ----------
    seen
        The md5 of each file of the worker, by its path.
    what
        The scripts, in words.
    """
    if on_disk.directory_problem:
        return (on_disk.directory_problem,)
    now = {str(file.path): file.md5 for file in on_disk.files}
    if on_disk.parameters is not None:
        now[str(on_disk.parameters.path)] = on_disk.parameters.md5
        now |= {str(named.path): named.md5 for named in on_disk.parameters.files}
    changed = sorted(path for path in {*now, *seen} if now.get(path) != seen.get(path))
    return tuple(
        f"{path}: {what} have changed since the worker that is shown was started on them; look at the result first"
        for path in changed
    )


# ---- doing


def carry_out(changes: Changes, script_dir: Path, promotion: Promotion) -> KeptPromotion:
    """Keep what is there, then replace each file. If one cannot be replaced, those before it are put back.

    Raises
    ------
    OperatorError
        A file has changed meanwhile, is a link, or cannot be written. Nothing is different, but for the files that the
        text names: those could not be put back.
    """
    folder = script_dir / FOLDER / promotion.at
    before = {name: read_replaceable(script_dir / name) for name in changes}
    done = replace(
        promotion,
        before={name: NONE if text is None else md5_of(text) for name, text in before.items()},
        after={name: NONE if text is None else md5_of(text) for name, text in changes.items()},
    )
    try:
        for name, text in before.items():
            if text is not None:
                make_folder((folder / name).parent)
                replace_file(folder / name, text)
        make_folder(folder)
        _write_record(folder, done)
    except OSError as error:
        raise OperatorError(f"{folder}: what is in use cannot be kept: {error.strerror}; nothing was changed") from None
    try:
        replace_all(changes, before, script_dir)
    except HalfDone as error:
        raise OperatorError(*error.problems, f"what was there before is in {folder}") from None
    except OperatorError:
        with suppress(OSError):  # nothing was promoted: the one before stays the newest
            (folder / RECORD).unlink()
        raise
    return KeptPromotion(folder, done)


def newest(script_dir: Path) -> KeptPromotion | None:
    """The promotion done last, whatever has become of it; None if there is none that can be read."""
    try:
        folders = sorted((script_dir / FOLDER).iterdir(), reverse=True)
    except OSError:
        return None
    for folder in folders:
        try:
            text = read_regular(folder / RECORD, MAX_BYTES)
            return KeptPromotion(folder, checked(Promotion, json.loads(text)))
        except (OSError, ValueError, RecursionError):
            continue
    return None


def take_back(kept: KeptPromotion, script_dir: Path, why: str) -> TakenBack:
    """Put back what was there before a promotion.

    Raises
    ------
    OperatorError
        It is taken back already, a file is not as promoted any more, or cannot be written. Nothing is different, but
        for files that the text names: those hold again what was there before the promotion.
    """
    promotion, folder = kept.promotion, kept.folder
    if promotion.state is PromotionState.TAKEN_BACK:
        raise OperatorError(f"{folder}: this promotion was taken back already")
    _require_as_promoted(promotion, script_dir)
    try:
        back = {
            name: read_regular(folder / name, MAX_HASHED_BYTES) if md5 else None
            for name, md5 in promotion.before.items()
        }
    except OSError as error:
        raise OperatorError(f"{folder}: what was there before cannot be read: {error.strerror}") from None
    for name, text in back.items():
        if text is not None and md5_of(text) != promotion.before[name]:
            raise OperatorError(f"{folder / name}: it is not what was there before any more; copy the file by hand")
    replace_all(back, {name: read_replaceable(script_dir / name) for name in back}, script_dir)
    taken = replace(promotion, state=PromotionState.TAKEN_BACK, why=why)
    try:
        return TakenBack(_note(kept, taken))
    except OperatorError as error:
        return TakenBack(taken, f"what was there before is back, but that cannot be noted: {error}")


def prove(kept: KeptPromotion) -> Promotion:
    """Record that promoted scripts have worked, as far as that can be written."""
    return _note(kept, replace(kept.promotion, state=PromotionState.PROVED))


def now_in_name() -> str:
    """The present as the name of a folder."""
    return datetime.now().strftime("%Y-%m-%dT%H-%M-%S")


def _note(kept: KeptPromotion, promotion: Promotion) -> Promotion:
    try:
        _write_record(kept.folder, promotion)
    except OSError as error:
        raise OperatorError(f"{kept.folder / RECORD}: cannot be written: {error.strerror}") from None
    return promotion


def _require_as_promoted(promotion: Promotion, script_dir: Path) -> None:
    for name, md5 in promotion.after.items():
        text = read_replaceable(script_dir / name)
        if (NONE if text is None else md5_of(text)) != md5:
            raise OperatorError(
                f"{script_dir / name}: the file has changed since it was promoted, so nothing is taken back; "
                f"what was there before is in {script_dir / FOLDER / promotion.at}"
            )


def _has(path: Path, text: bytes) -> bool:
    try:
        return not path.is_symlink() and read_regular(path, MAX_HASHED_BYTES) == text
    except OSError:
        return False


def _write_record(folder: Path, promotion: Promotion) -> None:
    replace_file(folder / RECORD, json.dumps(asdict(promotion), indent=2).encode())
