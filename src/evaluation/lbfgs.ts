import { dot } from './matrix.ts';

/** A function's value and its gradient at a point. */
export type Objective = (point: Float64Array) => Promise<{ readonly value: number; readonly gradient: Float64Array }>;

export interface LbfgsOptions {
  readonly maxIterations: number;
  /** Where no component of the gradient is larger, the point is a minimum. */
  readonly tolerance: number;
}

/** Pairs of steps and changes of the gradient that stand for the curvature. */
const memory = 10;

/** Share of the decrease that the slope promises with which a step is content (Armijo), and of the slope (Wolfe). */
const [sufficient, flatter] = [1e-4, 0.9];

/**
 * The minimum of a smooth convex function by L-BFGS (Nocedal & Wright, Numerical Optimization, algorithms 7.4 and 7.5)
 * with a line search by bisection for the weak Wolfe conditions.
 */
export async function minimise(
  objective: Objective,
  start: Float64Array,
  { maxIterations, tolerance }: LbfgsOptions,
): Promise<Float64Array> {
  let point = start;
  let { value, gradient } = await objective(point);
  if (!Number.isFinite(value)) throw new RangeError(`the function is ${value} at the start`);
  const history: { step: Float64Array; change: Float64Array; curvature: number }[] = [];
  for (let iteration = 0; iteration < maxIterations && largest(gradient) > tolerance; iteration++) {
    const direction = descent(gradient, history);
    const slope = dot(direction, gradient);
    let low = 0;
    let high = Number.POSITIVE_INFINITY;
    // The first direction has no scale yet.
    let length = history.length > 0 ? 1 : Math.min(1, 1 / Math.sqrt(dot(gradient, gradient)));
    for (let tries = 0; ; tries++) {
      const next = point.map((x, i) => x + length * (direction[i] as number));
      const found = await objective(next);
      // So near the minimum that rounding decides.
      if (tries === 30) return found.value < value ? next : point;
      if (!(found.value <= value + sufficient * length * slope)) high = length;
      else if (dot(found.gradient, direction) < flatter * slope) low = length;
      else {
        const step = next.map((x, i) => x - (point[i] as number));
        const change = found.gradient.map((g, i) => g - (gradient[i] as number));
        const curvature = dot(step, change);
        if (curvature > 0) history.push({ step, change, curvature });
        if (history.length > memory) history.shift();
        point = next;
        ({ value, gradient } = found);
        break;
      }
      length = high === Number.POSITIVE_INFINITY ? 2 * low : (low + high) / 2;
    }
  }
  return point;
}

/** The two-loop recursion. */
function descent(
  gradient: Float64Array,
  history: readonly { step: Float64Array; change: Float64Array; curvature: number }[],
): Float64Array {
  const direction = gradient.map((g) => -g);
  const shares: number[] = [];
  for (const { step, change, curvature } of [...history].reverse()) {
    const share = dot(step, direction) / curvature;
    shares.push(share);
    add(direction, change, -share);
  }
  const last = history.at(-1);
  if (last) {
    const scale = last.curvature / dot(last.change, last.change);
    for (let i = 0; i < direction.length; i++) direction[i] = (direction[i] as number) * scale;
  }
  for (const { step, change, curvature } of history) {
    add(direction, step, (shares.pop() as number) - dot(change, direction) / curvature);
  }
  return direction;
}

function add(target: Float64Array, values: Float64Array, factor: number): void {
  for (let i = 0; i < target.length; i++) target[i] = (target[i] as number) + factor * (values[i] as number);
}

function largest(values: Float64Array): number {
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}
