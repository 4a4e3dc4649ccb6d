import { existsSync } from 'node:fs';
import { JournalFollower } from '../../tracking/journalFollower.ts';
import { journalOf } from '../../tracking/results.ts';
import type { RunRow } from '../wire.ts';

/** A cell whose run has begun and not ended, from its journal. */
export class CellAtWork {
  readonly folder: string;
  /** Whether somebody is at work on it. */
  readonly isRunning: boolean;
  #journal: JournalFollower | undefined;
  #isReadable = true;
  #started: string | undefined;
  #step = 0;
  #steps: number | undefined;

  constructor(folder: string, isRunning: boolean) {
    this.folder = folder;
    this.isRunning = isRunning;
  }

  /** Reads what has been written meanwhile, and tells whether that was anything. */
  follow(): boolean {
    if (!this.#isReadable) return false;
    try {
      this.#journal ??= existsSync(journalOf(this.folder)) ? new JournalFollower(journalOf(this.folder)) : undefined;
      const records = this.#journal?.read() ?? [];
      for (const record of records) {
        if (record.type === 'start') {
          this.#started = record.wall.at;
          const { training } = record.settings as { training?: { steps?: number } };
          this.#steps = record.kind === 'retrofit' ? training?.steps : undefined;
        }
        if (record.type === 'step') this.#step = record.step;
      }
      // Nobody writes it any more.
      if (!this.isRunning) {
        this.close();
        this.#isReadable = false;
      }
      return records.length > 0;
    } catch {
      // Written by another version of the code, or moved away: it is at work all the same.
      this.#isReadable = false;
      this.close();
      return false;
    }
  }

  get state(): Pick<RunRow, 'status' | 'started' | 'progress'> {
    return {
      status: this.isRunning ? 'running' : 'interrupted',
      ...(this.#started !== undefined && { started: this.#started }),
      ...(this.#steps !== undefined && { progress: { step: this.#step, steps: this.#steps } }),
    };
  }

  close(): void {
    this.#journal?.close();
    this.#journal = undefined;
  }
}
