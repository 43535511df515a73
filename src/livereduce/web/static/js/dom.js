// DOM helpers. Data reach the page only as text: nothing here or elsewhere sets innerHTML.

/** The element with an id; if the page's HTML does not have it, that is our bug. */
export function byId(id) {
  const node = document.getElementById(id);
  if (!node) throw new Error(`the page has no element #${id}`);
  return node;
}

/** A new element with attributes and children (nodes or texts). */
export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

/** Set a text; an unchanged text is not touched, so that selections and screen readers are not disturbed. */
export function put(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export function show(node, visible) {
  if (node.hidden === visible) node.hidden = !visible;
}

/**
 * Keep `list`'s children in step with `items`: one child for each key, made once, updated always, in their order.
 * Where two items have one key, each has a child of its own all the same, and nothing stays that has no item.
 */
export function keep(list, items, keyOf, make, update) {
  const old = new Map([...list.children].map((child) => [child.dataset.key, child]));
  const used = new Set();
  items.forEach((item, place) => {
    const key = String(keyOf(item));
    let child = old.get(key);
    if (!child) {
      child = make(item);
      child.dataset.key = key;
    }
    old.delete(key);
    if (list.children[place] !== child) list.insertBefore(child, list.children[place] ?? null);
    used.add(child);
    update(child, item);
  });
  for (const child of [...list.children]) if (!used.has(child)) child.remove();
}

/** Options of a select, `[[value, text], …]`, keeping the choice if it still exists. */
export function options(select, pairs, chosen) {
  keep(select, pairs, ([value]) => value, ([value]) => element("option", { value }), (node, [, text]) => put(node, text));
  if (select.value !== chosen) select.value = chosen;
}

/** Announce a text to screen readers. */
export function announce(text) {
  put(byId("said"), text);
}
