import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { UserError } from '../errors.ts';
import { parseJson } from '../parseJson.ts';
import { gainMetric } from '../report/metrics.ts';
import { axesOf } from '../sweep/axes.ts';
import type { Plan } from '../sweep/plan.ts';
import { asWriteError } from '../sweep/writeErrors.ts';
import type { SweepAddress, SweepFields } from './api.ts';
import { Connection } from './connection.ts';
import type { WandbSettings } from './settings.ts';

/** Milliseconds that the server has to take a sweep up. */
const deadline = 15_000;

/** The sweep of an experiment on the server, kept beside its runs so that the same command goes on with it. */
const stateSchema = z.object({
  baseUrl: z.string(),
  entity: z.string(),
  project: z.string(),
  id: z.string(),
  name: z.string(),
});

/** How `yarn sweep` is told to run a point of a sweep. */
export interface AgentCommand {
  /** The experiment's. */
  readonly file: string;
  /** What else the command line says of the experiment. */
  readonly words: readonly string[];
}

/**
 * A sweep's configuration as W&B has it: the axes and seeds as a grid, under the paths that the runs' configurations have,
 * and the command by which `wandb agent` runs a point of it here.
 */
export function sweepConfig(plan: Plan, { file, words }: AgentCommand): Record<string, unknown> {
  const parameters: Parameters = {};
  for (const [path, values] of axesOf(plan)) put(parameters, path.split('.'), values);
  put(parameters, ['seed'], plan.seeds);
  return {
    name: plan.name,
    method: 'grid',
    metric: { name: gainMetric.replaceAll('.', '/'), goal: 'maximize' },
    parameters,
    program: file,
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the agent fills these in
    command: ['${env}', 'yarn', 'sweep', '${program}', ...words, '--agent', '${args_json}'],
  };
}

interface Parameters {
  [name: string]: { values: readonly unknown[] } | { parameters: Parameters };
}

function put(parameters: Parameters, [name = '', ...below]: readonly string[], values: readonly unknown[]): void {
  if (below.length === 0) {
    parameters[name] = { values };
    return;
  }
  const known = parameters[name];
  const inner = known && 'parameters' in known ? known.parameters : {};
  parameters[name] = { parameters: inner };
  put(inner, below, values);
}

/**
 * Creates the sweep of an experiment on the server, or brings it up to date; gives where it is. If the server will not
 * have the earlier one any more, there is a new one.
 *
 * @param folder the folder `wandb` of the experiment
 * @throws UserError WANDB_UNREACHABLE, WANDB_REFUSED, WANDB_NOT_TAKEN, RESULTS_NOT_WRITABLE, DISK_FULL
 */
export async function upsertSweep(
  settings: WandbSettings,
  plan: Plan,
  command: AgentCommand,
  folder: string,
): Promise<SweepAddress> {
  const { baseUrl, entity, project } = settings;
  const fields = {
    ...(entity !== undefined && { entity }),
    project,
    displayName: plan.name,
    config: jsonAsYaml(sweepConfig(plan, command)),
  };
  const known = readState(folder, plan.name);
  const isSame = known?.baseUrl === baseUrl && known.project === project && [known.entity, undefined].includes(entity);
  const sweep = await createOrChange(settings, fields, isSame ? known.id : undefined);
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(statePath(folder, plan.name), JSON.stringify({ baseUrl, project, ...sweep }));
  } catch (error) {
    throw asWriteError(error, folder);
  }
  return sweep;
}

async function createOrChange(
  settings: WandbSettings,
  fields: SweepFields,
  id: string | undefined,
): Promise<SweepAddress> {
  const api = new Connection(settings).api(deadline);
  if (id === undefined) return api.upsertSweep(fields);
  try {
    return await api.upsertSweep({ ...fields, id });
  } catch (error) {
    const isGone = error instanceof UserError && error.problems.some(({ code }) => code === 'WANDB_NOT_TAKEN');
    if (!isGone) throw error;
    return api.upsertSweep(fields);
  }
}

/** JSON that YAML 1.1, as which W&B reads it, takes for the same: there `1e-7` would be a text. */
function jsonAsYaml(value: unknown): string {
  return JSON.stringify(value).replace(/"(?:[^"\\]|\\.)*"|-?\d[\d.]*e[+-]\d+/g, (token) =>
    token.startsWith('"') || token.includes('.') ? token : token.replace('e', '.0e'),
  );
}

function readState(folder: string, experiment: string): z.output<typeof stateSchema> | undefined {
  const path = statePath(folder, experiment);
  // If it was cut off while it was written, the sweep begins anew.
  return existsSync(path) ? stateSchema.safeParse(parseJson(readFileSync(path, 'utf8'))).data : undefined;
}

/** With the experiment's name, since several share a folder that `WANDB_DIR` names. */
function statePath(folder: string, experiment: string): string {
  return join(folder, `${experiment}.sweep.json`);
}
