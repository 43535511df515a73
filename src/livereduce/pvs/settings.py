"""What of the configuration ``livereduce pvs`` needs."""

from dataclasses import dataclass
from pathlib import Path

from livereduce.base.errors import OperatorError
from livereduce.config.file import DEFAULT_PATH, Config, read_file

NEEDED = frozenset({"epics", "epics.prefix", "epics.interfaces", "update_every"})
"""What is read here: other mistakes of the file are the service's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PvSettings:
    """The part that matters here; with another one the process begins anew."""

    prefix: str
    interfaces: tuple[str, ...]
    update_every_s: float
    skip_empty: bool


def settings_of(configuration: Path | None) -> PvSettings:
    """The settings in a file (None: the default one).

    Raises
    ------
    OperatorError
        The file cannot be used, or sets no prefix.
    """
    reading = read_file(configuration)
    if reading.bad_keys & NEEDED:
        said = [one for one in reading.config.warnings if '"epics' in one]
        raise OperatorError(*reading.problems, *said)
    settings = _settings_in(reading.config)
    if settings is None:
        where = configuration or DEFAULT_PATH
        raise OperatorError(f'epics.prefix is not set in {where}: names of PVs begin with it, such as "BL11A:LR:"')
    return settings


def has_changed(settings: PvSettings, configuration: Path | None) -> bool:
    """True if the file sets something else now; a file that cannot be used is one that is being edited."""
    reading = read_file(configuration)
    return not reading.bad_keys & NEEDED and _settings_in(reading.config) != settings


def _settings_in(config: Config) -> PvSettings | None:
    if config.epics_prefix is None:
        return None
    return PvSettings(
        prefix=config.epics_prefix,
        interfaces=config.epics_interfaces,
        update_every_s=config.update_every_s,
        skip_empty=config.skip_empty,
    )
