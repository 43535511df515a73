// What the viewer chose stands behind the # of the page's address: a reload or a colleague sees the same.

/** The choices as they are in the address. */
export function choices() {
  return Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
}

/** Put choices into the address; empty ones leave it. */
export function choose(changes) {
  const all = new URLSearchParams({ ...choices(), ...changes });
  for (const [name, value] of [...all]) {
    if (value === "" || value === "undefined") all.delete(name);
  }
  const text = all.toString();
  history.replaceState(null, "", text ? `#${text}` : location.pathname);
}

/** The instrument that the page is about. */
export function instrumentId() {
  return decodeURIComponent(location.pathname.split("/")[2] ?? "");
}
