import { z } from 'zod';
import { didYouMean } from '../didYouMean.ts';
import type { Precision } from '../engine/engine.ts';
import { type Problem, throwIfAny } from '../errors.ts';
import { type Experiment, type Settings, settingsSchema } from './experiment.ts';
import type { Override } from './overrides.ts';

/** One point of the grid: its place on each axis, and the settings that follow. */
export interface GridPoint {
  readonly axes: Readonly<Record<string, unknown>>;
  readonly settings: Settings;
}

/** A resolved experiment. */
export interface Plan {
  readonly name: string;
  readonly points: readonly GridPoint[];
  readonly seeds: readonly number[];
  /** Metrics that the table shows; empty: the usual ones. */
  readonly columns: readonly string[];
}

/** What the command line changes in an experiment. */
export interface PlanOverrides {
  readonly set?: readonly Override[];
  readonly seeds?: readonly number[];
  /** What the precision `auto` is here. Default float32. */
  readonly autoPrecision?: Precision;
}

const frameSchema = z.looseObject({
  name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'letters, digits, ".", "_" and "-" only'),
  grid: z.record(z.string(), z.array(z.unknown()).min(1, 'at least one value')).default({}),
  seeds: z
    .array(z.int().min(0))
    .min(1, 'at least one seed')
    .refine((seeds) => new Set(seeds).size === seeds.length, 'each seed once')
    .default([1, 2, 3]),
  columns: z.array(z.string().min(1)).default([]),
});

/**
 * Turns an experiment and the command line's overrides into grid points with complete settings.
 *
 * A list given to `--set` becomes an axis, unless the setting is itself a list. The points run through the last axis
 * fastest. Every problem of every point is reported, each once.
 *
 * @throws UserError EXPERIMENT_INVALID, EXPERIMENT_UNKNOWN_SETTING, EXPERIMENT_DUPLICATE_VALUE, EXPERIMENT_AXIS_CONFLICT
 */
export function planExperiment(experiment: Experiment, overrides: PlanOverrides = {}): Plan {
  const frame = frameSchema.safeParse(experiment);
  if (!frame.success) throwIfAny(problemsOf(frame.error, experiment));
  const { name, grid: ownGrid, seeds: ownSeeds, columns, ...base } = frame.data as z.output<typeof frameSchema>;

  const problems = new Map<string, Problem>();
  const report = (problem: Problem) => problems.set(`${problem.code} ${problem.given}`, problem);
  const grid = new Map<string, readonly unknown[]>(Object.entries(ownGrid));
  let settings: unknown = base;
  for (const { path, value } of overrides.set ?? []) {
    if (Array.isArray(value) && !isListSetting(settings, path)) {
      grid.set(path, value);
    } else {
      grid.delete(path);
      settings = withSetting(settings, path, value);
    }
  }
  const axes = [...grid.keys()];
  const fixed = (overrides.set ?? []).map(({ path }) => path).filter((path) => !grid.has(path));
  // Axes are applied in their order, after all single settings.
  const order = [...fixed, ...axes];
  for (const [i, path] of order.entries()) {
    const whole = order.slice(i).find((later) => grid.has(later) && path.startsWith(`${later}.`));
    if (whole === undefined) continue;
    report({
      code: 'EXPERIMENT_AXIS_CONFLICT',
      given: `${path} and the axis ${whole}`,
      expected: `no setting inside ${whole}, since the axis would replace it`,
      remedy: `Change ${whole} as a whole, or its values in the experiment file.`,
    });
  }
  for (const [path, values] of grid) {
    if (new Set(values.map((v) => JSON.stringify(v))).size !== values.length) {
      report({
        code: 'EXPERIMENT_DUPLICATE_VALUE',
        given: `${path} = ${JSON.stringify(values)}`,
        expected: 'each value of an axis once',
        remedy: 'Remove the repeated values.',
      });
    }
  }
  const points: GridPoint[] = [];
  for (const place of combinations([...grid])) {
    let candidate = settings;
    for (const [path, value] of Object.entries(place)) candidate = withSetting(candidate, path, value);
    const parsed = settingsSchema.safeParse(candidate);
    if (parsed.success) {
      const { precision } = parsed.data;
      const resolved = precision === 'auto' ? (overrides.autoPrecision ?? 'float32') : precision;
      points.push({ axes: place, settings: { ...parsed.data, precision: resolved } });
    } else for (const problem of problemsOf(parsed.error, candidate)) report(problem);
  }
  throwIfAny([...problems.values()]);
  return { name, points, seeds: overrides.seeds ?? ownSeeds, columns };
}

