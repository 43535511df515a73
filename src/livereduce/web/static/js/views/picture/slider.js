// A range of times of flight by a slider with two handles, in the steps in which the server has counted.

import { choices, choose } from "../../address.js";
import { byId, put, show } from "../../dom.js";

/** The range in the address, in microseconds; null for all times. */
function chosen() {
  const [low, high] = (choices().tof ?? "").split(",").map(Number);
  return low >= 0 && high > low ? [low, high] : null;
}

/**
 * Set up the slider.
 *
 * @param {function()} changed called at each move of a handle
 * @returns {{range: function(), update: function(object)}} `update` takes the server's answer
 */
export function tofSlider(changed) {
  const [low, high] = [byId("tof-low"), byId("tof-high")];
  let moving = null; // what the handles say before they are let go: the address need not follow each step
  let ends = [0, 0];
  let step_us = 1;

  const at = (handle) => ends[0] + Number(handle.value) * step_us;
  const whole = () => Number(low.value) === 0 && high.value === high.max;

  function moved(handle) {
    if (Number(low.value) >= Number(high.value)) { // the handle that is moved stops before the other one
      handle.value = String(handle === low ? Number(high.value) - 1 : Number(low.value) + 1);
    }
    moving = whole() ? "all" : [at(low), Math.min(at(high), ends[1])];
    tell(moving === "all" ? ends : moving);
    changed();
  }

  function letGo() {
    choose({ tof: moving === "all" || !moving ? "" : moving.map((value) => Number(value.toFixed(3))).join(",") });
    moving = null;
    changed();
  }

  function tell([from, to]) {
    const text = `${round(from)} to ${round(to)} µs`;
    put(byId("tof-text"), text);
    low.setAttribute("aria-valuetext", `from ${round(from)} µs`);
    high.setAttribute("aria-valuetext", `to ${round(to)} µs`);
    const [first, last] = [low, high].map((handle) => (100 * Number(handle.value)) / Math.max(1, Number(high.max)));
    byId("tof").style.setProperty("--from", `${first}%`);
    byId("tof").style.setProperty("--to", `${last}%`);
  }

  for (const handle of [low, high]) {
    handle.addEventListener("input", () => moved(handle));
    handle.addEventListener("change", letGo);
  }
  byId("tof-all").addEventListener("click", () => {
    moving = null;
    choose({ tof: "" });
    changed();
  });

  return {
    range: () => (moving === "all" ? null : (moving ?? chosen())),
    update({ tof_range_us: used, tof_limits_us: limits = used, tof_step_us }) {
      ends = limits;
      step_us = tof_step_us > 0 ? tof_step_us : Math.max(1e-9, limits[1] - limits[0]);
      const steps = Math.max(1, Math.ceil((limits[1] - limits[0]) / step_us - 1e-6));
      show(byId("tof"), steps > 1);
      for (const handle of [low, high]) Object.assign(handle, { min: "0", max: String(steps), step: "1" });
      const narrowed = chosen() !== null || moving !== null;
      show(byId("tof-all"), narrowed);
      show(byId("with-tof-label"), narrowed);
      if (moving) return;
      const [from, to] = chosen() ?? ends; // the answer may be that to an older question
      low.value = String(Math.floor((from - ends[0]) / step_us + 1e-6));
      high.value = String(Math.ceil((to - ends[0]) / step_us - 1e-6));
      tell([at(low), Math.min(at(high), ends[1])]);
    },
  };
}

const round = (value) => String(Number(value.toPrecision(6)));
