import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { encodeRecord, type RecordContent, type WandbRecord } from '../../src/wandb/record.ts';
import { endOf, RecordLogReader, RecordLogWriter } from '../../src/wandb/recordLog.ts';
import { officialPython, readAllWithOfficialReader } from './officialClient.ts';

vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>();
  return { ...fs, writeSync: vi.fn(fs.writeSync) };
});

const block = 32_768;
const fileHeader = 7;
const chunkHeader = 7;

const scratch = mkdtempSync(join(tmpdir(), 'contrafit-log-'));
let files = 0;
const newPath = () => join(scratch, `${files++}.wandb`);
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** What the console shows: a record of any size. */
function line(text: string): RecordContent {
  return { output_raw: { output_type: 1, timestamp: { seconds: 1, nanos: 2 }, line: text } };
}

/** A record whose encoding has so many bytes; undefined where there is none. */
function ofBytes(bytes: number, num: number): RecordContent | undefined {
  const lengthOf = (text: string) => encodeRecord({ ...line(text), num }).length;
  const least = bytes - lengthOf('') - 6;
  for (let length = Math.max(0, least); length <= least + 6; length++) {
    if (lengthOf('x'.repeat(length)) === bytes) return line('x'.repeat(length));
  }
  return undefined;
}

/** A record after which so many bytes of a block are left, one block later if this one has no room for it. */
function leaving(left: number, size: number, num: number): RecordContent {
  const free = block - (size % block) - chunkHeader;
  const inNextBlock = Math.max(0, free) + block - chunkHeader - left;
  const found = ofBytes(free - left, num) ?? ofBytes(inNextBlock, num);
  if (!found) throw new Error(`nothing leaves ${left} bytes`);
  return found;
}

/** A step of a random log: a text's length, or the bytes that the record leaves in its block. */
type Entry = { readonly length: number } | { readonly left: number };

function writeEntries(path: string, entries: readonly Entry[]): WandbRecord[] {
  const writer = new RecordLogWriter(path);
  const written = entries.map((entry, i) => {
    const num = i + 1;
    const content = 'length' in entry ? line('é'.repeat(entry.length)) : leaving(entry.left, sizeOf(path), num);
    writer.write(content);
    if ('left' in entry) expect((block - (sizeOf(path) % block)) % block).toBe(entry.left);
    return { ...content, num };
  });
  writer.close();
  return written;
}

const isEnded = (path: string) => endOf(path) !== undefined;
const sizeOf = (path: string) => statSync(path).size;

function read(path: string): WandbRecord[] {
  const reader = new RecordLogReader(path);
  try {
    return [...reader.read()];
  } finally {
    reader.close();
  }
}

/** As the official reader shows a record of `line`. */
function official({ num, output_raw: output }: WandbRecord) {
  return {
    num: String(num),
    output_raw: { output_type: 'STDOUT', timestamp: '1970-01-01T00:00:01.000000002Z', line: output?.line },
  };
}

/** Where each record of a log ends, found by its chunks alone. */
function endsOf(bytes: Buffer): number[] {
  const ends: number[] = [];
  for (let at = fileHeader; at < bytes.length; ) {
    const room = block - (at % block);
    if (room < chunkHeader) {
      at += room;
      continue;
    }
    const type = bytes[at + 6];
    at += chunkHeader + bytes.readUInt16LE(at + 4);
    if (type === 1 || type === 4) ends.push(at);
  }
  return ends;
}

const entries = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ length: fc.integer({ min: 1, max: 300 }) }) },
    { weight: 2, arbitrary: fc.record({ left: fc.nat(8) }) },
    { weight: 1, arbitrary: fc.record({ length: fc.integer({ min: 1, max: 80_000 }) }) },
  ),
  { maxLength: 12 },
);
/** Each number of bytes left, with another record behind it, a short one and one of several blocks. */
const borders = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].flatMap((left): Entry[][] => [
  [{ left }, { length: 3 }],
  [{ left }, { length: 60_000 }, { left }, { length: 1 }],
]);

