import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { forkTypeScript } from '../forkTypeScript.ts';
import type { Cell } from '../sweep/cells.ts';
import type { CellEnd, SweepObserver } from '../sweep/observer.ts';
import { reclaimCpu, yieldCpu } from './priority.ts';
import { type TrackedCell, trackedCell } from './runIdentity.ts';
import type { FromTracker, ToTracker, TrackerReport, TrackerSetup } from './trackerProtocol.ts';

/** Milliseconds that the tracker has to say its last word after its patience is over. */
const lastWord = 5000;

/**
 * A sweep's runs in W&B, by a process beside it that may fail, hang or be killed: the sweep hands it what happens and waits
 * for it at the end only, and not longer than it says.
 */
export class WandbTracking implements SweepObserver {
  readonly #setup: TrackerSetup;
  readonly #onNotice: (text: string) => void;
  /** Started with the first thing that there is to tell. */
  #process: ChildProcess | undefined;
  #closed: Promise<TrackerReport | undefined> = Promise.resolve(undefined);
  #isOff = false;

  /** @param onNotice for what the user should know at once */
  constructor(setup: TrackerSetup, onNotice: (text: string) => void) {
    this.#setup = setup;
    this.#onNotice = onNotice;
  }

  #start(): ChildProcess {
    const child = forkTypeScript(new URL('trackerProcess.ts', import.meta.url), {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      // The settings come by message; the key has no business in anything that the process might print.
      env: Object.fromEntries(Object.entries(process.env).filter(([name]) => name !== 'WANDB_API_KEY')),
    });
    if (child.pid !== undefined) yieldCpu(child.pid);
    keepLog(child, this.#setup.folder);
    this.#closed = new Promise((resolve) => {
      child.on('message', (message: FromTracker) => {
        if (message.type === 'notice') this.#onNotice(message.text);
        else resolve(message.report);
      });
      child.once('exit', () => resolve(undefined));
    });
    return child;
  }

  found(cell: Cell, journal: string): void {
    this.#tell({ type: 'found', cell: tracked(cell), journal });
  }

  started(cell: Cell, journal: string, pid: number): void {
    this.#tell({ type: 'started', cell: tracked(cell), journal, pid });
  }

  printed(cell: Cell, text: string): void {
    this.#tell({ type: 'output', cell: cell.id, text });
  }

  ended(cell: Cell, end: CellEnd): void {
    this.#tell({ type: 'ended', cell: cell.id, end });
  }

  /**
   * Ends the tracking; gives what became of the runs, or nothing if the process is gone.
   *
   * @param patience milliseconds that it has
   * @param hurry ends it at once
   */
  async close(patience: number, hurry?: AbortSignal): Promise<TrackerReport | undefined> {
    const child = this.#process;
    if (!child || this.#isOff) return undefined;
    // Nothing trains any more.
    if (child.pid !== undefined) reclaimCpu(child.pid);
    this.#tell({ type: 'close', patience });
    const late = new AbortController();
    // A signal that was given before has shortened the patience already.
    const signal = AbortSignal.any([late.signal, ...(hurry && !hurry.aborted ? [hurry] : [])]);
    const lateness = setTimeout(patience + lastWord, undefined, { signal }).catch(() => undefined);
    const report = await Promise.race([this.#closed, lateness]);
    late.abort();
    if (child.exitCode === null && child.signalCode === null) {
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    }
    return report;
  }

  /** Whether there was anything to track. */
  get hasStarted(): boolean {
    return this.#process !== undefined;
  }

  #tell(message: ToTracker): void {
    if (this.#isOff) return;
    try {
      if (!this.#process) {
        this.#process = this.#start();
        this.#process.send({ type: 'setup', setup: this.#setup } satisfies ToTracker, () => {});
      }
      if (this.#process.connected) this.#process.send(message, () => {});
    } catch (error) {
      // The system has no process for it.
      this.#isOff = true;
      this.#onNotice(
        `W&B: no process to track with (${String(error)}); training goes on, yarn runs sync makes up for it`,
      );
    }
  }
}

function tracked(cell: Cell): TrackedCell {
  const { encoder, data } = cell.settings;
  return trackedCell(cell, { encoder, data: data.source });
}

/** What the process prints, for whoever looks into a failure. */
function keepLog(child: ChildProcess, folder: string): void {
  try {
    mkdirSync(join(folder, 'logs'), { recursive: true });
    const log = createWriteStream(join(folder, 'logs', 'wandb.log'), { flags: 'a' });
    log.on('error', () => {});
    for (const stream of [child.stdout, child.stderr]) stream?.pipe(log, { end: false });
  } catch {
    for (const stream of [child.stdout, child.stderr]) stream?.resume();
  }
}
