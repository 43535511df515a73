// What is to be drawn: decided from the runs there are and what the viewer chose. Pure functions.

const MOST_ROWS = 12;

/** The run that a page shows on which nobody chose one: the one going on, else the newest that has a number. */
export function followedRun(card, runs) {
  if (card.run > 0 && ["running", "paused"].includes(card.run_state)) return card.run;
  const numbered = runs.find((one) => one.run > 0);
  return numbered?.run ?? runs[0]?.run ?? card.run ?? 0;
}

/** The run before a run, among those whose results are kept. */
export function previousRun(run, runs) {
  const earlier = runs.map((one) => one.run).filter((number) => number > 0 && number < run);
  return earlier.length ? Math.max(...earlier) : null;
}

export const productsOf = (run, runs) => runs.find((one) => one.run === run)?.products ?? [];

/** The product that is shown: the one chosen if the run has it, else `result`, else the first. */
export function chosenProduct(name, products) {
  const names = products.map((one) => one.name);
  if (names.includes(name)) return name;
  return names.includes("result") ? "result" : names[0] ?? null;
}

/** Row numbers of a text such as "0, 3, 5-7"; those that exist, each once, at most twelve. */
export function parsedRows(text, count) {
  const rows = new Set();
  for (const part of text.split(/[\s,;]+/)) {
    const match = /^(\d+)(?:[-–](\d+))?$/.exec(part);
    if (!match) continue;
    const first = Number(match[1]);
    const last = Math.min(Number(match[2] ?? first), count - 1);
    for (let row = first; row <= last && rows.size < MOST_ROWS; row++) rows.add(row);
  }
  return [...rows];
}

/** Rows that show something of everything, for those who have not chosen yet. */
export function firstRows(count) {
  const shown = Math.min(4, count);
  return Array.from({ length: shown }, (_, i) => Math.floor((i * count) / shown));
}
