// Marks of the time line that lie close together, as one line and one label. Pure functions.

const LINE_PX = 5;
const LETTER_PX = 6.4;
const APART_PX = 8;
/** What is labelled, the most urgent first; the rest are lines only, and stand in the list below. */
const WORDS = {
  down: ["down", "times down"], restart: ["restart", "restarts"], error: ["error", "errors"],
  script: ["script change", "script changes"], run: ["run", "runs"],
};
const URGENT = [...Object.keys(WORDS), "state"];

const urgency = (mark) => (URGENT.includes(mark.kind) ? URGENT.indexOf(mark.kind) : URGENT.length);
const worst = (marks) => marks.reduce((a, b) => (urgency(b) < urgency(a) ? b : a));

/**
 * The marks of a time line that is `width` pixels wide. What is later than its end stands at the end: numbers come once a
 * second, and none while the daemon is down, so that the newest mark is often later than the newest number.
 *
 * @param {{t: string, kind: string, text: string}[]} marks
 * @param {{from: number, to: number, width: number}} span the ends of the axis, as milliseconds
 * @returns {{lines: object[], labels: {text: string, kind: string, at: number}[]}} `lines` are the most urgent mark of each
 *   group, each with its `at`; `at` is where a line stands or a label begins, as milliseconds
 */
export function clustered(marks, { from, to, width }) {
  const pixels = (mark) => ((Date.parse(mark.t) - from) / Math.max(1, to - from)) * width;
  const there = marks.map((mark) => ({ ...mark, x: Math.min(width, pixels(mark)) })).filter(({ x }) => x >= 0)
    .sort((a, b) => a.x - b.x);
  const labels = labelled(there.filter((mark) => mark.kind in WORDS), width);
  const back = (x) => from + (x / Math.max(1, width)) * (to - from);
  return {
    lines: groups(there).map(worst).map((mark) => ({ ...mark, at: back(mark.x) })),
    labels: labels.map(({ group, x }) => ({
      text: shortSaid(group, width), kind: worst(group).kind, at: back(x),
    })),
  };
}

function groups(marks) {
  const found = [];
  for (const mark of marks) {
    if (found.length && mark.x - found.at(-1)[0].x < LINE_PX) found.at(-1).push(mark);
    else found.push([mark]);
  }
  return found;
}

/** Groups whose labels have room side by side. */
function labelled(marks, width) {
  const found = [];
  for (const mark of marks) {
    found.push({ group: [mark], x: mark.x });
    let joined = true;
    while (joined) {
      const last = found.at(-1);
      const before = found.at(-2);
      last.x = Math.max(0, Math.min(last.group[0].x, width - length(last.group, width)));
      joined = Boolean(before) && last.x < before.x + length(before.group, width) + APART_PX;
      if (joined) found.splice(-2, 2, { group: [...before.group, ...last.group], x: before.group[0].x });
    }
  }
  return found;
}

const length = (group, width) => shortSaid(group, width).length * LETTER_PX;

function shortSaid(group, width) {
  const words = said(group);
  return words.length * LETTER_PX <= width ? words : `${group.length} marks`;
}

/** A group in words: "run 41", "runs 41–44, 2 errors". */
export function said(group) {
  return Object.entries(WORDS).map(([kind, [one, many]]) => {
    const marks = group.filter((mark) => mark.kind === kind);
    if (!marks.length) return "";
    if (kind === "run") return runs(marks);
    return marks.length === 1 ? one : `${marks.length} ${many}`;
  }).filter(Boolean).join(", ");
}

function runs(marks) {
  const numbers = marks.map((mark) => /^run (\d+)$/.exec(mark.text)?.[1]);
  if (marks.length === 1) return numbers[0] ? `run ${numbers[0]}` : marks[0].text;
  return numbers[0] && numbers.at(-1) ? `runs ${numbers[0]}–${numbers.at(-1)}` : `${marks.length} runs`;
}
