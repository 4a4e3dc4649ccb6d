import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import { type JournalRecord, recordSchema } from './journal.ts';

/** Reads a journal while it is written. It may be moved meanwhile. */
export class JournalFollower {
  readonly #descriptor: number;
  readonly #decoder = new StringDecoder('utf8');
  #position = 0;
  #tail = '';

  /** @throws the system's error if there is no such file */
  constructor(path: string) {
    this.#descriptor = openSync(path, 'r');
  }

  /** The records that have been written since the last call. A line that is not whole yet is left for the next one. */
  read(): JournalRecord[] {
    const size = fstatSync(this.#descriptor).size - this.#position;
    if (size <= 0) return [];
    const block = Buffer.alloc(size);
    const length = readSync(this.#descriptor, block, 0, size, this.#position);
    this.#position += length;
    const lines = (this.#tail + this.#decoder.write(block.subarray(0, length))).split('\n');
    this.#tail = lines.pop() ?? '';
    return lines.map((line) => recordSchema.parse(JSON.parse(line)));
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}
