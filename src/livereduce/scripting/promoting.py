"""Promote what people have seen at work, or take it back: the same for the command and for the daemon that is asked."""

from collections.abc import Mapping
from pathlib import Path

from livereduce.base.errors import OperatorError
from livereduce.messages.request import why_not_shown
from livereduce.messages.status import ShadowStatus
from livereduce.scripting.promotion import (
    KeptPromotion,
    Promotion,
    TakenBack,
    carry_out,
    changes_of,
    newest,
    now_in_name,
    objections,
    take_back,
)
from livereduce.scripting.script_set import ScriptSet


def promote_shown(
    shadow: ShadowStatus, in_use: Mapping[str, str], sets: tuple[ScriptSet, ScriptSet], script_dir: Path, who: str
) -> KeptPromotion:
    """Promote the scripts of the shadow.

    Parameters
    ----------
    shadow
        The shadow, as it is shown.
    in_use
        The md5 of each file of the worker in use, by its path.
    sets
        Both sets as they are on disk now: that of the shadow, and that in use.

    Raises
    ------
    OperatorError
        It is refused: files have changed since, or cannot be written. Nothing is different, but for files that the text
        names.
    """
    source, (new, old) = Path(shadow.directory), sets
    said = (
        *objections(new, shadow.files, "the scripts in shadow_dir"),
        *objections(old, in_use, "the scripts in use"),
    )
    if said:
        raise OperatorError(*said)
    changes = changes_of(new, source, old, script_dir)
    if not changes:
        raise OperatorError(f"{script_dir}: it holds the same as {source} already")
    promotion = Promotion(at=now_in_name(), who=who, source=str(source), before={}, after={})
    return carry_out(changes, script_dir, promotion)


def shown_shadow(shadow: ShadowStatus | None) -> ShadowStatus:
    """The shadow, if it has shown what its scripts do.

    Raises
    ------
    OperatorError
        There is none, it does not run, it has made no result, or its scripts fail.
    """
    if shadow is None:
        raise OperatorError('the service has no shadow: set "shadow_dir" to the folder with the scripts to try')
    if why := why_not_shown(shadow):
        raise OperatorError(f"{shadow.directory}: {why}; only what has been shown is promoted")
    return shadow


def take_newest_back(script_dir: Path, who: str) -> TakenBack:
    """Put back what was there before the last promotion.

    Raises
    ------
    OperatorError
        There is none, or it cannot be taken back. Nothing is different, but for files that the text names.
    """
    kept = newest(script_dir)
    if kept is None:
        raise OperatorError(f"{script_dir}: nothing was promoted here, so there is nothing to take back")
    return take_back(kept, script_dir, f"asked to by {who}")
