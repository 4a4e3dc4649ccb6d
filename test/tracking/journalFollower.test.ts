import { appendFileSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { type JournalRecord, JournalWriter, readJournal } from '../../src/tracking/journal.ts';
import { JournalFollower } from '../../src/tracking/journalFollower.ts';
import { start } from '../wandb/journals.ts';

const scratch = mkdtempSync(join(tmpdir(), 'contrafit-follower-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
let files = 0;
const newPath = () => join(scratch, `${files++}.jsonl`);

const records: JournalRecord[] = [
  { ...start, notes: ['naïve 😀 texts', '漢字'], settings: { name: '𝔘nicode "quoted"\n' } },
  { type: 'event', event: 'training', detail: '→ é', wall: { seconds: 0.5 } },
  { type: 'validation', step: 1, metrics: { 'knn.macroF1': Number.NaN }, wall: {} },
  { type: 'end', status: 'completed', steps: 1, metrics: { α: Number.NEGATIVE_INFINITY }, wall: {} },
];

function written(): { path: string; bytes: Buffer } {
  const path = newPath();
  const writer = new JournalWriter(path);
  for (const record of records) writer.write(record);
  writer.close();
  return { path, bytes: readFileSync(path) };
}

const { path: whole, bytes } = written();
const expected = readJournal(whole);
const breaks = Array.from(bytes.keys()).filter((at) => bytes[at] === 0x0a);

/** Appends a file in pieces that end at these places, and follows it; checks what is given after each. */
function follow(ends: readonly number[]): void {
  const path = newPath();
  writeFileSync(path, '');
  const follower = new JournalFollower(path);
  const seen: JournalRecord[] = [];
  let done = 0;
  for (const end of [...ends, bytes.length]) {
    appendFileSync(path, bytes.subarray(done, end));
    done = end;
    seen.push(...follower.read());
    expect(seen).toEqual(expected.slice(0, breaks.filter((at) => at < end).length));
  }
  expect(follower.read()).toEqual([]);
  follower.close();
}

test('gives each record once, as it is in the journal, though it comes byte by byte', () => {
  expect(expected).toHaveLength(records.length);
  follow(Array.from(bytes.keys()));
});

test('gives each record once in pieces of any length', () => {
  const ends = fc.uniqueArray(fc.nat(bytes.length)).map((list) => list.sort((a, b) => a - b));
  fc.assert(fc.property(ends, follow), { numRuns: 50 });
});

test('goes on when the file is moved', () => {
  const path = newPath();
  writeFileSync(path, bytes.subarray(0, (breaks[1] ?? 0) + 5));
  const follower = new JournalFollower(path);
  expect(follower.read()).toEqual(expected.slice(0, 2));
  const moved = newPath();
  renameSync(path, moved);
  // Another one takes its place.
  writeFileSync(path, bytes);
  expect(follower.read()).toEqual([]);
  appendFileSync(moved, bytes.subarray((breaks[1] ?? 0) + 5));
  expect(follower.read()).toEqual(expected.slice(2));
  rmSync(moved);
  expect(follower.read()).toEqual([]);
  follower.close();
});

test('refuses what is no record, and a file that is not there', () => {
  const path = newPath();
  writeFileSync(path, '{"type":"nonsense"}\n');
  const follower = new JournalFollower(path);
  expect(() => follower.read()).toThrow();
  follower.close();
  expect(() => new JournalFollower(newPath())).toThrow(/ENOENT/);
});
