// The service behind the instrument: its processes and its files.

import { byId, element, keep, put, show } from "./dom.js";
import { when, whole } from "./text.js";

/** Facts of the status for debugging. */
export function showFacts({ card, status, restartable }) {
  show(byId("restart-box"), Boolean(restartable));
  if (!status) return;
  const { run = {}, total = {}, source = {} } = status.progress ?? {};
  const up = source.ended ? "(the data have ended)" : source.connected ? "connected" : "not connected";
  const link = card.down ? "not connected: the daemon is down" : up;
  const phase = String(status.phase ?? "").replaceAll("_", " ");
  const without = (run.unmapped ?? 0) + (run.erroneous ?? 0) + (run.unknown_pixel ?? 0);
  const outside = run.outside_tof ?? 0;
  const working = status.worker_pid && !card.down;
  const rows = [
    ["Engine", status.engine, status.interpreter],
    ["Source", source.address ? `${source.address} ${link}` : ""],
    ["Beam", source.no_beam_since && !card.down ? `off since ${when(source.no_beam_since * 1000)}` : ""],
    ["Worker", working ? `generation ${status.generation}, pid ${status.worker_pid}, ${phase}` : "none"],
    ["Receiver", working && status.receiver_pid ? `pid ${status.receiver_pid}, receives the stream; ` +
      `${whole(status.receiver_restarts ?? 0)} unplanned restarts` : ""],
    ["Recording", recordingOf(status.recording)],
    ["Spare", working && status.spare_pid ? `a spare worker stands by (pid ${status.spare_pid})` : ""],
    ["Shadow", shadowOf(status.shadow)],
    ["Restarts", `${whole(status.restarts)} unplanned, ${whole(status.renewals)} planned`],
    ["Script errors", whole(total.script_errors ?? 0)],
    ["Gaps", `${whole(total.gaps ?? 0)}, bad packets ${whole(source.bad_packets ?? 0)}, ` +
      `internal errors ${whole(total.contained ?? 0)}`],
    ["Not counted", [without ? `${whole(without)} events had no pixel` : "",
      outside ? `${whole(outside)} events lay outside the time-of-flight bins` : ""].filter(Boolean).join("; ")],
    ["Incomplete", run.incomplete],
    ["Invalid logs", run.invalid_logs],
    ["Problems", [...(status.problems ?? []), ...(status.warnings ?? [])].join("; ")],
    ["Configuration", status.configuration], ["Log", status.log_file], ["Products", status.products_dir],
    ["Daemon", `version ${status.version}, pid ${status.pid}, started ${when(status.started)}`],
  ].filter(([, text]) => text);
  keep(byId("facts"), rows, ([name]) => name, ([name]) => element("div", {}, element("dt", {}, name), element("dd")),
    (node, [, text, more = ""]) => {
      put(node.querySelector("dd"), text);
      node.querySelector("dd").title = more;
    });
}

/** What the scripts beside those in use do, or why they do not run. */
function shadowOf(shadow) {
  if (!shadow) return "";
  const { total = {}, last_errors: errors = {} } = shadow.progress ?? {};
  const done = shadow.progress ? `${whole(total.results ?? 0)} results, ${whole(total.script_errors ?? 0)} script errors` : "";
  return [`${shadow.directory}: ${shadow.why}`, done, ...Object.values(errors)].filter(Boolean).join("; ");
}

/** What is recorded, or why it is not. */
function recordingOf(recording) {
  if (!recording) return "";
  const gaps = recording.run_gaps ? `, ${whole(recording.run_gaps)} gaps` : "";
  const run = recording.run ? `run ${recording.run}, ${(recording.run_bytes / 1e9).toPrecision(3)} GB${gaps}` : "between runs";
  return `${recording.directory}: ${recording.problem || run}`;
}
