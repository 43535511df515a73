// Addresses of the pages, and the viewer's choices, which are kept after the # of the page's address: a reload or a
// colleague sees the same.

// Where all pages lie: behind a proxy that may be a folder of its server. This file is in static/js/ of it.
const ROOT = new URL("../../", import.meta.url).pathname;

/** The address of something on this server, such as `at("api/instruments")`. */
export const at = (path) => `${ROOT}${path}`;

/** Read the choices from the address. */
export function choices() {
  return Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
}

/** Write choices to the address; empty ones are removed. */
export function choose(changes) {
  const all = new URLSearchParams({ ...choices(), ...changes });
  for (const [name, value] of [...all]) {
    if (value === "" || value === "undefined") all.delete(name);
  }
  const text = all.toString();
  history.replaceState(null, "", text ? `#${text}` : location.pathname);
}

/** The address of an instrument's page, or of a page below it: `pageOf(id, "/runs")`. */
export const pageOf = (id, below = "") => at(`instrument/${encodeURIComponent(id)}${below}`);

/** The instrument of this page. */
export function instrumentId() {
  return decodeURIComponent(location.pathname.slice(ROOT.length).split("/")[1] ?? "");
}
