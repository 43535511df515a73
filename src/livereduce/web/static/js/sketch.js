// The newest result as a small picture, from some hundred numbers of the server: a line, an image, or a number.

import { element, put } from "./dom.js";
import { inSigns, measured, short, withUnits } from "./text.js";

const SVG = "http://www.w3.org/2000/svg";
const FINE = 1000;
// From dark violet to yellow, as images on the instrument's page.
const COLOURS = [[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37]];

/** Show a glance's sketch in a card's figure; `run` is that of the card. */
export function showSketch(figure, glance, run) {
  const [drawing] = figure.children;
  const { sketch } = glance;
  const mark = JSON.stringify([glance.run, glance.name, glance.version, sketch?.kind, glance.problem]);
  if (drawing.mark !== mark) {
    drawing.mark = mark;
    drawing.dataset.kind = sketch?.kind ?? "";
    drawing.replaceChildren(...drawn(glance));
  }
  const old = glance.run !== null && run > 0 && glance.run !== run;
  figure.toggleAttribute("data-instead", old);
  const labelled = sketch && sketch.x_from !== null && sketch.x_from !== undefined;
  put(figure.querySelector(".from"), labelled ? short(sketch.x_from) : "");
  put(figure.querySelector(".to"), labelled ? short(sketch.x_to) : "");
  const across = labelled ? withUnits(sketch.x_name, sketch.x_units) : "";
  const of = !run && glance.run ? `run ${glance.run}, ` : "";
  put(figure.querySelector(".across"), old ? `run ${glance.run}: run ${run} has no result yet` : of + across);
  drawing.setAttribute("aria-label", spoken(glance));
  drawing.dataset.run = glance.run ?? "";
  drawing.dataset.version = glance.version;
}

function drawn({ sketch, problem }) {
  try {
    if (sketch?.kind === "curve") return [curve(sketch)];
    if (sketch?.kind === "image") return [image(sketch)];
  } catch {
    return ["It cannot be drawn."]; // of a page of another version
  }
  if (sketch?.kind === "scalar") return [element("span", { class: "value" }, value(sketch))];
  if (sketch?.kind === "table") return ["a table"];
  return [problem || (sketch ? "no values" : "")];
}

const value = ({ value: number, error, units }) => [measured(number, error), inSigns(units)].filter(Boolean).join(" ");

/** The picture in words. Pure. */
export function spoken({ run, name, sketch, problem }) {
  if (!sketch) return problem || "No result yet";
  const of = `${name} of ${run ? `run ${run}` : "data between runs"}`;
  if (sketch.kind === "scalar") return `${of}: ${value(sketch)}`;
  if (!["curve", "image"].includes(sketch.kind)) return `${of}: ${sketch.kind}`;
  return `${sketch.kind === "curve" ? "Curve" : "Image"} of ${of}, highest ${short(sketch.most)} ${inSigns(sketch.units)}`;
}

function curve({ x, low, high }) {
  const svg = part("svg", { viewBox: `0 0 ${FINE} ${FINE}`, preserveAspectRatio: "none", "aria-hidden": "true" });
  svg.append(part("path", { class: "area", d: area(x, high) }), part("path", { class: "line", d: line(x, low, high) }));
  return svg;
}

const up = (height) => FINE - height;

/** Up and down in each column, so that no peak is lost. Pure. */
export function line(x, low, high) {
  let end = low[0];
  return x.map((place, i) => {
    const rises = Math.abs(low[i] - end) <= Math.abs(high[i] - end); // from the nearer end to the other
    const [first, last] = rises ? [low[i], high[i]] : [high[i], low[i]];
    end = last;
    const there = `${i ? "L" : "M"}${place} ${up(first)}`;
    return first === last ? there : `${there}V${up(last)}`;
  }).join("") + (x.length === 1 ? "h1" : "");
}

function area(x, high) {
  return `M${x[0]} ${FINE}${x.map((place, i) => `L${place} ${up(high[i])}`).join("")}L${x.at(-1)} ${FINE}Z`;
}

function part(tag, attributes) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, text] of Object.entries(attributes)) node.setAttribute(name, text);
  return node;
}

function image({ width, height, cells }) {
  const bytes = Uint8Array.from(atob(cells), (letter) => letter.charCodeAt(0));
  const canvas = element("canvas", { width, height, "aria-hidden": "true" });
  const paint = canvas.getContext("2d");
  const pixels = paint.createImageData(width, height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const byte = bytes[(height - 1 - y) * width + x];
      if (byte) pixels.data.set([...colour((byte - 1) / 254), 255], 4 * (y * width + x));
    }
  }
  paint.putImageData(pixels, 0, 0);
  return canvas;
}

function colour(share) {
  const place = share * (COLOURS.length - 1);
  const first = Math.min(COLOURS.length - 2, Math.floor(place));
  return COLOURS[first].map((from, i) => Math.round(from + (place - first) * (COLOURS[first + 1][i] - from)));
}
