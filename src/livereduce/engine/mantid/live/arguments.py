"""The arguments of StartLiveData, and which of them Mantid would refuse, in terms of the configuration. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from livereduce.base.source_urls import parse_source_url
from livereduce.messages.job import Job

ACCUMULATION = "accumulation"
RESULT = "result"

PROC_SHIM = "ProcessingScriptFilename"
POST_PROC_SHIM = "PostProcessingScriptFilename"
ACCUMULATION_WORKSPACE = "AccumulationWorkspace"
PERIODS, SPECTRA = "PeriodList", "SpectraList"

_KEYS = {
    "AccumulationMethod": "accum_method",
    "Instrument": "instrument",
    "UpdateEvery": "update_every",
    "PreserveEvents": "preserve_events",
    PERIODS: "periods",
    SPECTRA: "spectra",
    "Address": "source",
    "Listener": "source",
    PROC_SHIM: "script_dir",
    POST_PROC_SHIM: "script_dir",
}
"""The configuration key for each property."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """Properties that this Mantid's StartLiveData has, once its instrument has been set.

    Attributes
    ----------
    listener_options
        The names among `PERIODS` and `SPECTRA` that the instrument's listener has.
    """

    methods: tuple[str, ...]
    listener_options: frozenset[str]


def arguments_of(job: Job, *, instrument: str, shims: Mapping[str, str]) -> dict[str, Any]:
    """Make the arguments of StartLiveData.

    In the order in which they must be set: listener properties exist only after those that choose the listener.

    Parameters
    ----------
    instrument
        The name in Mantid.
    shims
        The files to run in place of the user's scripts, by ``proc`` and ``post_proc``.
    """
    arguments: dict[str, Any] = {"Instrument": instrument}
    if job.source:
        source = parse_source_url(job.source)
        arguments |= {"Listener": source.scheme.mantid_listener, "Address": source.address}
    if job.periods:
        arguments[PERIODS] = list(job.periods)
    if job.spectra:
        arguments[SPECTRA] = list(job.spectra)
    arguments |= {
        "UpdateEvery": job.update_every_s,
        "PreserveEvents": job.preserve_events,
        "AccumulationMethod": job.accum_method,
        "OutputWorkspace": RESULT,
        # these two belong together: Mantid requires exactly one of its three ways to begin
        "FromNow": job.start == "now",
        "FromStartOfRun": job.start != "now",
    }
    if "proc" in shims:
        arguments[PROC_SHIM] = shims["proc"]
    if "post_proc" in shims:
        arguments |= {ACCUMULATION_WORKSPACE: ACCUMULATION, POST_PROC_SHIM: shims["post_proc"]}
    return arguments


def shown(arguments: Mapping[str, Any], job: Job) -> str:
    """The arguments for the log, in the original's format; with the user's scripts in place of the shims."""
    users = {PROC_SHIM: job.proc, POST_PROC_SHIM: job.post_proc}
    seen = {name: script.path if (script := users.get(name)) else value for name, value in arguments.items()}
    return f"StartLiveData({json.dumps(seen, sort_keys=True, indent=2)})"


def find_problems(job: Job, offer: Offer) -> tuple[str, ...]:
    """Settings that this instrument's listener cannot handle: found before anything is connected."""
    problems = []
    if job.accum_method not in offer.methods:
        problems.append(f"accum_method: {job.accum_method!r} is not one of {', '.join(offer.methods)}")
    for key, option, values in (("periods", PERIODS, job.periods), ("spectra", SPECTRA, job.spectra)):
        if values and option not in offer.listener_options:
            problems.append(
                f"{key}: the live listener of {job.instrument} has no property {option}, expected no {key!r} "
                f"in the configuration, seen {list(values)}"
            )
    return tuple(problems)


def refused(refusals: Mapping[str, str], job: Job) -> tuple[str, ...]:
    """Errors of Mantid's own validation, by the key that must be changed."""
    return tuple(_refused(name, str(why), job) for name, why in sorted(refusals.items()))


def _refused(name: str, why: str, job: Job) -> str:
    key = _KEYS.get(name, name)
    if name == "AccumulationMethod":
        why += f"; seen {job.accum_method!r}, expected Replace or Append"
    return f"{key}: Mantid refuses {name}: {why}"
