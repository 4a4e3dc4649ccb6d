import { z } from 'zod';
import { UserError } from '../errors.ts';
import { parseJson } from '../parseJson.ts';
import { axesOf } from './axes.ts';
import type { Experiment } from './experiment.ts';
import type { Override } from './overrides.ts';
import { type PlanOverrides, planExperiment } from './plan.ts';

/** An experiment of which one point and one seed are left. */
export interface AgentExperiment {
  readonly experiment: Experiment;
  readonly overrides: PlanOverrides;
}

const argumentsSchema = z.looseObject({ seed: z.int().min(0).optional() });

/**
 * The experiment as one run of `wandb agent` has it. Its axes stay the same ones in the same order, so that the runs of
 * all agents belong to one comparison.
 *
 * @param set what the command line changes; the agent goes before it
 * @param text the arguments as the agent passes them by `${args_json}`: settings as nested objects or by dotted paths, and
 * `seed`. An axis is taken as a whole, even if its value is an object.
 * @throws UserError AGENT_ARGUMENTS_INVALID, AGENT_NOT_ONE_POINT, and what planExperiment throws
 */
export function agentExperiment(experiment: Experiment, set: readonly Override[], text: string): AgentExperiment {
  const plan = planExperiment(experiment, { set });
  const axes = axesOf(plan);
  const { seed = plan.seeds[0] ?? 1, ...given } = parseArguments(text);
  const values = new Map(settingsIn(given, axes));
  const open = [...axes].filter(([path, tried]) => tried.length > 1 && !values.has(path)).map(([path]) => path);
  if (open.length > 0) {
    throw new UserError({
      code: 'AGENT_NOT_ONE_POINT',
      given: `--agent ${text}, which leaves several values of ${open.join(', ')}`,
      expected: 'arguments for one point of the grid',
      remedy: 'Make these parameters of the W&B sweep too, or fix them with --set.',
    });
  }
  const fixed = [...values].map(([path, value]) => [path, [value]]);
  const grid = { ...Object.fromEntries(axes), ...Object.fromEntries(fixed) } as NonNullable<Experiment['grid']>;
  return {
    experiment: { ...experiment, grid },
    overrides: { set: set.filter(({ path }) => !Object.hasOwn(grid, path)), seeds: [seed] },
  };
}

function parseArguments(text: string): z.output<typeof argumentsSchema> {
  const parsed = argumentsSchema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw new UserError({
    code: 'AGENT_ARGUMENTS_INVALID',
    given: `--agent ${text}`,
    expected: 'a JSON object with settings by their paths, and a whole number from 0 on as seed',
    remedy: 'End the command in the configuration of the W&B sweep with "--agent" and its args_json.',
  });
}

function settingsIn(
  values: Readonly<Record<string, unknown>>,
  axes: ReadonlyMap<string, unknown>,
  prefix = '',
): [path: string, value: unknown][] {
  return Object.entries(values).flatMap(([name, value]) => {
    const path = prefix + name;
    const isNested = typeof value === 'object' && value !== null && !Array.isArray(value) && !axes.has(path);
    if (isNested) return settingsIn(value as Readonly<Record<string, unknown>>, axes, `${path}.`);
    return [[path, value] as [string, unknown]];
  });
}
