// What a pointer or a key does to the shape that is being drawn. Pure; the coordinates are those of the projection.

/** Nothing is being drawn, with no tool. */
export const IDLE = Object.freeze({ tool: "", points: null });

/**
 * One step of drawing.
 *
 * @param {{tool: string, points: number[][]|null}} state
 * @param {{what: string, at?: number[], tool?: string}} fact `what`: choose, down, move, up, cancel
 * @returns {{state: object, drawn: object|null}} `drawn` is a shape that is complete
 */
export function step(state, { what, at, tool }) {
  if (what === "choose") return still({ tool, points: null });
  if (what === "cancel" || !state.tool) return still({ ...state, points: null });
  if (what === "down") return still({ ...state, points: [at, at] });
  if (!state.points) return still(state);
  const points = state.tool === "lasso" ? [...state.points, at] : [state.points[0], at];
  if (what === "move") return still({ ...state, points });
  return { state: { ...state, points: null }, drawn: { kind: state.tool, points } };
}

const still = (state) => ({ state, drawn: null });
