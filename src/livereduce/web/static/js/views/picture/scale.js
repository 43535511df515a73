// From counts to colours, and from coordinates to places on the screen. Pure functions.

// Dark to light through blue, green and yellow: every step is also one in lightness, so it reads without colours.
const STOPS = [
  [68, 1, 84], [71, 44, 122], [59, 81, 139], [44, 113, 142], [33, 144, 141], [39, 173, 129], [92, 200, 99], [170, 220, 50], [253, 231, 37],
];
const DECADES = 5;
export const LEVELS = 256;

/** Red, green and blue of each level. */
export const COLOURS = Array.from({ length: LEVELS }, (_, level) => {
  const at = (level / (LEVELS - 1)) * (STOPS.length - 1);
  const low = Math.min(Math.floor(at), STOPS.length - 2);
  return STOPS[low].map((value, n) => Math.round(value + (at - low) * (STOPS[low + 1][n] - value)));
});

/** Least and largest count that get a colour of their own: of cells that have pixels, above 0 if logarithmic. */
export function range(counts, log) {
  let least = Infinity;
  let most = 0;
  for (const value of counts) {
    if (value > most) most = value;
    if (value > 0 && value < least) least = value;
  }
  if (!log) return [0, most || 1];
  if (!most) return [0.1, 1];
  const low = Math.max(least, most / 10 ** DECADES);
  return low < most ? [low, most] : [most / 10, most];
}

/** A function from counts to levels. */
export function levelOf([low, high], log) {
  const [from, to] = log ? [Math.log(low), Math.log(high)] : [low, high];
  return (value) => {
    if (log && value <= low) return 0;
    const part = ((log ? Math.log(value) : value) - from) / (to - from);
    return Math.max(0, Math.min(LEVELS - 1, Math.round(part * (LEVELS - 1))));
  };
}

/** Round numbers between two, about as many as wanted. */
export function ticks(low, high, count) {
  const rough = (high - low) / Math.max(1, count);
  const decade = 10 ** Math.floor(Math.log10(rough));
  const each = [1, 2, 5, 10].map((n) => n * decade).find((size) => size >= rough * 0.999) ?? 10 * decade;
  const found = [];
  for (let n = Math.ceil(low / each - 1e-9); n * each <= high + each * 1e-9 && found.length < 50; n++) {
    found.push(Number((n * each).toPrecision(10)));
  }
  return found;
}

/** Labels of a logarithmic scale: powers of ten, or where there are hardly any, some numbers between. */
export function logTicks(low, high) {
  const found = [];
  for (let e = Math.ceil(Math.log10(low) - 1e-9); e <= Math.log10(high) + 1e-9; e++) found.push(10 ** e);
  if (found.length > 1) return found;
  return [0, 0.5, 1].map((part) => Number((low * (high / low) ** part).toPrecision(2)));
}

/** An axis that has a length, even if all pixels lie on a line. */
const lengthened = ({ min, max }) => (max > min ? { min, max } : { min: min - 0.5, max: max + 0.5 });

/**
 * Where points of the projection are on the screen: x to the right, y upwards.
 *
 * @param {{x: object, y: object}} view
 * @param {{left: number, top: number, width: number, height: number}} box
 */
export function mapping(view, box) {
  const [x, y] = [lengthened(view.x), lengthened(view.y)];
  const [across, up] = [box.width / (x.max - x.min), box.height / (y.max - y.min)];
  return {
    x, y, box,
    place: ([a, b]) => [box.left + (a - x.min) * across, box.top + (y.max - b) * up],
    back: ([u, v]) => [x.min + (u - box.left) / across, y.max - (v - box.top) / up],
  };
}

/** Width and height of the picture, as proportions: as they are where both axes have one unit, else by the cells. */
function proportions({ x, y, width, height }) {
  const alike = x.units && x.units === y.units && x.max > x.min && y.max > y.min;
  return alike ? { width: x.max - x.min, height: y.max - y.min, least: 140 } : { width, height, least: 220 };
}

/** The box of the cells in a canvas: as large as fits, in the instrument's proportions unless it would be a narrow strip. */
export function boxFor(view, room, margin) {
  const { width, height, least } = proportions(view);
  const free = {
    width: Math.max(40, room.width - margin.left - margin.right), height: Math.max(40, room.height - margin.top - margin.bottom),
  };
  const scale = Math.min(free.width / width, free.height / height);
  return {
    left: margin.left, top: margin.top,
    width: Math.max(width * scale, Math.min(free.width, least)), height: Math.max(height * scale, Math.min(free.height, least)),
  };
}

/** The counts of an answer: little-endian float32 in base64, row by row from the lowest y. */
export function countsOf({ counts, width, height }) {
  const bytes = Uint8Array.from(atob(counts), (sign) => sign.charCodeAt(0));
  if (bytes.length !== 4 * width * height) throw new Error(`the picture has ${bytes.length} bytes, expected ${4 * width * height}`);
  const view = new DataView(bytes.buffer);
  return Float32Array.from({ length: width * height }, (_, at) => view.getFloat32(4 * at, true));
}
