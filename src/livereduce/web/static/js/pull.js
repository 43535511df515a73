// When to ask: at once if nothing is under way, never twice at a time, never more often than `gap_ms`, and once more
// if something changed meanwhile. However many events come, the server and the browser have one request each; and
// nobody asks for what nobody sees: a page in the background, a panel further down.

/**
 * A function that runs `work` (async) in that way.
 *
 * @param {{gap_ms?: number, failed?: function(Error), panel?: Element}} how `failed` takes what `work` throws; with a
 *   `panel` the work waits until that is on the screen
 */
export function pulling(work, { gap_ms = 0, failed = () => {}, panel = null } = {}) {
  let busy = false;
  let wanted = false;
  let last = -Infinity;
  let timer = 0;
  let seen = panel === null;

  async function run() {
    timer = 0;
    busy = true;
    wanted = false;
    last = performance.now();
    try {
      await work();
    } catch (error) {
      failed(error);
    }
    busy = false;
    if (wanted) soon();
  }

  function soon() {
    wanted = true;
    if (busy || timer || !seen || document.hidden) return;
    timer = setTimeout(run, Math.max(0, last + gap_ms - performance.now()));
  }

  document.addEventListener("visibilitychange", () => wanted && soon());
  if (panel) {
    new IntersectionObserver((entries) => {
      seen = entries.at(-1).isIntersecting;
      if (wanted) soon();
    }, { rootMargin: "200px" }).observe(panel);
  }
  return soon;
}
