// Questions about the detector, regions and curves. What has not changed is not sent again: the server says so (304).

import { Refused, base } from "../api.js";

const PATIENCE_MS = 25_000; // the server gives up after 20 s, and says so
const MOST_KEPT = 60;
/** The newest answer by address, with the tag that the server knows it by; the oldest first. */
const kept = new Map();

/** The answer to a GET; the very same object as before if nothing has changed. */
async function get(path) {
  const old = kept.get(path);
  const answer = await send(path, old?.etag ? { headers: { "If-None-Match": old.etag } } : {});
  kept.delete(path);
  if (answer.status === 304 && old) {
    kept.set(path, old);
    return old.body;
  }
  const body = await bodyOf(answer);
  kept.set(path, { etag: answer.headers.get("etag"), body });
  if (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value);
  return body;
}

const send = (path, more) => fetch(path, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS), ...more });

// `at` in these answers is the time of the newest pulse, never the time now: the clock of the page is not set by it.
async function bodyOf(answer) {
  const body = await answer.json().catch(() => null);
  if (!answer.ok) throw new Refused(answer.status, body?.error ?? `the server answered with status ${answer.status}`);
  if (body === null) throw new Error("the server's answer was cut short");
  return body;
}

/** An address with a query of what is not empty. */
function asking(path, query) {
  const known = Object.entries(query).filter(([, value]) => value !== "" && value !== null && value !== undefined);
  return known.length ? `${path}?${new URLSearchParams(known)}` : path;
}

const ranged = (tof) => (tof ? { tof_min_us: tof[0], tof_max_us: tof[1] } : {});

/** Counts per cell of the screen; `tof` is a range in microseconds, or null. */
export const detector = (id, { projection, tof }) => get(asking(`${base(id)}/detector`, { projection, ...ranged(tof) }));

/** The pixel at a point of the screen. */
export const pixelAt = (id, { projection, x, y }) =>
  send(asking(`${base(id)}/detector/at`, { projection, x, y }), {}).then(bodyOf);

export const findings = (id) => get(`${base(id)}/findings`);
export const logs = (id) => get(`${base(id)}/logs`);
export const savedRegions = (id) => get(`${base(id)}/regions`);

const ofSaved = (id, name, kind) => `${base(id)}/regions/${encodeURIComponent(name)}${kind}`;

/** Address of a region's spectrum: one that is saved goes by its name, one that is not carries itself. */
export function spectrumPath(id, { saved, region }, kind = "") {
  return saved ? ofSaved(id, region.name, kind) : asking(`${base(id)}/region${kind}`, { region: JSON.stringify(region) });
}

export const spectrum = (id, one) => get(spectrumPath(id, one));

/** A curve over a log; `one` is the region that it is of, if it is of one. */
export const over = (id, { of, one, log, bins, per }) =>
  get(asking(`${base(id)}/over`, { of, region: one && !one.saved ? JSON.stringify(one.region) : "", log, bins, per }));

const bearer = (token) => ({ Authorization: `Bearer ${token}` });

/** Keep a region for everybody, in the place of the one named `instead`, if that is not empty. */
export const save = (id, { region, instead = "" }, token) => send(asking(`${base(id)}/regions`, { instead }), {
  method: "POST", headers: { ...bearer(token), "Content-Type": "application/json" }, body: JSON.stringify(region),
}).then(bodyOf);

/** Remove a region that is kept. */
export const remove = (id, name, token) =>
  send(ofSaved(id, name, ""), { method: "DELETE", headers: bearer(token) }).then(bodyOf);
