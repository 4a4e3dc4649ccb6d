import { statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { messageOf } from '../../errors.ts';
import { isLocked } from '../../sweep/lock.ts';
import { cellFolders, experimentFolders, readExperimentFile } from '../../tracking/results.ts';
import type { ExperimentItem, Sweep, SweepUpdate } from '../wire.ts';
import { SweepFolder } from './sweepFolder.ts';

/** Milliseconds between two looks at a sweep that somebody looks at. */
const lookEvery = 1000;

/** An experiment that any number of pages look at. */
export class WatchedSweep {
  readonly #folder: SweepFolder;
  readonly #listeners = new Set<(update: SweepUpdate) => void>();
  #turn: Promise<unknown> = Promise.resolve();
  #isWatching = false;

  constructor(folder: string) {
    this.#folder = new SweepFolder(folder);
  }

  read(): Promise<Sweep> {
    return this.#inTurn(async () => {
      const all = await this.#folder.read();
      if (this.#listeners.size === 0) this.#folder.forgetChanges();
      return all;
    });
  }

  get isWatched(): boolean {
    return this.#listeners.size > 0;
  }

  runFolder(cell: string): string | undefined {
    return this.#folder.runFolder(cell);
  }

  /** Calls the listener with whatever changes, until the function that it gives is called. */
  watch(listener: (update: SweepUpdate) => void): () => void {
    this.#listeners.add(listener);
    if (!this.#isWatching) void this.#look();
    return () => this.#listeners.delete(listener);
  }

  async #look(): Promise<void> {
    this.#isWatching = true;
    while (this.#listeners.size > 0) {
      // A folder that cannot be read for a moment, since it is replaced, is looked at again.
      const update = await this.#inTurn(() => this.#folder.changes()).catch(() => undefined);
      if (update) for (const listener of this.#listeners) listener(update);
      await setTimeout(lookEvery, undefined, { ref: false });
    }
    this.#isWatching = false;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {});
    return done;
  }
}

/** Experiments that are kept in memory although nobody looks at them. */
const mostUnwatched = 3;

/** The experiments of a results folder. */
export class ResultsFolder {
  readonly #folder: string;
  readonly #sweeps = new Map<string, WatchedSweep>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The latest first. */
  async list(): Promise<ExperimentItem[]> {
    const items = await Promise.all(
      [...this.#experiments().values()].map(async (folder) => {
        const name = basename(folder);
        try {
          return { name, ...(await summaryOf(folder)) };
        } catch (error) {
          return { name, cells: 0, finished: 0, isRunning: false, changed: 0, problem: messageOf(error) };
        }
      }),
    );
    return items.sort((a, b) => b.changed - a.changed);
  }

  /** Reads the latest experiment before anybody asks for it: of thousands of runs that takes a second. */
  async warmUp(): Promise<void> {
    const [latest] = (await this.list()).filter(({ problem }) => problem === undefined);
    if (latest) await (await this.open(latest.name))?.read();
  }

  /** The experiment of that name; undefined if there is none. */
  async open(name: string): Promise<WatchedSweep | undefined> {
    const folder = this.#experiments().get(name);
    if (folder === undefined) return undefined;
    const sweep = this.#sweeps.get(name) ?? new WatchedSweep(folder);
    // The latest used ones are the last.
    this.#sweeps.delete(name);
    this.#sweeps.set(name, sweep);
    const unwatched = [...this.#sweeps].filter(([, own]) => !own.isWatched);
    for (const [oldest] of unwatched.slice(0, -mostUnwatched)) this.#sweeps.delete(oldest);
    return sweep;
  }

  #experiments(): Map<string, string> {
    return new Map(experimentFolders(this.#folder).map((folder) => [basename(folder), folder]));
  }
}

async function summaryOf(folder: string): Promise<Omit<ExperimentItem, 'name'>> {
  const planned = new Set(readExperimentFile(folder).cells.map(({ id }) => id));
  return {
    cells: planned.size,
    finished: cellFolders(folder).filter((id) => planned.has(id)).length,
    isRunning: await isLocked(folder),
    changed: statSync(join(folder, 'cells'), { throwIfNoEntry: false })?.mtimeMs ?? 0,
  };
}
