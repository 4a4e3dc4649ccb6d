import { existsSync, mkdirSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import type { CellEnd } from '../sweep/observer.ts';
import { Connection } from './connection.ts';
import { logOfComparison, PastRuns } from './pastRuns.ts';
import { createRunFolder, isSynced, type RunFolder, wandbFolder } from './runFolder.ts';
import { cellIdentity, type TrackedCell } from './runIdentity.ts';
import { TrackedRun } from './trackedRun.ts';
import type { TrackerReport, TrackerSetup } from './trackerProtocol.ts';
import { attachToSweep, uploadRun } from './upload.ts';
import { missingRows, uploadedTo } from './uploadProgress.ts';

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
  readonly #ending = new Map<TrackedRun, Promise<void>>();
  readonly #found: { readonly cell: TrackedCell; readonly journal: string }[] = [];
  /** By their names, of all runs of the sweep. */
  readonly #folders = new Map<string, RunFolder>();
  #past: PastRuns | undefined;
  /** Runs that may have been logged before there was a sweep on the server. */
  readonly #attachable: RunFolder[] = [];
  readonly #closed = new AbortController();
  readonly #ticking: Promise<void>;
  #broughtAway: Promise<void> | undefined;

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
    void this.#contain(cell.id, () => {
      const folder = createRunFolder(this.#parent, identity.runId, mode, this.#clock());
      this.#folders.set(identity.runId, folder);
      this.#running.set(cell.id, new TrackedRun(identity, folder, { journal, pid }, this.#connection, this.#clock));
    });
  }

  output(cell: string, text: string): void {
    void this.#contain(cell, () => this.#running.get(cell)?.output(text));
  }

  ended(cell: string, end: CellEnd): void {
    const run = this.#running.get(cell);
    if (!run) return;
    this.#running.delete(cell);
    this.#ending.set(
      run,
      this.#contain(cell, () => run.end(end)).finally(() => this.#ending.delete(run)),
    );
  }

  /** A cell that was finished before, perhaps without W&B, perhaps by a sweep that was cut off. */
  found(cell: TrackedCell, journal: string): void {
    this.#found.push({ cell, journal });
  }

  /** Brings away what there is, in `patience` milliseconds, and tells what became of it. */
  async close(patience: number): Promise<TrackerReport> {
    const late = setTimeout(patience, undefined, { ref: false });
    this.#closed.abort();
    this.#broughtAway ??= this.#bringAway();
    await Promise.race([this.#broughtAway, late]);
    for (const run of this.#ending.keys()) run.abandon();
    await this.#connection?.stop();
    return this.#report();
  }

  async #tick(): Promise<void> {
    let noticed = false;
    const { signal } = this.#closed;
    while (!signal.aborted) {
      await Promise.all([...this.#running].map(([cell, run]) => this.#contain(cell, () => run.tick())));
      const { reason, remedy } = this.#connection ?? {};
      if (reason !== undefined && !noticed) {
        noticed = true;
        this.#onNotice(`W&B: ${reason}; training goes on, and the runs are kept in ${this.#parent}. ${remedy}`);
      }
      // What was finished before is caught up with meanwhile, a cell at a time.
      await this.#logFound();
      if (this.#found.length === 0) await setTimeout(tickEvery, undefined, { signal }).catch(() => {});
    }
  }

  /** Keeps what goes wrong with one run from the others. It is not followed any further; its journal has it all. */
  async #contain(name: string, work: () => Promise<void> | void): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#running.get(name)?.abandon();
      this.#running.delete(name);
      this.#onNotice(`W&B: ${name}: ${String(error)}; training goes on, and yarn runs sync makes up for it`);
    }
  }

  async #bringAway(): Promise<void> {
    await this.#ticking;
    // What nobody has ended was cut off.
    for (const cell of this.#running.keys()) this.ended(cell, { exitCode: 1, line: 'cut off', journal: '' });
    while (this.#found.length > 0) await this.#logFound();
    await this.#contain('comparison', async () => {
      const comparison = await logOfComparison(this.#setup, this.#parent, this.#setup.folder, this.#clock);
      if (comparison) this.#folders.set(comparison.runId, comparison);
    });
    await Promise.all(this.#ending.values());
    const connection = this.#connection;
    // What failed in passing may be over.
    connection?.reopen();
    for (const folder of this.#folders.values()) {
      if (connection && !isSynced(folder)) await connection.attempt(() => uploadRun(connection, folder));
    }
    const { sweepId } = this.#setup;
    if (!connection || sweepId === undefined) return;
    for (const folder of this.#attachable) await connection.attempt(() => attachToSweep(connection, folder, sweepId));
  }

  /** Logs the next one of the cells that were finished before. */
  async #logFound(): Promise<void> {
    const next = this.#found.shift();
    if (!next) return;
    const { cell, journal } = next;
    await this.#contain(cell.id, async () => {
      this.#past ??= new PastRuns(this.#setup, this.#parent);
      const folder = await this.#past.logOf(cell, journal);
      this.#folders.set(folder.runId, folder);
      if (cell.kind === 'retrofit') this.#attachable.push(folder);
    });
  }

  #report(): TrackerReport {
    const folders = [...this.#folders.values()].filter(({ log }) => existsSync(log));
    const incomplete = folders.filter((folder) => !isSynced(folder));
    // What nobody has said anything of was still under way when the time was up.
    const late = this.#connection && incomplete.length > 0 ? 'no answer in time, or not to everything' : undefined;
    const reason = this.#connection?.reason ?? late;
    const url = this.#connection?.url ?? folders.map((folder) => uploadedTo(folder)).find(Boolean);
    return {
      runs: folders.length,
      incomplete: incomplete.length,
      // Without a server it is all of them, and nobody asks.
      missingRows: this.#connection ? incomplete.reduce((sum, folder) => sum + missingRows(folder), 0) : 0,
      ...(reason !== undefined && { reason }),
      ...(url !== undefined && { url }),
      folder: this.#parent,
    };
  }
}