describe('a log', () => {
  const logs: { path: string; written: WandbRecord[] }[] = [];

  test('is read as it was written', () => {
    const check = (list: readonly Entry[]) => {
      const path = newPath();
      const written = writeEntries(path, list);
      logs.push({ path, written });
      expect(read(path)).toEqual(written);
      expect(endsOf(readFileSync(path))).toHaveLength(written.length);
    };
    for (const list of borders) check(list);
    fc.assert(fc.property(entries, check), { numRuns: 40 });
  });

  test.skipIf(!officialPython)('is read alike by the official reader (takes a Python with wandb)', async () => {
    const found = await readAllWithOfficialReader(logs.map(({ path }) => path));
    expect(found).toEqual(logs.map(({ written }) => written.map(official)));
  });

  test('is written by one write for each record, and whole after it', () => {
    const path = newPath();
    const writer = new RecordLogWriter(path);
    const reader = new RecordLogReader(path);
    const seen: WandbRecord[] = [];
    for (const [i, length] of [1, 10, 32_700, 1, 100_000, 5, 65_000, 1].entries()) {
      expect([...reader.read()]).toEqual([]);
      vi.mocked(writeSync).mockClear();
      writer.write(line('y'.repeat(length)));
      expect(writeSync).toHaveBeenCalledTimes(1);
      // No buffer holds anything back.
      expect(endsOf(readFileSync(path)).at(-1)).toBe(sizeOf(path));
      const fresh = [...reader.read()];
      expect(fresh).toEqual([{ ...line('y'.repeat(length)), num: i + 1 }]);
      expect(reader.position).toBe(sizeOf(path));
      seen.push(...fresh);
    }
    expect(read(path)).toEqual(seen);
    reader.close();
    writer.close();
  });

  test('gives each record once while it grows byte by byte', () => {
    const whole = newPath();
    const written = writeEntries(whole, [{ length: 20 }, { left: 7 }, { length: 2 }, { left: 3 }, { length: 40 }]);
    const bytes = readFileSync(whole);
    const ends = endsOf(bytes);
    const growing = newPath();
    writeFileSync(growing, '');
    const reader = new RecordLogReader(growing);
    const seen: WandbRecord[] = [];
    // Far from any end, byte by byte is the same as at once.
    const steps = Array.from(bytes.keys(), (i) => i + 1).filter((at) => ends.some((end) => Math.abs(end - at) < 40));
    let done = 0;
    for (const at of [1, 2, 3, 4, 5, 6, 7, 8, ...steps, bytes.length]) {
      if (at < done) continue;
      appendFileSync(growing, bytes.subarray(done, at));
      done = at;
      seen.push(...reader.read());
      expect(seen).toHaveLength(ends.filter((end) => end <= at).length);
    }
    expect(seen).toEqual(written);
    reader.close();
  });
});

describe('what a kill leaves', () => {
  const whole = newPath();
  const written = writeEntries(whole, [
    ...[{ length: 30 }, { left: 7 }, { length: 9 }, { length: 33_000 }, { left: 5 }, { length: 12 }, { length: 1 }],
  ]);
  const bytes = readFileSync(whole);
  const ends = endsOf(bytes);
  const near = Array.from(bytes.keys()).filter((at) => ends.some((end) => at > end - 30 && at <= end + 20));
  const wholeUntil = (at: number) => ends.filter((end) => end <= at).length;
  const cuts = [...new Set([...Array.from({ length: 20 }, (_, i) => i), ...near, bytes.length])];

  function cutAt(at: number): string {
    const path = newPath();
    writeFileSync(path, bytes.subarray(0, at));
    return path;
  }

  test('is read up to the last whole record, wherever it was cut', () => {
    const anywhere = fc.sample(fc.nat(bytes.length), 100);
    for (const at of [...cuts, ...anywhere]) {
      const path = cutAt(at);
      expect(read(path)).toEqual(written.slice(0, wholeUntil(at)));
      rmSync(path);
    }
  });

  test('is cut off by the next writer, which goes on from there', async () => {
    const repaired: { path: string; expected: WandbRecord[] }[] = [];
    for (const [i, at] of cuts.filter((_, j) => j % 3 === 0).entries()) {
      const path = cutAt(at);
      const writer = new RecordLogWriter(path);
      expect(sizeOf(path)).toBe(at < fileHeader ? fileHeader : (ends[wholeUntil(at) - 1] ?? fileHeader));
      const added = [line('added'), line('z'.repeat(i % 7 === 0 ? 40_000 : i + 1)), line('last')];
      for (const content of added) writer.write(content);
      writer.close();
      const expected = [...written.slice(0, wholeUntil(at)), ...added].map((record, j) => ({ ...record, num: j + 1 }));
      expect(read(path)).toEqual(expected);
      repaired.push({ path, expected });
    }
    if (!officialPython) return;
    const sample = repaired.filter((_, i) => i % 3 === 0);
    const found = await readAllWithOfficialReader(sample.map(({ path }) => path));
    expect(found).toEqual(sample.map(({ expected }) => expected.map(official)));
  });

  test('a flipped bit ends the reading there, and what follows is no longer trusted', () => {
    const places = [...near, ...fc.sample(fc.nat(bytes.length - 1), 100)].filter((at) => at >= fileHeader);
    for (const at of places) {
      const path = newPath();
      const flipped = Buffer.from(bytes);
      flipped[at] = (flipped[at] ?? 0) ^ (1 << (at % 8));
      writeFileSync(path, flipped);
      const records = read(path);
      // In what fills a block up, it is no harm.
      expect(records).toEqual(isPadding(at) ? written : written.slice(0, wholeUntil(at)));
      rmSync(path);
    }
  });

  /** Whether a byte lies between the end of a record and that of its block, where no chunk has room. */
  function isPadding(at: number): boolean {
    const end = ends.findLast((known) => known <= at) ?? fileHeader;
    const blockEnd = Math.ceil(end / block) * block;
    return blockEnd - end < chunkHeader && at < blockEnd;
  }
});

