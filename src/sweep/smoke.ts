import type { DownstreamOptions } from '../evaluation/downstream.ts';
import type { Settings } from './experiment.ts';
import type { Plan } from './plan.ts';

const textsPerSplit = 256;
const steps = 4;

/**
 * The same experiment in seconds: its first and last grid point with the first seed, on a few texts, for a few steps.
 * It goes through everything that the real one goes through and has a results folder of its own; its numbers mean
 * nothing.
 */
export function smokePlan(plan: Plan): Plan {
  const ends = plan.points.filter((_, i) => i === 0 || i === plan.points.length - 1);
  return {
    ...plan,
    name: `${plan.name}-smoke`,
    points: ends.map((point) => ({ ...point, settings: shrink(point.settings) })),
    seeds: plan.seeds.slice(0, 1),
  };
}

function shrink(settings: Settings): Settings {
  const { epochs: _, ...training } = settings.training;
  return {
    ...settings,
    data: { ...settings.data, limit: Math.min(textsPerSplit, settings.data.limit ?? textsPerSplit) },
    evaluation: { ...settings.evaluation, downstream: shrinkDownstream(settings.evaluation.downstream) },
    training: {
      ...training,
      steps,
      validateEvery: training.validateEvery === 0 ? 0 : steps / 2,
      conflictEvery: training.conflictEvery > 0 ? steps / 2 : 0,
    },
  };
}

function shrinkDownstream({ fineTuning, multiTask, fewShot, ...rest }: DownstreamOptions): DownstreamOptions {
  return {
    ...rest,
    fineTuning: fineTuning && { ...fineTuning, epochs: 1 },
    multiTask: multiTask && { ...multiTask, epochs: 1 },
    fewShot: fewShot && { ...fewShot, epochs: 1, draws: 1 },
  };
}
