// Regions as people draw them. Pure functions; the fields are those of the API.

const MAX_VERTICES = 200;
/** Most drawn regions of one page: the server counts a few more of those that are not saved, for all pages together. */
export const MAX_DRAWN = 12;
const NAME = /^[A-Za-z0-9._-](?:[A-Za-z0-9 ._-]{0,38}[A-Za-z0-9._-])?$/;
const PIXELS = /^\s*\d{1,10}(\s*-\s*\d{1,10})?\s*(,\s*\d{1,10}(\s*-\s*\d{1,10})?\s*)*$/;
const KINDS = new Set(["rectangle", "ellipse", "lasso", "pixels"]);
const PROJECTIONS = new Set(["cylinder", "sphere", "flat", "map"]);

/** Why a text is no name of a region; empty if it is one. */
export function whyNoName(name) {
  if (!NAME.test(name) || !/[A-Za-z0-9]/.test(name)) return "A name has 1 to 40 letters, digits, blanks, . _ or -, and not only signs.";
  return name.endsWith(".csv") ? "A name does not end in .csv: that is the address of a table." : "";
}
export const arePixels = (text) => PIXELS.test(text) && text.length <= 4000;

const finite = (values) => values.every((value) => typeof value === "number" && Number.isFinite(value));
const isPoint = (point) => Array.isArray(point) && point.length === 2 && finite(point);

/** A region out of anything, such as an address that somebody has sent; null if it is none. */
export function regionOf(thing) {
  const { name, kind, projection = "", points = [], pixels = "", tof_min_us, tof_max_us } = Object(thing);
  if (typeof name !== "string" || whyNoName(name) || !KINDS.has(kind)) return null;
  const range = finite([tof_min_us, tof_max_us]) && tof_min_us < tof_max_us ? { tof_min_us, tof_max_us } : {};
  if (kind === "pixels") return typeof pixels === "string" && arePixels(pixels) ? { name, kind, pixels, ...range } : null;
  const count = kind === "lasso" ? [3, MAX_VERTICES] : [2, 2];
  const sound = PROJECTIONS.has(projection) && Array.isArray(points) && points.length >= count[0]
    && points.length <= count[1] && points.every(isPoint);
  return sound ? { name, kind, projection, points, ...range } : null;
}

/** The regions that a text of an address carries; each name once. */
export function regionsOf(text) {
  const names = new Set();
  return parsedList(text).map(regionOf).filter((region) => {
    if (!region || names.has(region.name)) return false;
    names.add(region.name);
    return true;
  });
}

/** The list that a text of an address is; empty if it is none. */
export function parsedList(text) {
  try {
    const list = JSON.parse(text ?? "[]");
    return Array.isArray(list) ? list : [];
  } catch {
    return [];
  }
}

/** A coordinate with as many digits as a screen has, so that an address stays short. */
const rounded = (value) => Number(value.toPrecision(6));

/** A drawn region; its points are rounded here, before anything is shown or counted. Null if it has no area. */
export function drawnRegion({ name, kind, projection, points, tof }) {
  const kept = thinned(points.map((point) => point.map(rounded)));
  const [x, y] = [0, 1].map((axis) => new Set(kept.map((point) => point[axis])).size);
  if (x < 2 || y < 2) return null;
  return regionOf({ name, kind, projection, points: kept, ...ranged(tof) });
}

export const ranged = (tof) => (tof ? { tof_min_us: tof[0], tof_max_us: tof[1] } : {});

/** At most as many vertices as a lasso may have, evenly taken, each once in a row. */
function thinned(points) {
  const apart = points.filter((point, at) => at === 0 || point.some((value, axis) => value !== points[at - 1][axis]));
  const every = Math.ceil(apart.length / MAX_VERTICES);
  return apart.filter((_, at) => at % every === 0);
}

/** A name that is free: region 1, region 2 … */
export function freeName(taken) {
  for (let number = 1; ; number++) {
    if (!taken.has(`region ${number}`)) return `region ${number}`;
  }
}

/** The outline on the screen: `place` gives the place of a point. The text is the `d` of an SVG path. */
export function outline({ kind, points }, place) {
  const at = points.map(place);
  if (kind === "ellipse") {
    const [[x0, y0], [x1, y1]] = at;
    const [rx, ry, top] = [Math.abs(x1 - x0) / 2, Math.abs(y1 - y0) / 2, Math.min(y0, y1)];
    const x = (x0 + x1) / 2;
    return `M${x} ${top}a${rx} ${ry} 0 1 0 0 ${2 * ry}a${rx} ${ry} 0 1 0 0 ${-2 * ry}z`;
  }
  const corners = kind === "rectangle" && at.length === 2
    ? [at[0], [at[1][0], at[0][1]], at[1], [at[0][0], at[1][1]]] : at;
  return `M${corners.map((point) => point.join(" ")).join("L")}z`;
}

const number = (value) => String(Number(value.toPrecision(4)));

/** A region in a few words: what, where, and of which times of flight. */
export function inWords(region) {
  const { kind, projection, points = [], pixels, tof_min_us: low, tof_max_us: high } = region;
  const [first, second] = points;
  const shape = kind === "pixels" ? `pixels ${pixels.length > 40 ? `${pixels.slice(0, 40)} …` : pixels}`
    : kind === "lasso" ? `lasso of ${points.length} points, ${projection}`
      : `${kind} ${first.map(number).join(", ")} to ${second.map(number).join(", ")}, ${projection}`;
  return low === undefined || low === null ? shape : `${shape}, ${number(low)} to ${number(high)} µs`;
}
