import type { SweepArguments } from './sweepArguments.ts';

/** Whether `wandb agent` needs a flag too, so that it computes cells of the same experiment into the same folder. */
const isCarried: Readonly<Record<Exclude<keyof SweepArguments, 'file'>, boolean>> = {
  ...{ set: true, encoder: true, data: true, tasks: true, precision: true, smoke: true },
  ...{ engine: true, workers: true, out: true, tensorboard: true, wandb: true },
  // A run of the agent is one cell, whose seed W&B says.
  ...{ seeds: false, agent: false, wandbSweep: false, dryRun: false, fresh: false, stopOnFailure: false, json: false },
};

/** What the command of a W&B sweep has of the command line that made the sweep. */
export function agentWords(args: SweepArguments): string[] {
  return Object.entries(isCarried).flatMap(([name, carried]) => {
    const value = args[name as keyof SweepArguments];
    if (!carried || value === undefined || value === false) return [];
    const flag = `--${name}`;
    if (value === true) return [flag];
    return [value].flat().flatMap((word) => [flag, String(word)]);
  });
}
