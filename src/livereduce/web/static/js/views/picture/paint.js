// Paint the picture of the detector on a canvas: cells, axes, colour bar.

import { short, withUnits } from "../../text.js";
import { COLOURS, LEVELS, boxFor, levelOf, logTicks, mapping, range, ticks } from "./scale.js";

const MARGIN = { left: 58, top: 10, right: 76, bottom: 44 };
const BAR = { apart: 14, width: 13 };
const TICK = 5;

/**
 * Paint it.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {object} view the server's answer, with `values`: its counts
 * @param {{theme: object, log: boolean, room: {width: number, height: number}, font: string}} how
 * @returns {object} the mapping between coordinates and places on the canvas
 */
export function paint(canvas, view, { theme, log, room, font }) {
  const box = boxFor(view, room, MARGIN);
  const map = mapping(view, box);
  const size = { width: box.left + box.width + MARGIN.right, height: box.top + box.height + MARGIN.bottom };
  const pen = sized(canvas, size);
  const seen = range(view.values, log);
  pen.imageSmoothingEnabled = false;
  pen.drawImage(cells(view, seen, log), box.left, box.top, box.width, box.height);
  Object.assign(pen, { font, fillStyle: theme.ink, strokeStyle: theme.quiet, lineWidth: 1 });
  pen.strokeRect(box.left - 0.5, box.top - 0.5, box.width + 1, box.height + 1);
  axes(pen, view, map);
  bar(pen, box, seen, log);
  return map;
}

/** The drawing context of a canvas in as many pixels as the screen has. */
function sized(canvas, { width, height }) {
  const dense = window.devicePixelRatio || 1;
  const [w, h] = [width, height].map((value) => Math.round(value * dense));
  if (canvas.width !== w || canvas.height !== h) Object.assign(canvas, { width: w, height: h });
  Object.assign(canvas.style, { width: `${width}px`, height: `${height}px` });
  const pen = canvas.getContext("2d");
  pen.setTransform(dense, 0, 0, dense, 0, 0);
  pen.clearRect(0, 0, width, height);
  return pen;
}

/** A canvas with a pixel for each cell; the lowest row of the answer is the lowest on the screen, no pixel is no colour. */
function cells({ values, width, height }, seen, log) {
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const pen = canvas.getContext("2d");
  const image = pen.createImageData(width, height);
  const level = levelOf(seen, log);
  for (let at = 0; at < values.length; at++) {
    if (values[at] < 0) continue;
    const row = height - 1 - Math.floor(at / width);
    const [r, g, b] = COLOURS[level(values[at])];
    image.data.set([r, g, b, 255], 4 * (row * width + (at % width)));
  }
  pen.putImageData(image, 0, 0);
  return canvas;
}

function axes(pen, view, { x, y, box, place }) {
  const [bottom, middle] = [box.top + box.height, box.left + box.width / 2];
  Object.assign(pen, { textAlign: "center", textBaseline: "top" });
  for (const value of ticks(x.min, x.max, Math.min(8, box.width / 70))) {
    const [at] = place([value, y.min]);
    line(pen, at, bottom + 1, at, bottom + 1 + TICK);
    pen.fillText(String(value), at, bottom + TICK + 3);
  }
  pen.fillText(withUnits(view.x.name, view.x.units), middle, bottom + 24);
  Object.assign(pen, { textAlign: "right", textBaseline: "middle" });
  for (const value of ticks(y.min, y.max, Math.min(8, box.height / 28))) {
    const [, at] = place([x.min, value]);
    line(pen, box.left - 1 - TICK, at, box.left - 1, at);
    pen.fillText(String(value), box.left - TICK - 4, at);
  }
  upright(pen, withUnits(view.y.name, view.y.units), 12, box.top + box.height / 2);
}

function bar(pen, box, [low, high], log) {
  const [left, level] = [box.left + box.width + BAR.apart, levelOf([low, high], log)];
  const valueAt = (part) => (log ? low * (high / low) ** part : low + part * (high - low));
  const step = box.height / LEVELS;
  for (let n = 0; n < LEVELS; n++) {
    pen.fillStyle = `rgb(${COLOURS[level(valueAt(n / (LEVELS - 1)))].join(" ")})`;
    pen.fillRect(left, box.top + box.height - (n + 1) * step, BAR.width, step + 0.5);
  }
  pen.fillStyle = pen.strokeStyle;
  Object.assign(pen, { textAlign: "left", textBaseline: "middle" });
  for (const value of log ? logTicks(low, high) : ticks(low, high, 5)) {
    const part = log ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
    const at = box.top + box.height * (1 - part);
    line(pen, left + BAR.width, at, left + BAR.width + 4, at);
    pen.fillText(short(value), left + BAR.width + 6, at);
  }
  upright(pen, "counts per pixel", left + BAR.width + 44, box.top + box.height / 2);
}

function upright(pen, text, x, y) {
  pen.save();
  pen.translate(x, y);
  pen.rotate(-Math.PI / 2);
  Object.assign(pen, { textAlign: "center", textBaseline: "middle" });
  pen.fillText(text, 0, 0);
  pen.restore();
}

function line(pen, x0, y0, x1, y1) {
  pen.beginPath();
  pen.moveTo(x0, y0);
  pen.lineTo(x1, y1);
  pen.stroke();
}
