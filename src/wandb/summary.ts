import type { MetricRecord } from './record.ts';

/** The latest, least, greatest and best values of a run's metrics, as W&B keeps them beside its history. */
export class MetricSummary {
  readonly #definitions = new Map<string, MetricRecord>();
  readonly #values = new Map<string, unknown>();

  define(definition: MetricRecord): void {
    this.#definitions.set(definition.name, definition);
  }

  /** Takes one row of the history. */
  take(row: Readonly<Record<string, unknown>>): void {
    for (const [name, value] of Object.entries(row)) this.#values.set(name, this.#merged(name, value));
  }

  set(name: string, value: unknown): void {
    this.#values.set(name, value);
  }

  get entries(): [name: string, value: unknown][] {
    return [...this.#values];
  }

  #merged(name: string, value: unknown): unknown {
    const { summary, goal } = this.#definitions.get(name) ?? {};
    if (!summary || typeof value !== 'number') return value;
    const known = (this.#values.get(name) ?? {}) as Readonly<Record<string, number>>;
    const better = goal === 2 ? Math.max : Math.min;
    return {
      ...(summary.min && { min: extreme(Math.min, known.min, value) }),
      ...(summary.max && { max: extreme(Math.max, known.max, value) }),
      ...(summary.best && { best: extreme(better, known.best, value) }),
      ...(summary.last && { last: value }),
    };
  }
}

/** What is not a number is never the best of several. */
function extreme(choose: (a: number, b: number) => number, known: number | undefined, value: number): number {
  if (known === undefined || Number.isNaN(known)) return value;
  return Number.isNaN(value) ? known : choose(known, value);
}
