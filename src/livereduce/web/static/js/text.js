// Format numbers, durations and times for people.

const NONE = "–";
const STEPS = [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"]];

const known = (value) => value !== null && value !== undefined && Number.isFinite(value);

/** Three digits at most, with the letter of a power of thousand: 12.4 k. */
export function short(value) {
  if (!known(value)) return NONE;
  for (const [step, letter] of STEPS) {
    if (Math.abs(value) >= step * 0.9995) return `${digits(value / step)} ${letter}`;
  }
  return digits(value);
}

function digits(value) {
  return value === 0 ? "0" : String(Number(value.toPrecision(3)));
}

/** A whole number with its thousands separated: 12 430. */
export function whole(value) {
  return known(value) ? Math.round(value).toLocaleString("en-GB").replaceAll(",", " ") : NONE;
}

/** A measured value with its standard deviation, to its significant digits. */
export function measured(value, error) {
  if (!known(value)) return NONE;
  if (!known(error) || error <= 0) return String(Number(value.toPrecision(6)));
  const decimals = Math.max(0, Math.min(15, 1 - Math.floor(Math.log10(error))));
  return `${value.toFixed(decimals)} ± ${error.toFixed(decimals)}`;
}

export function bytes(value) {
  return known(value) ? `${short(value)}${Math.abs(value) >= 999.5 ? "" : " "}B` : NONE;
}

export function percent(fraction) {
  return known(fraction) ? `${digits(fraction * 100)} %` : NONE;
}

/** A duration: 0.4 s, 12 s, 3 min, 2 h 05 min, 4 d 3 h. */
export function span(seconds) {
  if (!known(seconds)) return NONE;
  const s = Math.max(0, seconds);
  if (s < 0.0995) return `${Math.round(s * 1000)} ms`;
  if (s < 9.95) return `${s.toFixed(1)} s`;
  if (s < 99.5) return `${Math.round(s)} s`;
  if (s < 5970) return `${Math.round(s / 60)} min`;
  const minutes = Math.round(s / 60);
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`;
  const hours = Math.round(s / 3600);
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
// Each kind of English knows the short names of its own zones only: EST in one is GMT-5 in another.
const zones = ["en-GB", "en-US", "en-AU", "en-IN"].map((english) => new Intl.DateTimeFormat(english, { timeZoneName: "short" }));
const calendar = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });

/** A time in the viewer's zone, which is named; with the day unless it is today. */
export function when(iso, now = new Date()) {
  const at = iso ? new Date(iso) : null;
  if (!at || Number.isNaN(at.getTime())) return NONE;
  const day = calendar.format(at);
  const time = `${clock.format(at)} ${zone(at)}`;
  return day === calendar.format(now) ? time : `${day} ${time}`;
}

const short_day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

/** Day and minute, where the zone is shown beside it. */
export function dayAndTime(iso) {
  const at = new Date(iso);
  return Number.isNaN(at.getTime()) ? NONE : short_day.format(at);
}

/** The time of day alone, where the zone is shown beside it. */
export function timeOfDay(iso) {
  const at = new Date(iso);
  return Number.isNaN(at.getTime()) ? NONE : at.toLocaleTimeString("en-GB");
}

/** The viewer's zone at a time: CET, EST, or GMT+7 where there is no short name. */
export function zone(at = new Date()) {
  const names = zones.map((form) => form.formatToParts(at).find((part) => part.type === "timeZoneName")?.value ?? "");
  return names.find((name) => name && !/^(GMT|UTC)[+-]/.test(name)) ?? names[0] ?? "local time";
}

// Texts of the server have times as the rest of its answers has them.
const ISO = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)/g;

/** A text with its times (ISO 8601 with zone) in the viewer's zone. */
export const inYourZone = (text) => text.replace(ISO, (iso) => when(iso));

/** The same for plotly: local wall clock without a zone, because otherwise it would show UTC. */
export function wallClock(time) {
  const at = new Date(time);
  const pad = (number, length = 2) => String(number).padStart(length, "0");
  const day = `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())}`;
  return `${day} ${pad(at.getHours())}:${pad(at.getMinutes())}:${pad(at.getSeconds())}.${pad(at.getMilliseconds(), 3)}`;
}

const SIGNS = [
  [/\b1\/angstroms?\b/gi, "Å⁻¹"], [/\bangstroms?\b/gi, "Å"], [/\b(us|microseconds?)\b/g, "µs"], [/\bum\b/g, "µm"],
  [/\buAh\b/g, "µAh"], [/^(dimensionless|one|1)$/, ""],
];

/** Units as they are written on paper. */
export const inSigns = (units) => SIGNS.reduce((text, [word, sign]) => text.replace(word, sign), String(units ?? ""));

/** A name with its units: `d (Å)`. */
export function withUnits(name, units) {
  const signs = inSigns(units);
  return signs ? `${name} (${signs})` : name;
}

/** A file or script name out of a path. */
export function fileName(path) {
  return String(path).split("/").pop();
}
