import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { UserError } from '../errors.ts';
import { decodeRecord, encodeRecord, type RecordContent, type RunRecord, type WandbRecord } from './record.ts';

/**
 * W&B's offline log, `run-<id>.wandb`: a header of 7 bytes, then blocks of 32 KiB that hold records as LevelDB's log does,
 * a record that does not fit going on in the next block. A chunk is its crc32 (u32), length (u16), type (u8) and data.
 */
const fileHeader = Buffer.from([0x3a, 0x57, 0x26, 0x42, 0xe1, 0xbe, 0x00]);
const blockBytes = 32_768;
const chunkHeaderBytes = 7;
const full = 1;
const first = 2;
const middle = 3;
const last = 4;

/** Appends records to a log, one write a record, so that a kill tears the last record at most. */
export class RecordLogWriter {
  readonly #descriptor: number;
  #position: number;
  #count = 0;

  /**
   * Opens a log to append to it. A torn tail of an earlier writer is cut off.
   *
   * @throws UserError WANDB_LOG_MALFORMED if the file is something else
   */
  constructor(path: string) {
    this.#descriptor = openSync(path, 'a+');
    try {
      const reader = new RecordLogReader(path);
      try {
        for (const { num } of reader.read()) this.#count = num;
      } finally {
        reader.close();
      }
      this.#position = reader.position;
      ftruncateSync(this.#descriptor, this.#position);
      if (this.#position === 0) this.#append(fileHeader);
    } catch (error) {
      closeSync(this.#descriptor);
      throw error;
    }
  }

  write(content: RecordContent): void {
    this.#append(this.#chunksOf(encodeRecord({ ...content, num: this.#count + 1 })));
    this.#count++;
  }

  close(): void {
    fsyncSync(this.#descriptor);
    closeSync(this.#descriptor);
  }

  #append(bytes: Buffer): void {
    for (let done = 0; done < bytes.length; ) done += writeSync(this.#descriptor, bytes, done);
    this.#position += bytes.length;
  }

  #chunksOf(payload: Uint8Array): Buffer {
    const parts: Buffer[] = [];
    let position = this.#position;
    const put = (part: Buffer) => {
      parts.push(part);
      position += part.length;
    };
    for (let done = 0, isFirst = true; isFirst || done < payload.length; isFirst = false) {
      const room = blockBytes - (position % blockBytes);
      if (room < chunkHeaderBytes) put(Buffer.alloc(room));
      const free = blockBytes - (position % blockBytes) - chunkHeaderBytes;
      const data = payload.subarray(done, done + free);
      done += data.length;
      const isLast = done === payload.length;
      put(chunkOf(isFirst ? (isLast ? full : first) : isLast ? last : middle, data));
    }
    return Buffer.concat(parts);
  }
}

function chunkOf(type: number, data: Uint8Array): Buffer {
  const chunk = Buffer.alloc(chunkHeaderBytes + data.length);
  chunk[6] = type;
  chunk.set(data, chunkHeaderBytes);
  chunk.writeUInt32LE(crc32(chunk.subarray(6)), 0);
  chunk.writeUInt16LE(data.length, 4);
  return chunk;
}

/** Reads a log, also while it is written: each `read` gives the records that are whole and were not given before. */
export class RecordLogReader {
  readonly #path: string;
  readonly #descriptor: number;
  #position = 0;

  constructor(path: string) {
    this.#path = path;
    this.#descriptor = openSync(path, 'r');
  }

  /** Where the last record that was given ends, in bytes. */
  get position(): number {
    return this.#position;
  }

  /**
   * Ends at the first record that is torn or not there yet.
   *
   * @throws UserError WANDB_LOG_MALFORMED if the file is no W&B log
   */
  *read(): Generator<WandbRecord> {
    const { size } = fstatSync(this.#descriptor);
    if (this.#position === 0) {
      const head = this.#bytes(0, fileHeader.length);
      if (!head.equals(fileHeader.subarray(0, head.length))) throw this.#malformed();
      if (head.length < fileHeader.length) return;
      this.#position = fileHeader.length;
    }
    for (;;) {
      const found = this.#record(this.#position, size);
      if (!found) return;
      this.#position = found.end;
      yield found.record;
    }
  }

  /** The records that lie wholly in so many bytes at the end, if the file ends with one; what is before is not read. */
  tail(bytes: number): WandbRecord[] {
    const { size } = fstatSync(this.#descriptor);
    for (let start = Math.max(fileHeader.length, size - bytes); start < size; start++) {
      const records: WandbRecord[] = [];
      let position = start;
      for (let found = this.#record(start, size); found; found = this.#record(position, size)) {
        records.push(found.record);
        position = found.end;
      }
      if (records.length > 0 && position === size) return records;
    }
    return [];
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #record(start: number, size: number): { readonly record: WandbRecord; readonly end: number } | undefined {
    const parts: Buffer[] = [];
    let position = start;
    for (;;) {
      const room = blockBytes - (position % blockBytes);
      if (room < chunkHeaderBytes) position += room;
      if (position + chunkHeaderBytes > size) return undefined;
      const head = this.#bytes(position, chunkHeaderBytes);
      const length = head.readUInt16LE(4);
      const type = head[6] ?? 0;
      const end = position + chunkHeaderBytes + length;
      if (end > size || end > position - (position % blockBytes) + blockBytes) return undefined;
      const typeAndData = this.#bytes(position + chunkHeaderBytes - 1, 1 + length);
      if (crc32(typeAndData) !== head.readUInt32LE(0)) return undefined;
      const begins = type === full || type === first;
      if (begins !== (parts.length === 0)) return undefined;
      parts.push(typeAndData.subarray(1));
      position = end;
      if (type === full || type === last) return { record: this.#decoded(Buffer.concat(parts)), end };
    }
  }

  #decoded(payload: Buffer): WandbRecord {
    try {
      return decodeRecord(payload);
    } catch {
      throw this.#malformed();
    }
  }

  #bytes(position: number, length: number): Buffer {
    const bytes = Buffer.alloc(length);
    return bytes.subarray(0, readSync(this.#descriptor, bytes, 0, length, position));
  }

  #malformed(): UserError {
    return new UserError({
      code: 'WANDB_LOG_MALFORMED',
      given: this.#path,
      expected: 'a log in the format of W&B',
      remedy: 'Delete the folder that it lies in; `yarn runs sync` writes it anew from the journal.',
    });
  }
}

/** How a run ended whose log was brought to its end, which the log's last bytes tell; undefined of any other. */
export function endOf(path: string): { readonly exitCode: number } | undefined {
  const reader = new RecordLogReader(path);
  try {
    const records = reader.tail(longestEnd);
    if (records.at(-1)?.footer === undefined) return undefined;
    return { exitCode: records.findLast(({ exit }) => exit)?.exit?.exit_code ?? 0 };
  } finally {
    reader.close();
  }
}

/** Exit, final and footer: at most 32 bytes each, in two chunks where a block ends within. */
const longestEnd = 3 * (32 + 2 * chunkHeaderBytes);

/** What a log begins with, and how many rows of history it has. */
export function contentOf(path: string): { readonly run: RunRecord | undefined; readonly rows: number } {
  const reader = new RecordLogReader(path);
  let run: RunRecord | undefined;
  let rows = 0;
  try {
    for (const record of reader.read()) {
      run ??= record.run;
      if (record.history) rows++;
    }
    return { run, rows };
  } finally {
    reader.close();
  }
}
