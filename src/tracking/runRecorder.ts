import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../errors.ts';
import { type JournalRecord, JournalWriter } from './journal.ts';
import { TensorBoardWriter } from './tensorBoard.ts';

/**
 * Writes what a run tells: its records into the journal and, where it is wanted, into an event file of TensorBoard, in
 * `tensorboard` beside it. The journal is the truth, and an error if it cannot be written; an event file that fails is given
 * up and removed.
 */
export class RunRecorder {
  readonly #journal: JournalWriter;
  readonly #eventFolder: string;
  #events: TensorBoardWriter | undefined;
  #warning: string | undefined;

  /** @param folder the run's own */
  constructor(folder: string, { tensorBoard }: { readonly tensorBoard: boolean }) {
    this.#journal = new JournalWriter(join(folder, 'journal.jsonl'));
    this.#eventFolder = join(folder, 'tensorboard');
    if (!tensorBoard) return;
    this.#withoutRisk(() => {
      this.#events = new TensorBoardWriter(this.#eventFolder);
    });
  }

  /** Why the event file that was wanted is not there. */
  get warning(): string | undefined {
    return this.#warning;
  }

  record(record: JournalRecord): void {
    this.#journal.write(record);
    this.#withoutRisk(() => this.#events?.write(record));
  }

  /** The distribution of some values; the journal has no place for it. */
  histogram(name: string, values: Float32Array, step: number): void {
    this.#withoutRisk(() => this.#events?.histogram(name, values, step));
  }

  close(): void {
    try {
      this.#withoutRisk(() => this.#closeEvents());
    } finally {
      this.#journal.close();
    }
  }

  #withoutRisk(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#warning = `no TensorBoard event file: ${reasonOf(error)}`;
      try {
        this.#closeEvents();
      } catch {
        // It has failed already.
      }
      try {
        rmSync(this.#eventFolder, { recursive: true, force: true });
      } catch {
        // What is left of it is no result.
      }
    }
  }

  #closeEvents(): void {
    const events = this.#events;
    this.#events = undefined;
    events?.close();
  }
}

/** TensorFlow's errors say `Invalid TF_Status: 8`, then `Message: <file>; No space left on device`, then where it was met. */
function reasonOf(error: unknown): string {
  const message = messageOf(error);
  return /^Message: (?:.*; )?(.*)$/m.exec(message)?.[1] ?? message;
}
