// Which rows of the run table a filter leaves. Pure functions.
//
// A filter is words, all of which must hold: a range of runs (41-60), a comparison with a column (peak_area>5), or a text
// that stands somewhere in the row.

const RANGE = /^(\d+)-(\d+)$/;
const COMPARISON = /^(.+?)(<=|>=|<|>|=)(-?[\d.]+(?:e[+-]?\d+)?)$/i;
const HOLDS = {
  "<": (a, b) => a < b, ">": (a, b) => a > b, "<=": (a, b) => a <= b, ">=": (a, b) => a >= b, "=": (a, b) => a === b,
};

/** A function that tells whether a row passes a filter. */
export function passes(text, columns) {
  const tests = text.trim().split(/\s+/).filter(Boolean).map((word) => testOf(word, columns));
  return (row) => tests.every((test) => test(row));
}

function testOf(word, columns) {
  const range = RANGE.exec(word);
  if (range) return (row) => row.run >= Number(range[1]) && row.run <= Number(range[2]);
  const comparison = COMPARISON.exec(word);
  const column = comparison && named(comparison[1], columns);
  if (column) {
    const holds = HOLDS[comparison[2]];
    return (row) => {
      const value = column.value(row);
      return value !== null && holds(value, Number(comparison[3]));
    };
  }
  const wanted = word.toLowerCase();
  return (row) => [row.run, row.title, row.state, row.reason, row.script_set, ...Object.keys(row.scripts)]
    .some((part) => String(part).toLowerCase().includes(wanted));
}

const named = (name, columns) =>
  columns.find((one) => one.value && [one.key, one.metric].some((key) => key?.toLowerCase() === name.toLowerCase()));