function combinations(grid: readonly (readonly [string, readonly unknown[]])[]): Record<string, unknown>[] {
  return grid.reduce<Record<string, unknown>[]>(
    (points, [path, values]) => points.flatMap((point) => values.map((value) => ({ ...point, [path]: value }))),
    [{}],
  );
}

/** A copy of `settings` in which the setting at the dotted path has the value. */
function withSetting(settings: unknown, path: string, value: unknown): unknown {
  const [head = '', ...rest] = path.split('.');
  const object = isObject(settings) ? settings : {};
  return { ...object, [head]: rest.length === 0 ? value : withSetting(object[head], rest.join('.'), value) };
}

/** The setting at the dotted path, or undefined. */
function settingAt(settings: unknown, path: string): unknown {
  const inner = (at: unknown, key: string): unknown =>
    Array.isArray(at) ? at[Number(key)] : isObject(at) ? at[key] : undefined;
  return path.split('.').reduce(inner, settings);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether the setting is itself a list, such as `data.exclude`: the schema takes a list there, if perhaps no empty one. */
function isListSetting(settings: unknown, path: string): boolean {
  const parsed = settingsSchema.safeParse(withSetting(settings, path, []));
  if (parsed.success) return true;
  return !parsed.error.issues.some(
    (issue) => (issue.path.join('.') === path && issue.code !== 'too_small') || isUnknown(issue, path),
  );
}

function isUnknown(issue: z.core.$ZodIssue, path: string): boolean {
  return (
    issue.code === 'unrecognized_keys' && issue.keys.some((key) => path.startsWith([...issue.path, key].join('.')))
  );
}

/** The user's problems behind a schema's error: one an issue, with the path and the value that was given. */
function problemsOf(error: z.ZodError, input: unknown): Problem[] {
  return error.issues.flatMap((issue): Problem[] => {
    const path = issue.path.join('.');
    if (issue.code === 'unrecognized_keys') {
      const known = knownKeys(issue.path.map(String));
      return issue.keys.map((key) => ({
        code: 'EXPERIMENT_UNKNOWN_SETTING',
        given: [...issue.path, key].join('.'),
        expected: known.length > 0 ? `one of ${known.join(', ')}` : 'no such setting',
        remedy: `Remove or rename it.${didYouMean(key, known)}`,
      }));
    }
    if (issue.code === 'invalid_union' && issue.errors.length > 0) {
      return [
        {
          code: 'EXPERIMENT_INVALID',
          given: `${path} = ${show(settingAt(input, path))}`,
          expected: [...new Set(issue.errors.flat().map((inner) => inner.message))].join(' or '),
          remedy: 'Correct it in the experiment file or on the command line.',
        },
      ];
    }
    const given = settingAt(input, path);
    return [
      {
        code: 'EXPERIMENT_INVALID',
        given: given === undefined ? `no ${path}` : `${path} = ${show(given)}`,
        expected: issue.message.replace(/^Invalid (input|option): expected /, '').replace(/, received .*$/, ''),
        remedy: 'Correct it in the experiment file or on the command line.',
      },
    ];
  });
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}

/** The settings that the schema knows under a path, read from its JSON Schema. */
function knownKeys(path: readonly string[]): string[] {
  type Node = { properties?: Record<string, Node>; anyOf?: Node[]; oneOf?: Node[]; allOf?: Node[] };
  const branches = (node: Node): Node[] => [
    node,
    ...[node.anyOf, node.oneOf, node.allOf].flatMap((list) => (list ?? []).flatMap(branches)),
  ];
  let nodes = branches(z.toJSONSchema(settingsSchema, { io: 'input' }) as Node);
  for (const key of path) {
    nodes = nodes.flatMap((node) => {
      const inner = node.properties?.[key];
      return inner ? branches(inner) : [];
    });
  }
  return [...new Set(nodes.flatMap((node) => Object.keys(node.properties ?? {})))];
}
