// The regions that there are: those that the server keeps, and those that this page's address carries.

import { choices, choose } from "../../address.js";
import { savedRegions } from "../ask.js";
import { MAX_DRAWN, freeName, parsedList, regionsOf } from "./region.js";

const COLOURS = 8;

/** What distinguishes a region of the server from one of the address that has the same name. */
export const keyOf = ({ saved, region }) => `${saved ? "saved" : "drawn"} ${region.name}`;

const FIELDS = ["name", "kind", "projection", "points", "pixels", "tof_min_us", "tof_max_us"];
/** The region alone, without what the server has counted in it. */
const fieldsOf = (known) => Object.fromEntries(FIELDS.filter((name) => known[name] !== undefined && known[name] !== null && known[name] !== "")
  .map((name) => [name, known[name]]));

function tooMany(count, refused) {
  const most = `At most ${MAX_DRAWN} regions that are not saved are counted at a time.`;
  if (count > MAX_DRAWN) return `${most} This link has ${count}: the last ${count - MAX_DRAWN} of them are left out. Remove or save others first.`;
  return refused ? `${most} The last one was not added: remove or save another one, and draw it again.` : "";
}

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
  const carried = () => regionsOf(choices().draw);
  const drawn = () => carried().slice(0, MAX_DRAWN);
  let refused = false; // one more was drawn than are counted
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
    taken: (name) => [...all().map(({ region }) => region), ...carried()].some((region) => region.name === name),
    /** Add a drawn region; false if there are as many as are counted. */
    add(region) {
      refused = carried().length >= MAX_DRAWN;
      if (refused) changed();
      else put({ draw: [...drawn(), region] });
      return !refused;
    },
    /** Why not all is here that was drawn; empty if it is. */
    too_many: () => tooMany(carried().length, refused),
    drop(name) {
      refused = false;
      put({ draw: carried().filter((region) => region.name !== name) });
    },
    rename: (name, other) => put({ draw: carried().map((region) => (region.name === name ? { ...region, name: other } : region)) }),
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