test.each([
  ['text', Buffer.from('{"type":"start"}\n')],
  ['another version', Buffer.from([0x3a, 0x57, 0x26, 0x42, 0xe1, 0xbe, 0x01])],
  ['a beginning of something else', Buffer.from(':W?')],
])('%s is no log', (_, bytes) => {
  const path = newPath();
  writeFileSync(path, bytes);
  for (const open of [() => read(path), () => new RecordLogWriter(path)]) {
    expect(open).toThrow(UserError);
    expect(open).toThrow(/^WANDB_LOG_MALFORMED: .*\.wandb; .*yarn runs sync/);
  }
  expect(isEnded(path)).toBe(false);
  expect(readFileSync(path)).toEqual(bytes);
});

test('a chunk that holds no record is no log', () => {
  const path = newPath();
  // The checksum of one byte 0xff after the type, computed by zlib: a field of an unknown wire type.
  writeFileSync(path, Buffer.from('3a572642e1be00' + '33ccc075' + '0100' + '01' + 'ff', 'hex'));
  expect(() => read(path)).toThrow(/^WANDB_LOG_MALFORMED/);
});

test('a file that is not there is the system’s error for a reader, a new log for a writer', () => {
  const path = newPath();
  expect(() => new RecordLogReader(path)).toThrow(/ENOENT/);
  expect(() => isEnded(path)).toThrow(/ENOENT/);
  expect(existsSync(path)).toBe(false);
  new RecordLogWriter(path).close();
  expect(readFileSync(path).toString('hex')).toBe('3a572642e1be00');
  expect(read(path)).toEqual([]);
});

describe('endOf', () => {
  test('tells the exit code, wherever in a block the end lies', () => {
    for (const left of Array.from({ length: 90 }, (_, i) => i)) {
      for (const exit_code of [0, 1, 137, -1]) {
        const path = newPath();
        const writer = new RecordLogWriter(path);
        writer.write(leaving(left, sizeOf(path), 1));
        writer.write({ summary: { update: [] } });
        writer.write({ exit: { exit_code, runtime: 2 ** 31 - 1 } });
        writer.write({ final: {} });
        expect(endOf(path)).toBeUndefined();
        writer.write({ footer: {} });
        expect(endOf(path)).toEqual({ exitCode: exit_code });
        writer.close();
      }
    }
  });

  /** A log whose records so far leave so many bytes in a block, and whose footer has the number `num`. */
  function endedLog(left: number, records: number): string {
    const path = newPath();
    const writer = new RecordLogWriter(path);
    for (let num = 1; num < records; num++) writer.write(line('a line'));
    writer.write(leaving(left, sizeOf(path), records));
    expect(isEnded(path)).toBe(false);
    writer.write({ footer: {} });
    writer.close();
    return path;
  }

  test('holds once the footer is there, wherever in a block it lies', () => {
    for (const left of [0, 1, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 20, 30, 1000]) {
      for (const records of [1, 130]) {
        const path = endedLog(left, records);
        expect(isEnded(path), `${left} bytes left, ${records} records`).toBe(true);
        const end = sizeOf(path);
        appendFileSync(path, Buffer.from([0]));
        expect(isEnded(path)).toBe(false);
        for (let cut = 1; cut < 24; cut++) {
          truncateSync(path, end - cut);
          expect(isEnded(path), `${left} bytes left, cut by ${cut}`).toBe(false);
        }
      }
    }
  });

  test('holds at any number of records, up to numbers of several bytes', () => {
    const path = newPath();
    const writer = new RecordLogWriter(path);
    for (let num = 1; num <= 17_000; num++) {
      writer.write(num % 997 === 0 ? { footer: {} } : { final: {} });
      if (num % 997 < 3 || num > 16_380) expect(isEnded(path), `${num}`).toBe(num % 997 === 0);
    }
    writer.close();
  });

  test('does not hold for an empty file, a mere header, or a long last record', () => {
    const path = newPath();
    writeFileSync(path, '');
    expect(isEnded(path)).toBe(false);
    const writer = new RecordLogWriter(path);
    expect(isEnded(path)).toBe(false);
    writer.write({ footer: {} });
    expect(isEnded(path)).toBe(true);
    writer.write(line('x'.repeat(100_000)));
    expect(isEnded(path)).toBe(false);
    writer.close();
  });
});
