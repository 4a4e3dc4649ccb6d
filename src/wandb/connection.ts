import { UserError } from '../errors.ts';
import { type Patience, type RunAddress, WandbApi } from './api.ts';
import { Relay } from './relay.ts';
import type { WandbSettings } from './settings.ts';

/** When it could not be reached the server is left alone for so many milliseconds. */
const pause = 20_000;

/** While a sweep runs: what comes late is uploaded at its end. */
const livePatience: Patience = { retries: 3, requestTimeout: 10_000 };

/** Where a server shows the runs of a project. */
export function projectUrl(baseUrl: string, entity: string, project: string): string {
  const shown = baseUrl.replace('://api.wandb.', '://wandb.');
  return `${shown}/${encodeURIComponent(entity)}/${encodeURIComponent(project)}`;
}

/** The server as all runs of a sweep see it: when one of them cannot reach it, the others do not wait for it too. */
export class Connection {
  readonly settings: WandbSettings;
  readonly #patience: Patience;
  readonly #stopped = new AbortController();
  #relay: Promise<Relay> | undefined;
  #failedAt = Number.NEGATIVE_INFINITY;
  #refused = false;
  #reason: string | undefined;
  #remedy = '';
  #url: string | undefined;

  constructor(settings: WandbSettings, patience = livePatience) {
    this.settings = settings;
    this.#patience = patience;
  }

  /** What failed last, in words. */
  get reason(): string | undefined {
    return this.#reason;
  }

  /** What can be done about it. */
  get remedy(): string {
    return this.#remedy;
  }

  /** Where the server shows the runs; known when it has taken the first one. */
  get url(): string | undefined {
    return this.#url;
  }

  /** For @wandb/sdk. */
  relay(): Promise<Relay> {
    this.#relay ??= Relay.start(this.settings, this.#patience);
    return this.#relay;
  }

  /** @param deadline milliseconds from now, for everything that is done by it; default none */
  api(deadline?: number): WandbApi {
    const signals = [this.#stopped.signal, ...(deadline === undefined ? [] : [AbortSignal.timeout(deadline)])];
    return new WandbApi(this.settings, { ...this.#patience, signal: AbortSignal.any(signals) });
  }

  /**
   * Does something with the server. What fails is kept as the reason. If the server could not be reached, no more is tried
   * for a while; if it refuses the key, never again.
   */
  async attempt(work: () => Promise<void>): Promise<void> {
    if (this.#refused || this.#stopped.signal.aborted || performance.now() - this.#failedAt < pause) return;
    try {
      await work();
    } catch (error) {
      const problem = error instanceof UserError ? error.problems[0] : undefined;
      if (problem?.code === 'WANDB_UNREACHABLE') this.#failedAt = performance.now();
      this.#refused ||= problem?.code === 'WANDB_REFUSED';
      this.#reason = problem ? problem.given : String(error);
      this.#remedy = problem?.remedy ?? '';
    }
  }

  /** Lets the next attempt be made at once. */
  reopen(): void {
    this.#failedAt = Number.NEGATIVE_INFINITY;
  }

  /** Notes where a run has been taken. */
  took({ entity, project }: RunAddress): void {
    this.#url = projectUrl(this.settings.baseUrl, entity, project);
  }

  /** Breaks off what is under way. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    (await this.#relay?.catch(() => undefined))?.stop();
  }
}
