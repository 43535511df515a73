// Plotly, under a content security policy that allows neither style elements nor style attributes in markup.
//
// Plotly asks for both: d3 sets `style` as an attribute, which the policy blocks, while the same text set through the
// object model is allowed; and a map library in the bundle, which we never use, inserts a style element when it loads.
// Two small detours are worth a policy without exceptions.

import { at } from "./address.js";

const SOURCE = at("static/plotly.min.js");
let loading = null;

/** The `Plotly` object; loaded once. */
export function plotly() {
  loading ??= load();
  return loading;
}

function load() {
  detour();
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = SOURCE;
    script.onload = () => resolve(window.Plotly);
    script.onerror = () => {
      loading = null; // the next drawing tries again
      reject(new Error("plotly cannot be loaded from this server"));
    };
    document.head.append(script);
  });
}

let detoured = false;

function detour() {
  if (detoured) return;
  detoured = true;
  const setAttribute = Element.prototype.setAttribute;
  Element.prototype.setAttribute = function (name, value) {
    if (name === "style" && this.style) this.style.cssText = value;
    else setAttribute.call(this, name, value);
  };
  const append = document.head.appendChild;
  document.head.appendChild = (node) => (node.localName === "style" ? node : append.call(document.head, node));
}
