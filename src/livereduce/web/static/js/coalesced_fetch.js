// Many events, one request: run a fetch at once if none is running, never two at a time, at most every `gap_ms`, and
// once more if an event came meanwhile. Nothing is fetched while nobody sees it (a background tab, a panel off screen).

/**
 * Wrap `work` (async) in a function that can be called as often as you like.
 *
 * @param {{gap_ms?: number, failed?: function(Error), panel?: Element}} how `failed` gets what `work` throws; with a
 *   `panel`, `work` waits until the panel is on screen
 */
export function coalesced(work, { gap_ms = 0, failed = () => {}, panel = null } = {}) {
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
