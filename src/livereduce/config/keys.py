"""Keys of the configuration file: name, values, and the attribute of `Config` that each sets.

`KEYS` is the only list of them: the parser, ``livereduce check`` and the table in the documentation all use it.
"""

import ipaddress
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from livereduce.base.pv_names import LONGEST_PREFIX, is_prefix
from livereduce.base.source_urls import ADARA, FILE, parse_source_url
from livereduce.config.heartbeat import STOMP_PORT, parse_brokers, parse_destination
from livereduce.config.notifying import parse_notify
from livereduce.messages.beat import SILENCE_LIMITS_S

WATCHDOG_LEAST_THRESHOLD_S = 20.0
MAX_BINS = 1_000_000
MOST_DENSE_CELLS = 1 << 28
"""Counts of more pixels × bins are kept sparse: an array of so many takes 0.5 to 2 GiB."""
INSTRUMENT_NAME = re.compile(r"\w[\w.-]*")
"""Characters of a name, which becomes part of file names."""


# One parser for each kind of value. ValueError means "not that kind"; the key says what was expected.


def _text(value: object) -> str:
    text = value.strip() if isinstance(value, str) else ""
    if not text or not text.isprintable():  # half a surrogate pair or a NUL would break paths and log lines
        raise ValueError
    return text


def _instrument_name(value: object) -> str:
    name = _text(value)
    if not INSTRUMENT_NAME.fullmatch(name):
        raise ValueError
    return name


def _path(value: object) -> Path:
    """A path, in which ``~`` is the home directory of the user who runs this and ``~NAME`` that of another user."""
    try:
        return Path(_text(value)).expanduser()
    except RuntimeError:  # there is no such user
        raise ValueError from None


def _environment(value: object) -> str:
    text = _text(value)
    return str(_path(text)) if text.startswith("~") else text


def _number(value: object) -> float:
    """A number; deployed configurations write numbers as strings. `true` is not a number, although Python says so."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError
    try:
        number = float(value)
    except OverflowError:
        raise ValueError from None
    if not math.isfinite(number):
        raise ValueError
    return number


def _number_where(fits: Callable[[float], bool]) -> Callable[[object], float]:
    def parse(value: object) -> float:
        number = _number(value)
        if not fits(number):
            raise ValueError
        return number

    return parse


_positive = _number_where(lambda number: number > 0)
_percent = _number_where(lambda number: 0 <= number <= 100)
_interval = _number_where(lambda number: 1 <= number <= 1e6)
_threshold = _number_where(lambda number: number >= WATCHDOG_LEAST_THRESHOLD_S)


def _boolean(value: object) -> bool:
    """A boolean: besides JSON's own, the values that Mantid accepts: 0, 1 and the words."""
    if isinstance(value, bool | int | str):
        word = str(value).strip().lower()
        if word in ("true", "1"):
            return True
        if word in ("false", "0"):
            return False
    raise ValueError


def _parts(value: object) -> list[object]:
    """The parts of a list: a list as it is, ``"1, 2"`` split, a single value as a list of one."""
    if isinstance(value, str):
        return list(value.split(","))
    return value if isinstance(value, list) else [value]


def _index(value: object) -> int:
    number = _number(value)
    if number != int(number) or not 0 <= number < 2**31:
        raise ValueError
    return int(number)


def _at_least_one(value: object) -> int:
    number = _index(value)
    if number < 1:
        raise ValueError
    return number


def _indices(value: object) -> tuple[int, ...]:
    return tuple(_index(part) for part in _parts(value))


def _word_of(*words: str) -> Callable[[object], str]:
    by_lower = {word.lower(): word for word in words}

    def parse(value: object) -> str:
        try:
            return by_lower[_text(value).lower()]
        except KeyError:
            raise ValueError from None

    return parse


def _source(value: object) -> str:
    return str(parse_source_url(_text(value)))


LEAST_REST = 0.25
"""Fraction of a step below which the rest at the end is not a bin of its own; the same as in Mantid's Rebin."""


