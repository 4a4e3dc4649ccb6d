import type { Courses, ExperimentItem, Extremes, RunDetail, Sweep, SweepUpdate } from '../wire.ts';

/** What a page that follows a sweep is told. */
export interface SweepListener {
  /** All of it, at first and after the connection was lost. */
  onSweep(sweep: Sweep): void;
  onUpdate(update: SweepUpdate): void;
  /** Whether changes arrive. */
  onConnection(isLive: boolean): void;
  onProblem(problem: string): void;
}

/** Where the page has its numbers from. */
export interface Source {
  experiments(): Promise<readonly ExperimentItem[]>;
  /** Follows a sweep until the function that it gives is called. */
  follow(name: string, listener: SweepListener): () => void;
  courses(name: string, metric: string, runs: readonly string[]): Promise<Courses>;
  /** By run. */
  extremes(name: string, metric: string, runs: readonly string[]): Promise<Readonly<Record<string, Extremes>>>;
  detail(name: string, run: string): Promise<RunDetail>;
}

/** The dashboard's server. */
export const server: Source = {
  experiments: () => get('experiments'),
  follow(name, listener) {
    const path = `experiments/${encodeURIComponent(name)}`;
    const updates = new EventSource(`api/${path}/updates`);
    // What changes while all of it is on its way comes after it.
    let early: SweepUpdate[] | undefined = [];
    updates.addEventListener('open', async () => {
      early = [];
      listener.onConnection(true);
      try {
        listener.onSweep(await get<Sweep>(path));
        for (const update of early) listener.onUpdate(update);
        early = undefined;
      } catch (error) {
        listener.onProblem(error instanceof Error ? error.message : String(error));
      }
    });
    updates.addEventListener('update', ({ data }: MessageEvent<string>) => {
      const update = JSON.parse(data) as SweepUpdate;
      if (early) early.push(update);
      else listener.onUpdate(update);
    });
    updates.addEventListener('error', () => listener.onConnection(false));
    return () => updates.close();
  },
  courses: (name, metric, runs) => get(ofRuns(name, 'courses', metric, runs)),
  extremes: (name, metric, runs) => get(ofRuns(name, 'extremes', metric, runs)),
  detail: (name, run) => get(`experiments/${encodeURIComponent(name)}/runs/${run}`),
};

function ofRuns(name: string, what: string, metric: string, runs: readonly string[]): string {
  return `experiments/${encodeURIComponent(name)}/${what}?${new URLSearchParams({ metric, runs: runs.join(',') })}`;
}

async function get<T>(path: string): Promise<T> {
  const response = await fetch(`api/${path}`);
  if (response.ok) return (await response.json()) as T;
  const answer = await response.json().catch(() => undefined);
  const problem = (answer as { problem?: string } | undefined)?.problem;
  throw new Error(problem ?? `the dashboard's server answers ${response.status}`);
}
