// Requests of the pages to their server.

import { at } from "./address.js";

const PATIENCE_MS = 10_000;

/** The server answered with an error; `status` is the HTTP status. */
export class Refused extends Error {
  constructor(status, reason) {
    super(reason);
    this.status = status;
  }
}

/** Offset of the server's clock to this browser's: ages are by the server's clock. */
let ahead_ms = 0;
export const serverNow = () => Date.now() + ahead_ms;

/** Update the offset with a time just received from the server. */
export function heardAt(iso) {
  if (iso) ahead_ms = Date.parse(iso) - Date.now();
}

// What has not changed is not sent again. An answer that tells the time must be new: it sets the clock.
async function ask(path, settings = {}) {
  const answer = await fetch(path, { cache: "no-cache", signal: AbortSignal.timeout(PATIENCE_MS), ...settings });
  const body = await answer.json().catch(() => null);
  if (answer.ok && body === null) throw new Error("the server's answer was cut short");
  if (!answer.ok) throw new Refused(answer.status, body?.error ?? `the server answered with status ${answer.status}`);
  heardAt(body.at);
  return body;
}

export const base = (id) => at(`api/instruments/${encodeURIComponent(id)}`);
const ofRun = (id, what, run, name) => `${base(id)}/${what}/${encodeURIComponent(run)}/${encodeURIComponent(name)}`;
/** The products of the scripts in use, or of those beside them. */
const SHELVES = { live: "products", shadow: "shadow" };

export const instruments = () => ask(at("api/instruments"), { cache: "no-store" });
export const instrument = (id) => ask(base(id), { cache: "no-store" });
/** The newest result as a sketch with its statistics; `peer` is the page that the instrument is on. */
export function glance(id, { target, peer }) {
  const query = new URLSearchParams({ ...(target ? { target } : {}), ...(peer ? { peer } : {}) });
  return ask(`${base(id)}/glance?${query}`);
}

export const timeline = (id) => ask(`${base(id)}/timeline`);
export const output = (id) => ask(`${base(id)}/output`);

export const runTable = (id) => ask(`${base(id)}/runs?max_runs=500`);
/** Address of the whole run table as CSV. */
export const runTableCsv = (id) => `${base(id)}/runs.csv?max_runs=2000`;

export function product(id, { run, name, row = null, max_points, of = "live" }) {
  const query = new URLSearchParams({ max_points });
  if (row !== null) query.set("row", row);
  return ask(`${ofRun(id, SHELVES[of], run, name)}?${query}`);
}

/** What differs between a product of the shadow and the one in use. */
export const difference = (id, { run, name, max_points }) =>
  ask(`${ofRun(id, "difference", run, name)}?${new URLSearchParams({ max_points })}`);

/** Address to download a product: "nxs", "csv" or "png". */
export const download = (id, run, name, kind, of = "live") => `${ofRun(id, SHELVES[of], run, name)}.${kind}`;

/** Address of the figure that a script has published for a run; another one for each version. */
export const figurePath = (id, run, version) =>
  `${base(id)}/figures/${encodeURIComponent(run)}?v=${encodeURIComponent(version)}`;

export function trends(id, run, target) {
  const query = target ? `?${new URLSearchParams({ target })}` : "";
  return ask(`${base(id)}/trends/${encodeURIComponent(run)}${query}`);
}

const askFor = (id, what, token) =>
  ask(`${base(id)}/${what}`, { method: "POST", headers: { Authorization: `Bearer ${token}` } });

export const restart = (id, token) => askFor(id, "restart", token);

/** Promote the scripts of the shadow; `seen` tells which ones were shown. */
export const promote = (id, token, seen) => askFor(id, `promote?${new URLSearchParams({ seen })}`, token);

export const takeBack = (id, token) => askFor(id, "take_back", token);

/** Address of the events of one instrument, or of all. */
export const eventsPath = (id) => at(id ? `api/events?${new URLSearchParams({ id })}` : "api/events");
