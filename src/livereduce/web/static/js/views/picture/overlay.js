// What lies over the picture: outlines of regions, marks of findings, the shape that is being drawn, the cursor.

import { keep, put } from "../../dom.js";
import { outline } from "../regions/region.js";

const SVG = "http://www.w3.org/2000/svg";
const SMALLEST_MARK = 9;

const node = (tag, attributes = {}, ...children) => {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
};

/** A line and a wider one under it, so that it is seen on every color. */
const shapeNodes = () => ["halo", "outline"].map((name) => node("path", { class: name, fill: "none" }));

/** The layers of an SVG element that lies over the canvas. */
export function layers(svg) {
  const [marks, regions, pending] = ["marks", "outlines", "pending"].map((name) => node("g", { class: name }));
  const cursor = node("path", { class: "cursor" });
  svg.append(marks, regions, pending, cursor);
  return { svg, marks, regions, pending, cursor };
}

/** As large as the canvas. */
export function fit({ svg }, canvas) {
  const [width, height] = [canvas.style.width, canvas.style.height];
  Object.assign(svg.style, { width, height });
}

/** The outlines of the regions that are drawn in this projection. */
export function showRegions({ regions }, all, { place }, projection) {
  const there = all.filter(({ region }) => region.projection === projection);
  keep(regions, there, (one) => one.key, makeRegion, (group, { region, colour }) => {
    const [halo, path, text] = group.children;
    for (const each of [halo, path]) each.setAttribute("d", outline(region, place));
    path.setAttribute("stroke", colour);
    const [x, y] = labelAt(region, place);
    text.setAttribute("x", x);
    text.setAttribute("y", y);
    put(text, region.name);
  });
}

function makeRegion() {
  return node("g", {}, ...shapeNodes(), node("text", { class: "label" }));
}

/** Above the highest point of a lasso, or the box of another shape; within where there is no room. */
function labelAt({ kind, points }, place) {
  const at = points.map(place);
  const [left, top] = kind === "lasso" ? at.reduce((highest, point) => (point[1] < highest[1] ? point : highest))
    : [0, 1].map((axis) => Math.min(...at.map((point) => point[axis])));
  return [Math.max(2, left + 3), top > 16 ? top - 4 : top + 14];
}

/** A box around each thing that was found, large enough to be seen. */
export function showMarks({ marks }, findings, { place }) {
  const boxes = findings.flatMap(({ kind, what, marks: of = [] }, n) => of.map((box, at) => ({ key: `${n} ${at}`, kind, what, box })));
  keep(marks, boxes, (one) => one.key, () => node("rect"), (rect, { kind, what, box }) => {
    const [[u0, v0], [u1, v1]] = [place([box[0], box[1]]), place([box[2], box[3]])];
    const [width, height] = [Math.abs(u1 - u0), Math.abs(v1 - v0)].map((size) => Math.max(SMALLEST_MARK, size + 2));
    const [x, y] = [(u0 + u1 - width) / 2, (v0 + v1 - height) / 2];
    for (const [name, value] of Object.entries({ x, y, width, height, class: "mark", "data-kind": kind, "data-what": what })) {
      rect.setAttribute(name, value);
    }
  });
}

/** The shape that is being drawn; none without points. */
export function showPending({ pending }, { tool, points }, { place }) {
  const there = points ? [{ kind: tool, points }] : [];
  keep(pending, there, () => "pending", () => node("g", {}, ...shapeNodes()), (group, shape) => {
    for (const each of group.children) each.setAttribute("d", outline(shape, place));
  });
}

/** The cursor of the keyboard at a point; null hides it. */
export function showCursor({ cursor }, at, { place }) {
  cursor.toggleAttribute("hidden", at === null);
  if (at === null) return;
  const [u, v] = place(at);
  cursor.setAttribute("d", `M${u - 9} ${v}h18M${u} ${v - 9}v18`);
}
