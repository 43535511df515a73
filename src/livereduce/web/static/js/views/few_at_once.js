// Work on many things, a few at a time.

/**
 * What `work` (async) makes of each item, in their order; at most `most` are at work at any moment.
 *
 * @param {object[]} items
 * @param {number} most
 * @param {function(object): Promise} work
 */
export async function fewAtOnce(items, most, work) {
  const made = new Array(items.length);
  let next = 0;
  async function one() {
    while (next < items.length) {
      const at = next++;
      made[at] = await work(items[at]);
    }
  }
  await Promise.all(items.slice(0, most).map(one));
  return made;
}
