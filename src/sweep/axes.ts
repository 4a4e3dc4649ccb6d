import type { Plan } from './plan.ts';

/** The axes of a plan in their order, with the values that its points have there. */
export function axesOf({ points }: Pick<Plan, 'points'>): Map<string, unknown[]> {
  const paths = new Set(points.flatMap(({ axes }) => Object.keys(axes)));
  return new Map(
    [...paths].map((path) => {
      const values = new Map(points.map(({ axes }) => [JSON.stringify(axes[path]), axes[path]]));
      return [path, [...values.values()]];
    }),
  );
}
