import type { ExperimentFile } from './results.ts';

/** A plan and what an earlier plan of the same experiment has beside it, each point, seed and cell once. */
export function mergeExperiments(earlier: ExperimentFile, plan: ExperimentFile): ExperimentFile {
  return {
    ...plan,
    // What continues it is the sweep's command, not that of one of its agents.
    file: earlier.file,
    command: earlier.command,
    engine: union(earlier.engine, plan.engine, JSON.stringify),
    points: union(earlier.points, plan.points, ({ axes }) => JSON.stringify(axes)),
    seeds: union(earlier.seeds, plan.seeds, String).sort((a, b) => a - b),
    columns: union(earlier.columns, plan.columns, String),
    cells: union(earlier.cells, plan.cells, ({ id }) => id),
  };
}

/** Of two that are alike the later one stays, in the place of the earlier. */
function union<T>(earlier: readonly T[], later: readonly T[], keyOf: (value: T) => string): T[] {
  return [...new Map([...earlier, ...later].map((value) => [keyOf(value), value])).values()];
}
