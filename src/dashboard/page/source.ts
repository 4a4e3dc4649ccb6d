import { messageOf } from '../../errors.ts';
import {
  type Courses,
  type ExperimentItem,
  type Extremes,
  type MapMethod,
  mapMethods,
  type ProbeAnswer,
  type ReportData,
  type RunDetail,
  type Series,
  type SpaceMap,
  type Sweep,
  type SweepUpdate,
} from '../wire.ts';
import { numberOf } from './model/sweep.ts';

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
  map(name: string, run: string, method: MapMethod): Promise<SpaceMap>;
  readonly mapMethods: readonly MapMethod[];
  /** Whether there can be a map of a run. */
  hasMap(run: string): boolean;
  /** Undefined in a report, which has no encoders. */
  readonly probe?: (name: string, runs: readonly string[], sentence: string) => Promise<ProbeAnswer>;
}

/** Milliseconds after which what could not be read is asked for again. */
const retryAfter = 3000;

/** The dashboard's server. */
export const server: Source = {
  experiments: () => get('experiments'),
  follow(name, listener) {
    const path = `experiments/${encodeURIComponent(name)}`;
    const over = new AbortController();
    const updates = new EventSource(`api/${path}/updates`);
    // What changes while all of it is on its way comes after it.
    let early: SweepUpdate[] | undefined = [];
    const load = async () => {
      early = [];
      try {
        const sweep = await get<Sweep>(path, over.signal);
        listener.onSweep(sweep);
        for (const update of early) listener.onUpdate(update);
        early = undefined;
      } catch (error) {
        if (over.signal.aborted) return;
        listener.onProblem(messageOf(error));
        // It may be written at this moment, or its first cell may be at work.
        setTimeout(() => over.signal.aborted || load(), retryAfter);
      }
    };
    updates.addEventListener('open', () => {
      listener.onConnection(true);
      void load();
    });
    updates.addEventListener('behind', load);
    updates.addEventListener('update', ({ data }: MessageEvent<string>) => {
      const update = JSON.parse(data) as SweepUpdate;
      if (early) early.push(update);
      else listener.onUpdate(update);
    });
    updates.addEventListener('error', () => {
      listener.onConnection(false);
      if (updates.readyState === EventSource.CLOSED) listener.onProblem(`there is no experiment ${name} here`);
    });
    return () => {
      over.abort();
      updates.close();
    };
  },
  courses: (name, metric, runs) => get(ofRuns(name, 'courses', metric, runs)),
  extremes: (name, metric, runs) => get(ofRuns(name, 'extremes', metric, runs)),
  detail: (name, run) => get(`experiments/${encodeURIComponent(name)}/runs/${run}`),
  map: (name, run, method) => get(`experiments/${encodeURIComponent(name)}/runs/${run}/map?method=${method}`),
  mapMethods,
  hasMap: () => true,
  probe: (name, runs, text) =>
    get(`experiments/${encodeURIComponent(name)}/probe?${new URLSearchParams({ text, runs: runs.join(',') })}`),
};

function ofRuns(name: string, what: string, metric: string, runs: readonly string[]): string {
  return `experiments/${encodeURIComponent(name)}/${what}?${new URLSearchParams({ metric, runs: runs.join(',') })}`;
}

async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  const response = await fetch(`api/${path}`, signal ? { signal } : {});
  if (response.ok) return (await response.json()) as T;
  const answer = await response.json().catch(() => undefined);
  const problem = (answer as { problem?: string } | undefined)?.problem;
  throw new Error(problem ?? `the dashboard's server answers ${response.status}`);
}

/** What a report holds. */
export function embedded({ sweep, courses, isThinned, details, maps }: ReportData): Source {
  const seriesOf = (metric: string, runs: readonly string[]) =>
    runs.flatMap((run): [string, Series][] => {
      const series = courses[run]?.[metric];
      return series ? [[run, series]] : [];
    });
  return {
    experiments: async () => [
      { name: sweep.head.name, cells: sweep.table.runs.length, finished: 0, isRunning: false, changed: 0 },
    ],
    follow(_, listener) {
      listener.onSweep(sweep);
      return () => {};
    },
    courses: async (_, metric, runs) => ({
      series: Object.fromEntries(seriesOf(metric, runs)),
      metrics: [...new Set(runs.flatMap((run) => Object.keys(courses[run] ?? {})))],
      isThinned,
    }),
    extremes: async (_, metric, runs) =>
      Object.fromEntries(
        seriesOf(metric, runs).map(([run, { value }]) => {
          const finite = value.map(numberOf).filter(Number.isFinite);
          const [min = null, last = null] = [finite.toSorted((a, b) => a - b)[0], finite.at(-1)];
          return [run, { min, max: finite.toSorted((a, b) => b - a)[0] ?? null, last }];
        }),
      ),
    map: async (_, run) => {
      const map = maps[run];
      if (!map) throw new Error('This report does not hold the map of this run.');
      return map;
    },
    mapMethods: ['pca'],
    hasMap: (run) => maps[run] !== undefined,
    detail: async (_, run) => {
      const detail = details[run];
      if (!detail) throw new Error('This report does not hold the predictions of all of these runs.');
      return detail;
    },
  };
}