def count_bins(bins_us: tuple[float, float, float]) -> int:
    """Number of bins of ``(min, step, max)``: steps of `step`, or of the relative width ``-step`` if it is negative.

    A rest of less than a quarter of the last step is not a bin of its own but widens the last one, as in the engine.
    """
    low, step, high = bins_us
    if step > 0:
        whole = math.floor((high - low) / step * (1 + 1e-12))  # 1e6 / 60 in 100 steps are 100 bins, not 99 and a rest
        last, rest = step, high - low - whole * step
    else:
        whole = math.floor(math.log(high / low) / math.log1p(-step) * (1 + 1e-12))
        edge = low * (1 - step) ** whole
        last, rest = edge - edge / (1 - step), high - edge
    return max(1, whole if rest < LEAST_REST * last else whole + 1)


def _tof_bins(value: object) -> tuple[float, float, float]:
    low, step, high = (_number(part) for part in _parts(value))
    if low >= high or step == 0 or (step < 0 and low <= 0):
        raise ValueError
    try:
        if count_bins((low, step, high)) > MAX_BINS:
            raise ValueError
    except ArithmeticError:  # a step too small or a span too large for a float
        raise ValueError from None
    return low, step, high


def _pv_prefix(value: object) -> str:
    text = _text(value)
    if not is_prefix(text):
        raise ValueError
    return text


def _interface(value: object) -> str:
    address = ipaddress.IPv4Address(_text(value))
    if address.is_multicast or address == ipaddress.IPv4Address("255.255.255.255"):
        raise ValueError
    return str(address)


def _interfaces(value: object) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(_interface(part) for part in _parts(value)))
    if not found:
        raise ValueError
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key of the file.

    Attributes
    ----------
    name, attribute
        Its name in the file (a dot for a key inside an object) and the attribute of `Config` that it sets.
    parse
        Returns the value, or raises ValueError.
    expected
        Accepted values, to finish the sentence "expected …".
    if_wrong
        A wrong value is only a warning, and this is what follows from it; empty: it is an error.
    """

    name: str
    attribute: str
    parse: Callable[[object], object]
    expected: str
    if_wrong: str = ""


DEFAULT_USED = "the default is used"
"""As the original's watchdog has always done."""
NOT_SERVED, NOT_SENT = "no PVs are served", "nothing is sent"
"""What only `livereduce pvs` or `livereduce notify` needs must not cost the reduction, and no default may stand in."""
OUTLETS = ("epics", "notify", "heartbeat")
"""Keys, or objects of keys, that nothing reads for the reduction."""
_A_DURATION = "a number of seconds greater than 0"
_INDICES = 'a list of whole numbers, 0 or more, such as [1, 2] or "1,2"'

