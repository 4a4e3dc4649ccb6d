import type { Completion } from './completion.ts';
import { type StageName, stageNames } from './stages/stage.ts';

/** Counts by name, listed in the order of the names. */
export class Counts {
  readonly #counts = new Map<string, number>();

  add(name: string, times = 1): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + times);
  }

  get total(): number {
    return [...this.#counts.values()].reduce((sum, n) => sum + n, 0);
  }

  toRecord(): Record<string, number> {
    return Object.fromEntries([...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}

/** What a stage has come to. */
export interface StageTally {
  questions: number;
  answered: number;
  /** Of the answered ones, those that were asked twice. */
  repaired: number;
  readonly rejected: Counts;
}

/**
 * Counts what a synthesis has used, calls of earlier runs included, so that it does not depend on how often it was
 * interrupted. The order in which calls come back does not matter.
 */
export class Tally {
  readonly stages: Readonly<Record<StageName, StageTally>>;
  /** Decisions on utterances by reason: `no label`, `near-duplicate`, `near-duplicate rewriting`, `quota`. */
  readonly rejected = new Counts();
  /** Neutral utterances that were not rated, since their class was full. */
  unrated = 0;
  readonly remapped = new Counts();
  readonly dropped = new Counts();
  readonly unknown = new Counts();
  readonly #usageByCall = new Map<string, Completion['usage']>();

  constructor() {
    const empty = (): StageTally => ({ questions: 0, answered: 0, repaired: 0, rejected: new Counts() });
    this.stages = Object.fromEntries(stageNames.map((name) => [name, empty()])) as Record<StageName, StageTally>;
  }

  /** A call that was used; the same one counts once. */
  addCall(id: string, { usage }: Completion): void {
    this.#usageByCall.set(id, usage);
  }

  /** Different calls and their tokens, as far as the endpoint counts them. */
  get usage(): { calls: number; uncounted: number; promptTokens: number; completionTokens: number } {
    const usages = [...this.#usageByCall.values()];
    return {
      calls: usages.length,
      uncounted: usages.filter((usage) => usage === undefined).length,
      promptTokens: usages.reduce((sum, usage) => sum + (usage?.prompt ?? 0), 0),
      completionTokens: usages.reduce((sum, usage) => sum + (usage?.completion ?? 0), 0),
    };
  }
}
