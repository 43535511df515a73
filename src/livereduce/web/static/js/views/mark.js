// Mark a rectangle on the image of a product; it stands in the address, so that a link shows it.

import { choices, choose } from "../address.js";
import { byId, put, show } from "../dom.js";
import { inWords, rectangleOf, regionMarked } from "./marked.js";

/**
 * Attend to the button and to what is drawn on the plot.
 *
 * @param {Element} plot
 * @param {function()} changed
 * @param {function(string): string} detectorPage address of the page of the detector, with choices
 * @returns {{key: function(), shape: function(object): object, tell: function(object|null)}} `shape` adds to the layout of an image,
 *   `tell` says what is marked (null: what is drawn is no image)
 */
export function marking(plot, changed, detectorPage) {
  const button = byId("mark");
  let marking_now = false;

  button.addEventListener("click", () => {
    marking_now = !marking_now && !rectangleOf(choices().mark);
    choose({ mark: "" });
    changed();
  });

  /** Plotly tells of a shape that was drawn, or moved, among all other changes of the layout. */
  function drawn(change) {
    if (!Object.keys(change).some((key) => key.startsWith("shapes"))) return;
    const shape = plot.layout.shapes?.at(-1);
    const corners = shape ? [shape.x0, shape.y0, shape.x1, shape.y1].map((value) => Number(Number(value).toPrecision(6))) : [];
    choose({ mark: corners.join(",") });
    changed();
  }

  return {
    /** What the drawing depends on. */
    key: () => [choices().mark ?? "", marking_now],
    shape(layout) {
      const at = rectangleOf(choices().mark);
      if (!plot.dataset.marks && plot.on) {
        plot.on("plotly_relayout", drawn);
        plot.dataset.marks = "attended";
      }
      const ink = layout.font.color;
      const line = { color: ink, width: 2, dash: "dash" };
      const shapes = at ? [{ type: "rect", x0: at[0], y0: at[1], x1: at[2], y1: at[3], line, editable: marking_now }] : [];
      return { ...layout, shapes, newshape: { line }, ...(marking_now ? { dragmode: "drawrect" } : {}) };
    },
    tell(product) {
      const at = product ? rectangleOf(choices().mark) : null;
      const region = at && regionMarked(product, at);
      show(button, product !== null);
      button.setAttribute("aria-pressed", String(marking_now || at !== null));
      put(button, at ? "Unmark" : "Mark");
      show(byId("marked"), at !== null);
      put(byId("marked-text"), at ? inWords(product, at) : "");
      show(byId("marked-region"), Boolean(region));
      if (region) byId("marked-region").setAttribute("href", detectorPage(`#${new URLSearchParams({ draw: JSON.stringify([region]) })}`));
    },
  };
}
