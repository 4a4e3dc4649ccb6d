import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';

/** What the controller goes by of a sweep that the server holds. */
export interface ControlledSweep {
  readonly id: string;
  /** JSON; what is no grid is refused. */
  readonly config: string;
}

/** A run of a sweep: its configuration as sent, each value wrapped. */
export interface ControlledRun {
  readonly sweep: string | undefined;
  readonly config: Readonly<Record<string, unknown>>;
}

/** What an agent is told to do. */
export type AgentCommand =
  | { readonly type: 'run'; readonly run_id: string; readonly program: string; readonly args: WrappedValues }
  | { readonly type: 'exit' };

type WrappedValues = Readonly<Record<string, { readonly value: unknown }>>;

/** A point of the grid: for the path of each parameter its value. */
type Point = readonly (readonly [path: readonly string[], value: unknown])[];

const values = z.strictObject({ values: z.array(z.unknown()).min(1) });
type Parameters = { [name: string]: z.output<typeof values> | { parameters: Parameters } };
const parameters: z.ZodType<Parameters> = z.record(
  z.string(),
  z.union([values, z.strictObject({ parameters: z.lazy(() => parameters) })]),
);
const gridConfig = z.looseObject({ method: z.literal('grid'), program: z.string(), parameters });

/**
 * Hands the points of sweeps out to agents, as W&B's own engine (https://github.com/wandb/sweeps) draws them: parameters by
 * their names, the last one fastest, and none that a run of the sweep has. Nested parameters reach the agent as one object,
 * of which the outermost name alone is wrapped.
 */
export class SweepController {
  readonly #sweepOf: (id: string) => ControlledSweep | undefined;
  readonly #runs: () => Iterable<ControlledRun>;
  /** The sweep of each agent. */
  readonly #agents = new Map<string, string>();
  readonly #handedOut = new Map<string, { readonly sweep: string; readonly point: Point }>();

  constructor(sweepOf: (id: string) => ControlledSweep | undefined, runs: () => Iterable<ControlledRun>) {
    this.#sweepOf = sweepOf;
    this.#runs = runs;
  }

  /** The ids of the runs that agents were told to start, in this order. */
  get runIds(): readonly string[] {
    return [...this.#handedOut.keys()];
  }

  /** Registers an agent; gives its id, or nothing if there is no such sweep. */
  createAgent(sweep: string): string | undefined {
    if (!this.#sweepOf(sweep)) return undefined;
    const id = `agent${this.#agents.size}`;
    this.#agents.set(id, sweep);
    return id;
  }

  /** @param running whether each run of the agent is at work; undefined is given for an agent that nobody knows */
  heartbeat(agent: string, running: Readonly<Record<string, boolean>>): AgentCommand[] | undefined {
    const sweep = this.#sweepOf(this.#agents.get(agent) ?? '');
    if (!sweep) return undefined;
    if (Object.values(running).some(Boolean)) return [];
    const { program, parameters: grid } = gridConfig.parse(JSON.parse(sweep.config));
    const point = pointsOf(grid).find((candidate) => !this.#isTaken(sweep.id, candidate));
    if (!point) return [{ type: 'exit' }];
    const id = `point${this.#handedOut.size}`;
    this.#handedOut.set(id, { sweep: sweep.id, point });
    return [{ type: 'run', run_id: id, program, args: argumentsOf(point) }];
  }

  #isTaken(sweep: string, point: Point): boolean {
    const handedOut = [...this.#handedOut.values()].some(
      (other) => other.sweep === sweep && isDeepStrictEqual(other.point, point),
    );
    return handedOut || [...this.#runs()].some((run) => run.sweep === sweep && isAt(run, point));
  }
}

function pointsOf(grid: Parameters): Point[] {
  return leavesOf(grid).reduce<Point[]>(
    (points, { path, values: tried }) =>
      points.flatMap((point) => tried.map((value) => [...point, [path, value] as const])),
    [[]],
  );
}

function leavesOf(grid: Parameters, above: readonly string[] = []): { path: readonly string[]; values: unknown[] }[] {
  return Object.entries(grid)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([name, parameter]) => {
      const path = [...above, name];
      return 'parameters' in parameter ? leavesOf(parameter.parameters, path) : [{ path, values: parameter.values }];
    });
}

function argumentsOf(point: Point): WrappedValues {
  const nested: Record<string, unknown> = {};
  for (const [path, value] of point) {
    let object = nested;
    for (const name of path.slice(0, -1)) {
      const inner = (object[name] ?? {}) as Record<string, unknown>;
      object[name] = inner;
      object = inner;
    }
    object[path.at(-1) ?? ''] = value;
  }
  return Object.fromEntries(Object.entries(nested).map(([name, value]) => [name, { value }]));
}

function isAt({ config }: ControlledRun, point: Point): boolean {
  return point.every(([[name = '', ...below], value]) => {
    const at = [name, 'value', ...below].reduce<unknown>((object, key) => Object(object)[key], config);
    return isDeepStrictEqual(at, value);
  });
}
