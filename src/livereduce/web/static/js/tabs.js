// The products of a run as tabs, or side by side: a choice that the browser keeps.

import { byId, element, keep, put, show } from "./dom.js";

const KEPT = "livereduce.layout";

/** "tabs" or "grid", as this browser was last told. */
export function keptLayout() {
  try {
    return localStorage.getItem(KEPT) === "grid" ? "grid" : "tabs";
  } catch {
    return "tabs"; // a browser that keeps nothing
  }
}

export function keepLayout(layout) {
  try {
    localStorage.setItem(KEPT, layout);
  } catch {
    // the choice lasts as long as the page
  }
}

/** Call `open` with the name of the product whose tab was chosen. */
export function onTab(open) {
  const list = byId("tabs");
  list.addEventListener("click", (event) => {
    const tab = event.target.closest("[role=tab]");
    if (tab) open(tab.dataset.key);
  });
  list.addEventListener("keydown", (event) => {
    const tabs = [...list.children];
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const at = { Home: 0, End: tabs.length - 1 }[event.key] ?? tabs.indexOf(document.activeElement) + (step ?? 0);
    if (step === undefined && event.key !== "Home" && event.key !== "End") return;
    const next = tabs[(at + tabs.length) % tabs.length];
    event.preventDefault();
    next?.focus();
    next?.click();
  });
}

/** Show a tab for each product; none for a single one. */
export function showTabs(products, name, visible) {
  const list = byId("tabs");
  show(list, visible && products.length > 1);
  keep(list, products, (one) => one.name, () => element("button", {
    type: "button", role: "tab", "aria-controls": "shown",
  }), (tab, one) => {
    const chosen = one.name === name;
    put(tab, one.name);
    tab.setAttribute("aria-selected", String(chosen));
    tab.tabIndex = chosen ? 0 : -1;
  });
}
