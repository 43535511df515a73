// Select what to draw, from the runs that exist and the viewer's choices. Pure functions.

const MAX_ROWS = 12;

/** The run shown by default: the current run, else the newest run that has a number. */
export function followedRun(card, runs) {
  if (card.run > 0 && ["running", "paused"].includes(card.run_state)) return card.run;
  const numbered = runs.find((one) => one.run > 0);
  return numbered?.run ?? runs[0]?.run ?? card.run ?? 0;
}

/**
 * The run to show: the chosen one, else that which is followed; as long as that has no result, the last one that has.
 *
 * @returns {{run: number, without: number|null}} `without`: the run that has no result yet
 */
export function runToShow(asked, followed, runs) {
  if (asked !== "") return { run: Number(asked), without: null };
  if (productsOf(followed, runs).length) return { run: followed, without: null };
  const last = runs.find((one) => one.products.length);
  return last ? { run: last.run, without: followed } : { run: followed, without: null };
}

/** The newest kept run before `run`. */
export function previousRun(run, runs) {
  const earlier = runs.map((one) => one.run).filter((number) => number > 0 && number < run);
  return earlier.length ? Math.max(...earlier) : null;
}

export const productsOf = (run, runs) => runs.find((one) => one.run === run)?.products ?? [];

/** The product to show: the chosen one if the run has it, else `result`, else the first. */
export function chosenProduct(name, products) {
  const names = products.map((one) => one.name);
  if (names.includes(name)) return name;
  return names.includes("result") ? "result" : names[0] ?? null;
}

/** Row numbers from a text such as "0, 3, 5-7": existing rows only, each once, at most twelve. */
export function parsedRows(text, count) {
  const rows = new Set();
  for (const part of text.split(/[\s,;]+/)) {
    const match = /^(\d+)(?:[-–](\d+))?$/.exec(part);
    if (!match) continue;
    const first = Number(match[1]);
    const last = Math.min(Number(match[2] ?? first), count - 1);
    for (let row = first; row <= last && rows.size < MAX_ROWS; row++) rows.add(row);
  }
  return [...rows];
}

/** Rows spread evenly over the result: the default until the viewer chooses. */
export function firstRows(count) {
  const shown = Math.min(4, count);
  return Array.from({ length: shown }, (_, i) => Math.floor((i * count) / shown));
}
