// A traceback for whoever wrote the script: the message and the script's own line first; all calls, with those in livereduce
// folded, on request.

import { element, show } from "./dom.js";
import { fileName } from "./text.js";

const FRAME = /^ {2}File "(.*)", line (\d+)(?:, in (.*))?$/;
const HEAD = "Traceback (most recent call last):";
// Scripts, too, lie in folders named livereduce: ours have one of the package's rooms below.
const OURS = /\/livereduce\/(base|catalog|child|engine|publish|scripting|stream|worker)\/.+\.py$/;

/**
 * The parts of a traceback as Python writes it. Pure.
 *
 * @param {string} text
 * @param {string} script the path of the script that failed
 * @returns {{message: string, own: object|null, frames: object[]}|null} null if it is not of this form
 */
export function parsed(text, script) {
  const lines = text.slice(Math.max(0, text.lastIndexOf(HEAD))).split("\n");
  const frames = [];
  let at = lines[0] === HEAD ? 1 : 0;
  for (; at < lines.length && (lines[at].startsWith("  ") || !lines[at]); at++) {
    const match = FRAME.exec(lines[at]);
    if (match) frames.push({ file: match[1], line: match[2], lines: [lines[at]], ours: isOurs(match[1], script) });
    else if (frames.length) frames.at(-1).lines.push(lines[at]);
    else return null;
  }
  const message = lines.slice(at).join("\n").trim();
  if (!frames.length || !message) return null;
  const own = frames.findLast(({ file }) => file === script) ?? frames.findLast(({ ours }) => !ours) ?? null;
  return { message, own, frames };
}

function isOurs(file, script) {
  const folder = script.slice(0, script.lastIndexOf("/") + 1);
  return OURS.test(file) && !(folder && file.startsWith(folder));
}

/** Show a traceback in a box; the same text is not drawn again, so that what somebody has unfolded stays. */
export function showTraceback(box, text, script) {
  show(box, Boolean(text));
  const mark = JSON.stringify([text, script]);
  if (box.mark === mark) return;
  box.mark = mark;
  const parts = parsed(text, script);
  box.replaceChildren(...(parts ? inParts(parts, text) : [element("pre", {}, text)]));
}

function inParts({ message, own, frames }, text) {
  const place = own ? [element("pre", { class: "own" }, [`${fileName(own.file)}, line ${own.line}`, ...own.lines.slice(1)].join("\n"))] : [];
  const calls = `All ${frames.length} calls${text.split(HEAD).length > 2 ? ", and the error before it" : ""}`;
  const earlier = text.slice(0, Math.max(0, text.lastIndexOf(HEAD))).trim();
  const whole = element("details", {}, element("summary", {}, calls),
    ...(earlier ? [element("pre", {}, earlier)] : []), ...grouped(frames).map(drawn), element("pre", {}, message));
  return [element("p", { class: "message" }, message), ...place, whole];
}

/** Neighbouring calls that are all in livereduce, or all elsewhere. */
function grouped(frames) {
  const groups = [];
  for (const frame of frames) {
    if (groups.at(-1)?.ours === frame.ours) groups.at(-1).frames.push(frame);
    else groups.push({ ours: frame.ours, frames: [frame] });
  }
  return groups;
}

function drawn({ ours, frames }) {
  const text = element("pre", {}, frames.flatMap((frame) => frame.lines).join("\n"));
  const count = frames.length === 1 ? "1 call" : `${frames.length} calls`;
  return ours ? element("details", { class: "ours" }, element("summary", {}, `${count} in livereduce`), text) : text;
}
