// The viewer's choices are kept after the # of the page's address: a reload or a colleague sees the same.

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

/** The instrument of this page. */
export function instrumentId() {
  return decodeURIComponent(location.pathname.split("/")[2] ?? "");
}
