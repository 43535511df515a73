// Questions whose answers may be expensive are asked less often.

/** A question waits this many times as long as its last answer took: a server that needs long has much to do. */
export const SHARE = 4;

/**
 * A question that is not asked again until as long has passed as its last answer took, `SHARE` times. Until then the last
 * answer stands, or the last refusal. Another question is asked at once.
 *
 * @param {function(object): object} what what the answer depends on, for JSON
 * @param {function(object): Promise} ask
 * @param {function(): number} now milliseconds, of a clock that is never set
 */
export function patient(what, ask, now = () => performance.now()) {
  let last = { what: null, answer: null, until: 0 };
  return (choice) => {
    const wanted = JSON.stringify(what(choice));
    const began = now();
    if (wanted === last.what && began < last.until) return last.answer;
    const asked = { what: wanted, answer: ask(choice), until: Infinity };
    const done = () => {
      asked.until = now() + SHARE * (now() - began);
    };
    asked.answer.then(done, done);
    last = asked;
    return asked.answer;
  };
}
