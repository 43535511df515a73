// The regions that there are: those that the server keeps, and those that this page's address carries.

import { choices, choose } from "../../address.js";
import { savedRegions } from "../ask.js";
import { freeName, parsedList, regionsOf } from "./region.js";

const COLOURS = 8;

/** What distinguishes a region of the server from one of the address that has the same name. */
export const keyOf = ({ saved, region }) => `${saved ? "saved" : "drawn"} ${region.name}`;

const FIELDS = ["name", "kind", "projection", "points", "pixels", "tof_min_us", "tof_max_us"];
/** The region alone, without what the server has counted in it. */
const fieldsOf = (known) => Object.fromEntries(FIELDS.filter((name) => known[name] !== undefined && known[name] !== null && known[name] !== "")
  .map((name) => [name, known[name]]));

/**
 * The regions of an instrument.
 *
 * @param {string} id
 * @param {function()} changed called when somebody has drawn, hidden, renamed …
 */
export function regionStore(id, changed) {
  const gone = new Set(); // removed, while the server's list may still have them
  let server = { regions: [], can_save: false, limit: 20, problem: "" };

  const known = () => server.regions.filter(({ name }) => !gone.has(name));
  const drawn = () => regionsOf(choices().draw);
  const put = (changes) => {
    const texts = Object.entries(changes).map(([name, list]) => [name, list.length ? JSON.stringify(list) : ""]);
    choose(Object.fromEntries(texts));
    changed();
  };

  /** All regions in the order of the list. */
  function all() {
    const hidden = new Set(parsedList(choices().hide).map(String));
    const colours = new Map(parsedList(choices().colors).filter(Array.isArray));
    const kept = known().map((one) => ({
      region: fieldsOf(one), saved: true, pixels_count: one.pixels_count, counts: one.counts, rate_per_s: one.rate_per_s,
    }));
    const list = [...kept, ...drawn().map((region) => ({ region, saved: false }))];
    return list.map((each, place) => {
      const key = keyOf(each);
      const turned = Number(colours.get(key));
      return { ...each, key, shown: !hidden.has(key), colour_at: (place + (Number.isInteger(turned) ? turned : 0)) % COLOURS };
    });
  }

  return {
    all,
    shown: () => all().filter((one) => one.shown),
    server: () => server,
    free: () => freeName(new Set(all().map(({ region }) => region.name))),
    taken: (name) => all().some(({ region }) => region.name === name),
    add: (region) => put({ draw: [...drawn(), region] }),
    drop: (name) => put({ draw: drawn().filter((region) => region.name !== name) }),
    rename: (name, other) => put({ draw: drawn().map((region) => (region.name === name ? { ...region, name: other } : region)) }),
    /** A saved region was removed: it is asked for no more. */
    forget: (name) => {
      gone.add(name);
      changed();
    },
    show: (key, visible) => {
      const hidden = parsedList(choices().hide).map(String).filter((other) => other !== key);
      put({ hide: visible ? hidden : [...hidden, key] });
    },
    recolour: (key) => {
      const colours = new Map(parsedList(choices().colors).filter(Array.isArray));
      put({ colors: [...colours.set(key, ((Number(colours.get(key)) || 0) + 1) % COLOURS)] });
    },
    /** Fetch what the server keeps; true if it is other than before. */
    async pull() {
      const answer = await savedRegions(id);
      const is_new = answer !== server;
      server = answer;
      const names = new Set(answer.regions.map(({ name }) => name));
      for (const name of gone) if (!names.has(name)) gone.delete(name);
      return is_new;
    },
  };
}