KEYS: tuple[Key, ...] = (
    Key(
        name="instrument",
        attribute="instrument",
        parse=_instrument_name,
        expected="the name or short name of an instrument (letters, digits and _ . -)",
    ),
    Key(
        name="CONDA_ENV",
        attribute="conda_env",
        parse=_environment,
        expected="the name of an environment or the absolute path of its python",
    ),
    Key(
        name="PIXI_ENV",
        attribute="pixi_env",
        parse=_environment,
        expected="the name of an environment or the absolute path of its python",
    ),
    Key(name="script_dir", attribute="script_dir", parse=_path, expected="the path of a directory"),
    Key(name="shadow_dir", attribute="shadow_dir", parse=_path, expected="the path of a directory"),
    Key(name="update_every", attribute="update_every_s", parse=_positive, expected=_A_DURATION),
    Key(name="preserve_events", attribute="preserve_events", parse=_boolean, expected="true or false"),
    Key(
        name="accum_method",
        attribute="accum_method",
        parse=_word_of("Add", "Replace", "Append"),
        expected='"Add", "Replace" or "Append"',
    ),
    Key(name="skip_empty", attribute="skip_empty", parse=_boolean, expected="true or false"),
    Key(name="periods", attribute="periods", parse=_indices, expected=_INDICES),
    Key(name="spectra", attribute="spectra", parse=_indices, expected=_INDICES),
    Key(
        name="system_mem_limit_perc",
        attribute="system_mem_limit_perc",
        parse=_percent,
        expected="a percentage from 0 (off) to 100",
    ),
    Key(name="mem_check_interval_sec", attribute="mem_check_interval_s", parse=_positive, expected=_A_DURATION),
    Key(
        name="watchdog.interval",
        attribute="watchdog_interval_s",
        parse=_positive,
        expected=_A_DURATION,
        if_wrong=DEFAULT_USED,
    ),
    Key(
        name="watchdog.threshold",
        attribute="watchdog_threshold_s",
        parse=_threshold,
        expected=f"a number of seconds, at least {WATCHDOG_LEAST_THRESHOLD_S:g}",
        if_wrong=DEFAULT_USED,
    ),
    Key(
        name="engine",
        attribute="engine",
        parse=_word_of("auto", "mantid", "builtin"),
        expected='"auto", "mantid" or "builtin"',
    ),
    Key(
        name="source",
        attribute="source",
        parse=_source,
        expected=f'a URL of the form "{ADARA.form}" (default port {ADARA.default_port}), or of a file on this host, '
        f'"{FILE.form}"',
    ),
    Key(
        name="tof_bins_us",
        attribute="tof_bins_us",
        parse=_tof_bins,
        expected="[min, step, max] in microseconds with min < max, step not 0 (negative: logarithmic, then min > 0) "
        f"and at most {MAX_BINS} bins",
    ),
    Key(
        name="publish.config",
        attribute="publish_config",
        parse=_path,
        expected="the path of the live data server's configuration",
    ),
    *(
        Key(name=f"limits.{phase}", attribute="limits_s", parse=_positive, expected=_A_DURATION)
        for phase in SILENCE_LIMITS_S
    ),
    Key(name="record.directory", attribute="record_dir", parse=_path, expected="the path of a directory"),
    Key(
        name="record.keep_runs",
        attribute="record_keep_runs",
        parse=_at_least_one,
        expected="a whole number, 1 or more",
    ),
    Key(
        name="record.keep_gb",
        attribute="record_keep_gb",
        parse=_positive,
        expected="a number of GB (10⁹ bytes) greater than 0",
    ),
    Key(
        name="epics.prefix",
        attribute="epics_prefix",
        parse=_pv_prefix,
        expected=f'the beginning of the names of PVs, such as "BL11A:LR:": a letter, then letters, digits and '
        f"_ - : [ ] < > ;, at most {LONGEST_PREFIX} in all",
        if_wrong=NOT_SERVED,
    ),
    Key(
        name="epics.interfaces",
        attribute="epics_interfaces",
        parse=_interfaces,
        expected='IPv4 addresses of this host, such as ["10.1.2.3"], or ["0.0.0.0"] for all of them',
        if_wrong=NOT_SERVED,
    ),
    Key(
        name="notify",
        attribute="notify",
        parse=parse_notify,
        expected="a list of objects",  # never said: the parser finds its own words
        if_wrong=NOT_SENT,
    ),
    Key(
        name="heartbeat.brokers",
        attribute="heartbeat_brokers",
        parse=parse_brokers,
        expected=f'a list of brokers, "HOST:PORT" (default port {STOMP_PORT})',
        if_wrong=NOT_SENT,
    ),
    Key(
        name="heartbeat.destination",
        attribute="heartbeat_destination",
        parse=parse_destination,
        expected='a destination such as "/topic/SNS.REF_M.STATUS.LIVEREDUCE"',
        if_wrong=NOT_SENT,
    ),
    Key(
        name="heartbeat.ping",
        attribute="heartbeat_ping",
        parse=parse_destination,
        expected='a destination such as "/topic/SNS.COMMON.STATUS.PING"',
        if_wrong=NOT_SENT,
    ),
    Key(
        name="heartbeat.interval",
        attribute="heartbeat_interval_s",
        parse=_interval,
        expected="a number of seconds, 1 or more",
        if_wrong=NOT_SENT,
    ),
    Key(
        name="heartbeat.credentials",
        attribute="heartbeat_credentials",
        parse=_path,
        expected="the path of a file",
        if_wrong=NOT_SENT,
    ),
    Key(name="heartbeat.tls", attribute="heartbeat_tls", parse=_boolean, expected="true or false", if_wrong=NOT_SENT),
    Key(name="runtime_dir", attribute="runtime_dir", parse=_path, expected="the path of a directory"),
    Key(name="state_dir", attribute="state_dir", parse=_path, expected="the path of a directory"),
)
