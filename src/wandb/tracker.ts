import { existsSync, mkdirSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import type { CellEnd } from '../sweep/observer.ts';
import { Connection } from './connection.ts';
import { logOfComparison, logOfFinishedCell } from './pastRuns.ts';
import { createRunFolder, isSynced, type RunFolder, wandbFolder } from './runFolder.ts';
import { cellIdentity, type TrackedCell } from './runIdentity.ts';
import { TrackedRun } from './trackedRun.ts';
import type { TrackerReport, TrackerSetup } from './trackerProtocol.ts';
import { missingRows, uploadRun } from './upload.ts';

const tickEvery = 1000;

export interface TrackerSurroundings {
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** For what the user should know at once. */
  readonly onNotice: (text: string) => void;
}

/** Follows the runs of a sweep, from their journals to W&B. */
export class Tracker {
  readonly #setup: TrackerSetup;
  readonly #parent: string;
  readonly #connection: Connection | undefined;
  readonly #clock: () => number;
  readonly #onNotice: (text: string) => void;
  /** By cell. */
  readonly #running = new Map<string, TrackedRun>();
  readonly #ended: TrackedRun[] = [];
  readonly #ends: Promise<void>[] = [];
  readonly #found: { readonly cell: TrackedCell; readonly journal: string }[] = [];
  /** By their names, of all runs of the sweep. */
  readonly #folders = new Map<string, RunFolder>();
  readonly #ticking: Promise<void>;
  #closed = false;

  constructor(setup: TrackerSetup, { clock, onNotice }: TrackerSurroundings) {
    const { settings, folder } = setup;
    this.#setup = setup;
    this.#clock = clock;
    this.#onNotice = onNotice;
    this.#parent = wandbFolder(settings.folder ?? folder);
    this.#connection = settings.mode === 'online' ? new Connection(settings) : undefined;
    mkdirSync(this.#parent, { recursive: true });
    this.#ticking = this.#tick();
  }

  /** A cell is at work in the process `pid`. What an earlier attempt at it has left is discarded. */
  started(cell: TrackedCell, journal: string, pid: number): void {
    const identity = cellIdentity(this.#setup, cell);
    const mode = this.#connection ? 'online' : 'offline';
    const folder = createRunFolder(this.#parent, identity.runId, mode, this.#clock());
    this.#folders.set(identity.runId, folder);
    this.#running.set(cell.id, new TrackedRun(identity, folder, { journal, pid }, this.#connection, this.#clock));
  }

  output(cell: string, text: string): void {
    this.#running.get(cell)?.output(text);
  }

  ended(cell: string, end: CellEnd): void {
    const run = this.#running.get(cell);
    if (!run) return;
    this.#running.delete(cell);
    this.#ended.push(run);
    this.#ends.push(run.end(end));
  }

  /** A cell that was finished before, perhaps without W&B, perhaps by a sweep that was cut off. */
  found(cell: TrackedCell, journal: string): void {
    this.#found.push({ cell, journal });
  }

  /** Brings away what there is, in `patience` milliseconds, and tells what became of it. */
  async close(patience: number): Promise<TrackerReport> {
    const late = setTimeout(patience, undefined, { ref: false });
    this.#closed = true;
    await this.#ticking;
    // What nobody has ended was cut off.
    for (const cell of this.#running.keys()) this.ended(cell, { exitCode: 1, line: 'cut off', journal: '' });
    await Promise.race([this.#bringAway(), late]);
    for (const run of this.#ended) run.abandon();
    await this.#connection?.stop();
    return this.#report();
  }

  async #tick(): Promise<void> {
    let noticed = false;
    while (!this.#closed) {
      await Promise.all([...this.#running.values()].map((run) => run.tick()));
      const reason = this.#connection?.reason;
      if (reason !== undefined && !noticed) {
        noticed = true;
        this.#onNotice(`W&B: ${reason}; training goes on, and the runs are kept in ${this.#parent}`);
      }
      await setTimeout(tickEvery);
    }
  }

  async #bringAway(): Promise<void> {
    for (const { cell, journal } of this.#found) {
      const folder = await logOfFinishedCell(this.#setup, cell, this.#parent, journal);
      this.#folders.set(folder.runId, folder);
    }
    await Promise.all(this.#ends);
    const comparison = await logOfComparison(this.#setup, this.#parent, this.#setup.folder, this.#clock);
    if (comparison) this.#folders.set(comparison.runId, comparison);
    const connection = this.#connection;
    // What failed in passing may be over.
    connection?.reopen();
    for (const folder of this.#folders.values()) {
      if (connection && !isSynced(folder)) await connection.attempt(() => uploadRun(connection, folder));
    }
  }

  #report(): TrackerReport {
    const folders = [...this.#folders.values()].filter(({ log }) => existsSync(log));
    const incomplete = folders.filter((folder) => !isSynced(folder));
    const { reason, url } = this.#connection ?? {};
    return {
      runs: folders.length,
      incomplete: incomplete.length,
      missingRows: incomplete.reduce((sum, folder) => sum + missingRows(folder), 0),
      ...(reason !== undefined && { reason }),
      ...(url !== undefined && { url }),
      folder: this.#parent,
    };
  }
}
