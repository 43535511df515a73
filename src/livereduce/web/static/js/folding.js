// A text that may be long: it begins with some lines, and a button shows the rest.

import { element, put, show } from "./dom.js";

/**
 * Make a node foldable; it needs an id.
 *
 * @returns {function()} to be called when its text has changed
 */
export function foldable(node) {
  const button = element("button", { type: "button", class: "more", "aria-controls": node.id, "aria-expanded": "false" });
  node.classList.add("folded");
  node.after(button);
  const look = () => {
    const folded = node.classList.contains("folded");
    show(button, !folded || node.scrollHeight > node.clientHeight + 1);
    put(button, folded ? "more" : "less");
  };
  button.addEventListener("click", () => {
    const folded = node.classList.toggle("folded");
    button.setAttribute("aria-expanded", String(!folded));
    look();
  });
  new ResizeObserver(look).observe(node);
  return look;
}
