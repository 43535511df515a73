// Save, rename and remove regions for everybody, by whoever has the token. It is sent once and kept nowhere.

import { Refused } from "../../api.js";
import { byId, options, put, show } from "../../dom.js";
import { ask } from "../../asking.js";
import { remove, save } from "../ask.js";
import { whyNoName } from "./region.js";

/**
 * The form.
 *
 * @param {string} id
 * @param {object} store the regions
 * @param {function()} done called when the server has changed something
 * @returns {{show: function(), open: function(object)}}
 */
export function keepForm(id, store, done) {
  const [which, name, token, answer] = ["keep-which", "keep-name", "token", "keep-answer"].map(byId);
  const chosen = () => store.all().find((one) => one.key === which.value);
  let named = ""; // whose name the field was filled with

  function display() {
    const all = store.all();
    show(byId("keep-box"), store.server().can_save && all.length > 0);
    options(which, all.map((one) => [one.key, one.saved ? `${one.region.name} (saved)` : one.region.name]), which.value || all[0]?.key);
    const one = chosen();
    show(byId("keep-remove"), Boolean(one?.saved));
    put(byId("keep-save"), one?.saved ? "Rename" : "Save");
    if (one && named !== one.key) {
      named = one.key;
      name.value = one.region.name;
    }
  }

  /** Save under the name in the field; a saved region that gets another name loses the one before. */
  async function keep(one, secret) {
    const wanted = name.value.trim();
    const why = whyNoName(wanted);
    if (why) throw new Refused(0, why);
    if (one.saved && wanted === one.region.name) throw new Refused(0, "This is its name already.");
    const taken = store.all().some((other) => other.saved && other.region.name === wanted);
    if (taken) throw new Refused(0, "There is a saved region of this name.");
    const said = await save(id, { region: { ...one.region, name: wanted }, instead: one.saved ? one.region.name : "" }, secret);
    if (one.saved) store.forget(one.region.name);
    else store.drop(one.region.name);
    return said.text;
  }

  async function removed({ region }, secret) {
    const { text } = await remove(id, region.name, secret);
    store.forget(region.name);
    return text;
  }

  async function askFor(one, act, undone) {
    const buttons = byId("keep-buttons");
    if (!one || buttons.disabled) return;
    await ask({ token, answer, buttons, undone }, async (secret) => ({ text: await act(one, secret) }));
    done();
  }

  which.addEventListener("change", display);
  byId("keep").addEventListener("submit", (event) => {
    event.preventDefault();
    const removing = event.submitter?.id === "keep-remove";
    if (removing) askFor(chosen(), removed, "Not removed");
    else askFor(chosen(), keep, "Not saved");
  });

  return {
    show: display,
    open(one) {
      byId("keep-box").open = true;
      which.value = one.key;
      display();
      (one.saved ? name : token).focus();
    },
  };
}
