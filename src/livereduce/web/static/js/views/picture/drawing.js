// Drawing on the picture by mouse, finger or keyboard; `tools.js` decides what a movement means.

import { byId } from "../../dom.js";
import { IDLE, step } from "./tools.js";

/**
 * Attend to the overlay and the tools.
 *
 * @param {{map: function(), cell: function(): number[], pending: function(object), cursor: function(number[]|null),
 *   point: function(number[]), drawn: function(object)}} does `map` is the mapping of the picture that is on screen (or null), `cell`
 *   the size of a cell; the others are told what happens
 */
export function attendDrawing(does) {
  const overlay = byId("overlay");
  let state = IDLE;
  let cursor = null; // the point that the keyboard moves

  function take(fact) {
    const { state: next, drawn } = step(state, fact);
    state = next;
    does.pending(state);
    if (drawn) does.drawn(drawn);
  }

  function choose(tool) {
    take({ what: "choose", tool });
    overlay.dataset.tool = tool;
    for (const button of byId("tools").querySelectorAll("button")) {
      button.setAttribute("aria-pressed", String(button.dataset.tool === tool));
    }
  }

  const at = (event) => {
    const frame = overlay.getBoundingClientRect();
    return does.map()?.back([event.clientX - frame.left, event.clientY - frame.top]) ?? null;
  };

  byId("tools").addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button) choose(button.dataset.tool);
  });
  overlay.addEventListener("pointerdown", (event) => {
    const point = at(event);
    if (!state.tool || !point || event.button !== 0 || !event.isPrimary) return;
    overlay.setPointerCapture(event.pointerId);
    take({ what: "down", at: point });
  });
  overlay.addEventListener("pointermove", (event) => {
    const point = at(event);
    if (!point || !event.isPrimary) return;
    take({ what: "move", at: point });
    does.point(point);
  });
  overlay.addEventListener("pointerup", (event) => event.isPrimary && take({ what: "up", at: at(event) }));
  overlay.addEventListener("pointercancel", () => take({ what: "cancel" }));
  overlay.addEventListener("blur", () => {
    cursor = null;
    does.cursor(null);
  });
  overlay.addEventListener("keydown", (event) => {
    if (event.key === "Escape") return take({ what: "cancel" });
    const map = does.map();
    const move = MOVES[event.key];
    if (!map || (!move && event.key !== "Enter")) return;
    event.preventDefault();
    cursor ??= [(map.x.min + map.x.max) / 2, (map.y.min + map.y.max) / 2];
    if (move) {
      cursor = moved(cursor, move, event.shiftKey ? 10 : 1, does.cell(), map);
      if (state.tool !== "lasso") take({ what: "move", at: cursor });
    } else {
      enter();
    }
    does.cursor(cursor);
    does.point(cursor);
  });

  /** Enter: the first corner, then the second; a lasso gets points until Enter comes twice at one place. */
  function enter() {
    if (!state.points) return take({ what: "down", at: cursor });
    const last = state.points.at(-1);
    const again = last[0] === cursor[0] && last[1] === cursor[1];
    take({ what: state.tool === "lasso" && !again ? "move" : "up", at: cursor });
  }

  return { look: () => choose("") };
}

const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

function moved([x, y], [right, up], cells, [width, height], map) {
  const within = (value, { min, max }) => Math.min(max, Math.max(min, value));
  return [within(x + right * cells * width, map.x), within(y + up * cells * height, map.y)];
}
