"""``/metrics``: Prometheus text, made at each scrape from the snapshots alone; nothing is counted here.

Counters of the reduction are those of the newest worker and restart at 0 with each worker, as Prometheus expects.
Everything has the label ``instrument``. ``livereduce_data_age_seconds`` is how far results are behind the beam.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from livereduce.messages.progress import Progress, RunState
from livereduce.messages.shown import without_pulses
from livereduce.messages.status import StateWord, Status
from livereduce.web.state.snapshot import View, data_age_s

STATES = ("down", *StateWord)


@dataclass(frozen=True, slots=True)
class _Of:
    """A metric from a snapshot or its progress; None omits it."""

    name: str
    help: str
    value: Callable[[Status], float | None]
    counter: bool = False


def _progress(value: Callable[[Progress], float | None]) -> Callable[[Status], float | None]:
    return lambda status: None if status.progress is None else value(status.progress)


def _unix(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


FROM_SNAPSHOT = (
    _Of("livereduce_status_updated_timestamp_seconds", "When the snapshot was written.", lambda s: _unix(s.updated)),
    _Of("livereduce_daemon_start_timestamp_seconds", "When the daemon was started.", lambda s: _unix(s.started)),
    _Of("livereduce_problems", "Problems in configuration or scripts that need attention.", lambda s: len(s.problems)),
    _Of("livereduce_worker_generation", "Number of the newest worker.", lambda s: s.generation),
    _Of(
        "livereduce_worker_memory_bytes",
        "Memory of the worker and its child processes, the receiver and the spare.",
        lambda s: s.memory_bytes,
    ),
    _Of("livereduce_worker_memory_limit_bytes", "Limit of that memory.", lambda s: s.memory_limit_bytes),
    _Of(
        "livereduce_worker_restarts_total",
        "Workers that crashed, hung or were killed (unplanned restarts).",
        lambda s: s.restarts,
        True,
    ),
    _Of(
        "livereduce_worker_renewals_total",
        "Workers that were restarted on purpose (planned restarts).",
        lambda s: s.renewals,
        True,
    ),
    _Of(
        "livereduce_receiver_restarts_total",
        "Receivers that crashed, hung or were killed, with their workers.",
        lambda s: s.receiver_restarts,
        True,
    ),
    _Of("livereduce_spare_workers", "Workers that stand by.", lambda s: float(s.spare_pid is not None)),
    _Of(
        "livereduce_recording",
        "Whether what is to be recorded is (1) or not (0); absent if nothing is to be.",
        lambda s: None if s.recording is None else float(not s.recording.problem),
    ),
    _Of(
        "livereduce_recorded_bytes_total",
        "Bytes written to recordings.",
        lambda s: None if s.recording is None else s.recording.written_bytes,
        True,
    ),
    _Of(
        "livereduce_recording_gaps_total",
        "Parts of the stream that are missing from recordings.",
        lambda s: None if s.recording is None else s.recording.gaps,
        True,
    ),
    _Of("livereduce_run_number", "The run being reduced; 0 between runs.", _progress(lambda p: p.run.number)),
    _Of("livereduce_chunks_total", "Chunks given to the scripts.", _progress(lambda p: p.total.chunks), True),
    _Of("livereduce_results_total", "Results published.", _progress(lambda p: p.total.results), True),
    _Of("livereduce_events_total", "Events reduced.", _progress(lambda p: p.total.events), True),
    _Of("livereduce_pulses_total", "Pulses reduced.", _progress(lambda p: p.total.pulses), True),
    _Of(
        "livereduce_received_bytes_total", "Bytes from the stream.", _progress(lambda p: p.source.received_bytes), True
    ),
    _Of(
        "livereduce_script_errors_total", "Script calls that failed.", _progress(lambda p: p.total.script_errors), True
    ),
    _Of(
        "livereduce_bad_packets_total",
        "Packets that could not be read.",
        _progress(lambda p: p.source.bad_packets),
        True,
    ),
    _Of("livereduce_gaps_total", "Parts of runs that are missing for good.", _progress(lambda p: p.total.gaps), True),
    _Of(
        "livereduce_contained_errors_total",
        "Internal errors of livereduce, each of which lost a packet or a chunk.",
        _progress(lambda p: p.total.contained),
        True,
    ),
    _Of(
        "livereduce_repeated_pulses_total",
        "Pulses that the server sent again; not counted twice.",
        _progress(lambda p: p.source.repeated_pulses),
        True,
    ),
    _Of(
        "livereduce_source_connects_total",
        "Connections made to the stream server.",
        _progress(lambda p: p.source.connects),
        True,
    ),
    _Of(
        "livereduce_source_connected",
        "Whether the stream server is connected (1) or not (0).",
        _progress(lambda p: float(p.source.connected)),
    ),
    _Of(
        "livereduce_pulses_missing",
        "Whether a run that is not paused brings no pulses (1): the source is silent.",
        _progress(lambda p: float(bool(without_pulses(p)))),
    ),
    _Of(
        "livereduce_beam_off",
        "Whether the pulses come without beam (1); 0 with beam, or where it is not known.",
        _progress(lambda p: float(p.source.no_beam_since is not None)),
    ),
    _Of("livereduce_run_events", "Events of the current run.", _progress(lambda p: p.run.events)),
    _Of(
        "livereduce_run_erroneous_events",
        "Events of the current run that have no pixel of the instrument: unmapped, erroneous or without a spectrum.",
        _progress(lambda p: p.run.unmapped + p.run.erroneous + p.run.unknown_pixel),
    ),
    _Of(
        "livereduce_run_outside_tof_events",
        "Events of the current run whose time of flight is outside of the bins of the newest result.",
        _progress(lambda p: p.run.outside_tof),
    ),
    _Of(
        "livereduce_invalid_logs",
        "Whether the newest value of some variable must not be used (1) or not (0).",
        _progress(lambda p: float(bool(p.run.invalid_logs))),
    ),
    _Of("livereduce_run_pulses", "Pulses of the current run.", _progress(lambda p: p.run.pulses)),
    _Of(
        "livereduce_run_charge_coulombs",
        "Proton charge of the current run.",
        _progress(lambda p: p.run.proton_charge_pc * 1e-12),
    ),
    _Of(
        "livereduce_run_incomplete",
        "Whether something of the current run is missing (1) or not (0).",
        _progress(lambda p: float(bool(p.run.incomplete))),
    ),
    _Of("livereduce_events_per_second", "Events per second now.", lambda s: s.events_per_s),
    _Of("livereduce_pulses_per_second", "Pulses per second now.", lambda s: s.pulses_per_s),
)
NOW_ONLY = frozenset(
    {
        "livereduce_beam_off",
        "livereduce_events_per_second",
        "livereduce_pulses_missing",
        "livereduce_pulses_per_second",
        "livereduce_source_connected",
        "livereduce_worker_memory_bytes",
    }
)
"""Unknown for a daemon that is down: an old value would look like a live one."""


class Snapshots(Collector):
    """The metrics of some views at one time."""

    def __init__(self, views: Iterable[View], now: datetime) -> None:
        self._views, self._now = tuple(views), now

    def collect(self) -> Iterator[Metric]:
        """All metric families, with at least one sample per instrument."""
        yield self._up()
        yield self._states()
        yield self._info()
        for of in FROM_SNAPSHOT:
            yield self._family(of)
        yield from (
            self._data_age(),
            self._result_age(),
            self._phases(),
            self._phase_ages(),
            self._run_states(),
            self._findings(),
            self._reasons(),
        )

    def _seen(self) -> Iterator[tuple[View, Status]]:
        for view in self._views:
            if view.status is not None:
                yield view, view.status

    def _up(self) -> Metric:
        family = GaugeMetricFamily("livereduce_up", "Whether the daemon is up (1) or down (0).", labels=["instrument"])
        for view in self._views:
            family.add_metric([view.id], float(view.status is not None and not view.down))
        return family

    def _states(self) -> Metric:
        text = "The state of the service: 1 for the one it is in, 0 for all others."
        family = GaugeMetricFamily("livereduce_state", text, labels=["instrument", "state"])
        for view in self._views:
            now = "down" if view.down or view.status is None else view.status.state
            for state in STATES:
                family.add_metric([view.id, str(state)], float(state == now))
        return family

    def _info(self) -> Metric:
        family = InfoMetricFamily("livereduce_build", "What runs.", labels=["instrument"])
        for view, status in self._seen():
            family.add_metric([view.id], {"version": status.version, "engine": status.engine})
        return family

    def _family(self, of: _Of) -> Metric:
        kind = CounterMetricFamily if of.counter else GaugeMetricFamily
        family = kind(of.name, of.help, labels=["instrument"])
        for view, status in self._seen():
            value = of.value(status)
            if value is not None and not (view.down and of.name in NOW_ONLY):
                family.add_metric([view.id], float(value))
        return family

    def _data_age(self) -> Metric:
        text = "How far the newest data is behind the beam."
        family = GaugeMetricFamily("livereduce_data_age_seconds", text, labels=["instrument"])
        for view, status in self._seen():
            if (age_s := data_age_s(status, self._now)) is not None:
                family.add_metric([view.id], age_s)
        return family

    def _result_age(self) -> Metric:
        text = "When the newest result was written."
        family = GaugeMetricFamily("livereduce_last_result_timestamp_seconds", text, labels=["instrument"])
        for view in self._views:
            if (written := view.live.index.newest_unix_s) is not None:
                family.add_metric([view.id], written)
        return family

    def _phases(self) -> Metric:
        text = "How long the step took the last time."
        family = GaugeMetricFamily("livereduce_phase_duration_seconds", text, labels=["instrument", "phase"])
        for view, status in self._seen():
            if (progress := status.progress) is not None:
                family.add_metric([view.id, "process"], progress.steps.proc_s)
                family.add_metric([view.id, "post_process"], progress.steps.post_proc_s)
                family.add_metric([view.id, "publish"], progress.steps.publish_s)
        return family

    def _phase_ages(self) -> Metric:
        text = "For how long the worker has been in the phase that it is in."
        family = GaugeMetricFamily("livereduce_phase_age_seconds", text, labels=["instrument", "phase"])
        for view, status in self._seen():
            if status.phase is not None and status.phase_since and not view.down:
                age_s = (self._now - datetime.fromisoformat(status.phase_since)).total_seconds()
                family.add_metric([view.id, str(status.phase)], max(0.0, age_s))
        return family

    def _findings(self) -> Metric:
        text = "Findings on pixels and banks of the detector; known while somebody looks at it."
        family = GaugeMetricFamily("livereduce_findings", text, labels=["instrument", "kind", "what"])
        for view, _ in self._seen():
            if view.named is not None and view.named.is_good(self._now):
                for (kind, what), count in view.named.counts.items():
                    family.add_metric([view.id, kind, what], count)
        return family

    def _run_states(self) -> Metric:
        text = "The state of the run: 1 for the one it is in, 0 for all others."
        family = GaugeMetricFamily("livereduce_run_state", text, labels=["instrument", "run_state"])
        for view, status in self._seen():
            if status.progress is not None and not view.down:
                for state in RunState:
                    family.add_metric([view.id, str(state)], float(state is status.progress.run.state))
        return family

    def _reasons(self) -> Metric:
        text = "Those of the newest workers that ended, by why; the snapshot remembers some ten."
        family = GaugeMetricFamily("livereduce_recent_restarts", text, labels=["instrument", "reason"])
        for view, status in self._seen():
            counts: dict[str, int] = {}
            for one in status.last_restarts:
                reason = restart_reason(one.reason)
                counts[reason] = counts.get(reason, 0) + 1
            for reason, count in sorted(counts.items()):
                family.add_metric([view.id, reason], count)
        return family


_REASONS = (
    (re.compile(r"the scripts have changed"), "scripts"),
    (
        re.compile(
            r"(replacing (receiver and|the) worker: )?"
            r"(the worker.s memory|the memory of receiver and worker|the run.s events fill)"
            r"|the (worker|receiver) was killed by .* from the out-of-memory killer \("
        ),
        "memory",
    ),
    (re.compile(r"(livereduce killed )?the receiver\b"), "receiver"),
    (re.compile(r"livereduce killed the worker: stuck"), "hang"),
    (re.compile(r"\d+ lines on the worker.s status pipe"), "nonsense"),
    (re.compile(r"asked to restart"), "asked"),
    (re.compile(r"the worker was killed"), "killed"),
    (re.compile(r"(the worker|proc|post_proc) (crashed|exited)"), "crash"),
    (re.compile(r"the worker could not be started"), "start"),
)


def restart_reason(text: str) -> str:
    """The kind of a restart from its sentence: a label must have few values."""
    return next((reason for pattern, reason in _REASONS if pattern.match(text)), "other")


def metrics_text(views: Iterable[View], now: datetime) -> bytes:
    """The answer to a scrape."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Snapshots(views, now))
    return generate_latest(registry)
