// The list of regions: shown or hidden, their colours, names, counts; and regions written instead of drawn.

import { byId, element, keep, put, show } from "../../dom.js";
import { colours } from "../../plot.js";
import { short, whole } from "../../text.js";
import { spectrumPath } from "../ask.js";
import { arePixels, drawnRegion, inWords, ranged, regionOf, whyNoName } from "./region.js";

/** The list, redrawn by the function that is returned. `keep_it` opens the form that saves, renames or removes a saved one. */
export function regionList(id, store, keep_it) {
  const list = byId("regions");
  const oneAt = (node) => store.all().find((one) => one.key === node.closest("li").dataset.key);

  list.addEventListener("click", (event) => {
    const act = event.target.closest("button")?.dataset.act;
    const one = act && oneAt(event.target);
    if (one) ACTS[act](one);
  });
  list.addEventListener("change", (event) => {
    const one = oneAt(event.target);
    if (!one) return;
    if (event.target.type === "checkbox") store.show(one.key, event.target.checked);
    else rename(one, event.target);
  });

  const ACTS = {
    colour: (one) => store.recolour(one.key),
    save: (one) => keep_it(one),
    remove: (one) => (one.saved ? keep_it(one) : store.drop(one.region.name)),
  };

  function rename({ region }, field) {
    const name = field.value.trim();
    const why = whyNoName(name) || (name !== region.name && store.taken(name) ? "There is a region of this name." : "");
    field.setCustomValidity(why);
    if (why) field.reportValidity();
    else if (name !== region.name) store.rename(region.name, name);
  }

  return () => {
    const all = store.all();
    const theme = colours();
    const { problem, can_save } = store.server();
    show(byId("no-regions"), all.length === 0);
    show(byId("too-many"), Boolean(store.too_many()));
    put(byId("too-many"), store.too_many());
    show(byId("regions-problem"), Boolean(problem));
    put(byId("regions-problem"), problem ? `The saved regions cannot be read: ${problem}` : "");
    keep(list, all, (one) => one.key, makeRow, (row, one) => fill(row, one, { id, colour: theme.traces[one.colour_at], can_save }));
  };
}

function makeRow({ saved, region }) {
  const name = saved ? element("b", { class: "region-name" })
    : element("input", { class: "region-name", type: "text", maxlength: "40", spellcheck: "false", autocomplete: "off" });
  if (!saved) name.value = region.name;
  return element("li", {},
    element("input", { type: "checkbox" }),
    element("button", { type: "button", class: "swatch", "data-act": "colour" }),
    name,
    element("span", { class: "region-acts" },
      element("a", { download: "" }, "CSV"),
      element("button", { type: "button", "data-act": "save" }, "Save …"),
      element("button", { type: "button", "data-act": "remove" })),
    element("span", { class: "region-counts" }),
    element("span", { class: "region-words quiet" }));
}

function fill(row, one, { id, colour, can_save }) {
  const { region, saved, shown } = one;
  const [tick, swatch, name, acts, counts, words] = row.children;
  tick.checked = shown;
  tick.setAttribute("aria-label", `Show ${region.name}`);
  swatch.style.background = colour;
  swatch.setAttribute("aria-label", `Another color for ${region.name}`);
  if (saved) put(name, region.name);
  else name.setAttribute("aria-label", `Name of ${region.name}`);
  acts.firstChild.setAttribute("href", spectrumPath(id, one, ".csv"));
  acts.firstChild.setAttribute("aria-label", `Spectrum of ${region.name} as CSV`);
  show(acts.children[1], !saved && can_save);
  show(acts.children[2], !saved || can_save);
  put(acts.children[2], saved ? "Change …" : "Remove");
  for (const [button, word] of [[acts.children[1], "Save"], [acts.children[2], saved ? "Change" : "Remove"]]) {
    button.setAttribute("aria-label", `${word} ${region.name}`);
  }
  put(counts, counted(one));
  put(words, `${inWords(region)}${saved ? ", saved" : ""}`);
}

function counted({ counts, pixels_count, rate_per_s }) {
  if (counts === undefined || counts === null) return "";
  const parts = [`${whole(counts)} counts`];
  if (pixels_count !== undefined && pixels_count !== null) parts.push(`${whole(pixels_count)} pixels`);
  if (rate_per_s !== undefined && rate_per_s !== null) parts.push(`${short(rate_per_s)}/s`);
  return parts.join(" · ");
}

/** The form in which a region is written; `view` is the picture that is on screen, `range` the chosen times of flight. */
export function writeForm(store, view, range) {
  const kind = byId("write-kind");
  const corners = ["write-x0", "write-y0", "write-x1", "write-y1"].map(byId);
  kind.addEventListener("change", () => {
    show(byId("write-pixels-label"), kind.value === "pixels");
    show(byId("write-corners"), kind.value !== "pixels");
    const { x, y } = view() ?? {};
    if (x) put(byId("write-axes"), `From and to: ${x.name} and ${y.name}`);
  });
  byId("write").addEventListener("submit", (event) => {
    event.preventDefault();
    const region = kind.value === "pixels" ? written() : cornered();
    const added = region && store.add(region);
    put(byId("write-answer"), added ? `${region.name} is added.` : region ? store.too_many() : whyNot());
  });

  function written() {
    const pixels = byId("write-pixels").value.trim();
    return arePixels(pixels) ? regionOf({ name: store.free(), kind: "pixels", pixels, ...ranged(range()) }) : null;
  }

  function cornered() {
    const [x0, y0, x1, y1] = corners.map((field) => (field.value === "" ? NaN : Number(field.value)));
    if (![x0, y0, x1, y1].every(Number.isFinite)) return null;
    return drawnRegion({
      name: store.free(), kind: kind.value, projection: view().projection, points: [[x0, y0], [x1, y1]], tof: range(),
    });
  }

  const whyNot = () => (kind.value === "pixels"
    ? "Expected pixel numbers and ranges, such as 1-100, 205."
    : "Expected four numbers: two opposite corners that differ in both coordinates.");
}
