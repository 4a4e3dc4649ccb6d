import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UserError } from '../../src/errors.ts';
import {
  type JournalRecord,
  JournalWriter,
  readJournal,
  readJournalEnds,
  type StepRecord,
  threadsOf,
  withoutWall,
} from '../../src/tracking/journal.ts';
import { temporaryFolder } from '../report/madeUpResults.ts';
import { schemaProblems } from './journalSchema.ts';

const start: JournalRecord = {
  type: 'start',
  format: 1,
  cell: '0123456789abcdef',
  kind: 'retrofit',
  experiment: 'made-up',
  axes: { 'training.learningRate': 1e-4 },
  seed: 3,
  settings: { pooling: 'cls', evaluation: { references: null } },
  data: { name: 'embedded', hash: 'd' },
  encoder: { name: 'mini', hash: 'e' },
  engine: { name: 'wasm', detail: 'SIMD', device: 'cpu', precision: 'float32' },
  code: '0.1.0',
  notes: ['Zoë said “naïve”, 日本'],
  wall: { at: '2026-11-21T06:54:00.000Z' },
};

function step(number: number, values: Partial<StepRecord> = {}): StepRecord {
  return {
    type: 'step',
    step: number,
    epoch: 0,
    learningRate: 1e-4,
    loss: 2,
    terms: { supCon: 2 },
    gradientNorm: 1,
    counts: { loneAnchors: 0 },
    wall: { seconds: 0.1 },
    ...values,
  };
}

const end: JournalRecord = {
  type: 'end',
  status: 'completed',
  steps: 2,
  evaluatedStep: 2,
  metrics: { 'knn.macroF1': 0.3 },
  wall: { seconds: 1 },
};

function journalOf(records: readonly JournalRecord[]): string {
  const path = join(temporaryFolder(), 'journal.jsonl');
  const writer = new JournalWriter(path);
  for (const record of records) writer.write(record);
  writer.close();
  return path;
}

function problemsOf(read: () => unknown): UserError['problems'] {
  try {
    read();
  } catch (error) {
    if (error instanceof UserError) return error.problems;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('readJournal', () => {
  test('gives back what was written, one line a record', () => {
    const records = [
      start,
      step(1, { conflict: { norms: { supCon: 1 }, cosines: { supCon·vectorSpacePreservation: -0.5 } } }),
      { type: 'validation', step: 1, metrics: { 'knn.macroF1': 0.2 }, wall: {} } as const,
      step(2),
      end,
    ];
    const path = journalOf(records);
    expect(readJournal(path)).toEqual(records);
    expect(readFileSync(path, 'utf8').split('\n')).toHaveLength(records.length + 1);
  });

  test('keeps every number to the bit, the ones that JSON lacks included', () => {
    const number = fc.double().map((value) => value + 0); // −0 is written as 0
    fc.assert(
      fc.property(number, number, fc.dictionary(fc.stringMatching(/^[a-zA-Z.]{1,9}$/), number), (loss, norm, terms) => {
        const [record] = readJournal(journalOf([step(1, { loss, gradientNorm: norm, terms })]));
        expect(record).toEqual(step(1, { loss, gradientNorm: norm, terms }));
      }),
      { numRuns: 50 },
    );
    const losses = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    const records = readJournal(journalOf(losses.map((loss, i) => step(i + 1, { loss }))));
    expect(records.map((record) => (record.type === 'step' ? record.loss : null))).toEqual(losses);
  });

  test('keeps what a trained classifier says, of test texts with its probabilities and of examples', () => {
    const predictions = {
      type: 'predictions',
      classifier: 'classifier',
      labelNames: ['joy', 'grief'],
      truth: [0, 1],
      predicted: [0, 0],
      probabilities: [0.75, 0.25, 0.500001, 0.499999],
      wall: {},
    } as const satisfies JournalRecord;
    const { probabilities: _, ...without } = { ...predictions, classifier: 'knn' };
    const examples = {
      type: 'examples',
      labelNames: ['joy', 'grief'],
      texts: ['Zoë said “naïve”', 'alas'],
      probabilities: [
        [0.9, 0.1],
        [0.125, 0.875],
      ],
      wall: {},
    } as const satisfies JournalRecord;
    const records = [start, without, predictions, examples, end];
    const path = journalOf(records);
    expect(readJournal(path)).toEqual(records);
    expect(schemaProblems(path)).toEqual([]);
    for (const wrong of [
      { ...predictions, probabilities: ['0.75'] },
      { ...examples, probabilities: [0.9, 0.1] },
      { ...examples, texts: undefined },
    ]) {
      const broken = journalOf([start]);
      appendFileSync(broken, `${JSON.stringify(wrong)}\n${JSON.stringify(end)}\n`);
      expect(problemsOf(() => readJournal(broken))).toMatchObject([
        { code: 'JOURNAL_MALFORMED', given: `${broken}:2` },
      ]);
      expect(schemaProblems(broken)).toHaveLength(1);
    }
  });

  test('leaves out a last line that was cut off, wherever it was cut', () => {
    const whole = readFileSync(journalOf([start, step(1)]), 'utf8');
    const beforeStep = whole.indexOf('\n') + 1;
    for (let length = beforeStep; length < whole.length - 1; length += 7) {
      const path = journalOf([]);
      writeFileSync(path, whole.slice(0, length));
      expect(readJournal(path)).toEqual([start]);
    }
  });

  test('reads a last line that only lacks its line break', () => {
    const path = journalOf([start, end]);
    writeFileSync(path, readFileSync(path, 'utf8').trimEnd());
    expect(readJournal(path)).toEqual([start, end]);
  });

  test('keeps where a run was computed, as newer and older journals tell it', () => {
    const at = '2026-11-21T06:54:00.000Z';
    const environment = {
      host: 'a',
      platform: 'linux x64',
      cpu: { model: null, cores: 2 },
      memoryBytes: 2 ** 34,
      gpus: ['NVIDIA A'],
      threads: 1,
      versions: { contrafit: '1', node: '20', '@tensorflow/tfjs-core': '4', '@tensorflow/tfjs-node-gpu': '4' },
      git: { commit: 'c', dirty: true, remote: null },
    };
    const starts = [
      { ...start, wall: { at, environment } },
      { ...start, wall: { at, host: 'a', threads: 1, node: 'v20' } },
    ];
    const path = journalOf(starts);
    expect(readJournal(path)).toEqual(starts);
    expect(starts.map(threadsOf)).toEqual([1, 1]);
    expect(schemaProblems(path)).toEqual([]);
  });

  test('an empty file holds no records', () => {
    expect(readJournal(journalOf([]))).toEqual([]);
  });

  test.each([
    ['not JSON', '{"type":"step",'],
    ['an unknown type', '{"type":"other"}'],
    ['a missing field', '{"type":"validation","step":1,"wall":{}}'],
    ['another format', JSON.stringify({ ...start, format: 2 })],
    ['an empty line', ''],
  ])('names file and line of %s', (_what, line) => {
    const path = journalOf([start]);
    appendFileSync(path, `${line}\n${JSON.stringify(end)}\n`);
    expect(problemsOf(() => readJournal(path))).toEqual([
      expect.objectContaining({ code: 'JOURNAL_MALFORMED', given: `${path}:2` }),
    ]);
  });
});

describe('readJournalEnds', () => {
  test.each([0, 1, 400, 2000])('gives the first and the last of a journal with %i steps', (count) => {
    const steps = Array.from({ length: count }, (_, i) => step(i + 1));
    expect(readJournalEnds(journalOf([start, ...steps, end]))).toEqual({ first: start, last: end });
  });

  test('reads records that are longer than a block', () => {
    const longStart = { ...start, notes: Array.from({ length: 3000 }, (_, i) => `ünwieldy note ${i}`) };
    const longEnd = { ...end, metrics: Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [`metric${i}`, i])) };
    expect(readJournalEnds(journalOf([longStart, longEnd]))).toEqual({ first: longStart, last: longEnd });
  });

  test('a journal of one record begins and ends with it', () => {
    expect(readJournalEnds(journalOf([start]))).toEqual({ first: start, last: start });
  });

  test('refuses a cut-off last line, which readJournal would leave out', () => {
    const path = journalOf([start, end]);
    writeFileSync(path, readFileSync(path, 'utf8').slice(0, -5));
    expect(problemsOf(() => readJournalEnds(path))).toEqual([
      expect.objectContaining({ code: 'JOURNAL_MALFORMED', given: `${path}, last line` }),
    ]);
  });
});

describe('a journal that was cut off', () => {
  const added = step(9, { loss: Number.NaN, terms: { supCon: Number.NEGATIVE_INFINITY } });

  /** Writes the first bytes of a journal of these records, checks what readers make of them, and continues them. */
  function cutAndContinue(path: string, records: readonly JournalRecord[], bytes: Buffer, length: number): void {
    const kept = bytes.subarray(0, length);
    writeFileSync(path, kept);
    const breaks = kept.reduce((sum, byte) => sum + Number(byte === 10), 0);
    const endsWhole = kept.length > 0 && bytes[kept.length] === 10;
    const whole = records.slice(0, breaks + Number(endsWhole));
    expect(readJournal(path)).toEqual(whole);
    if (whole.length > 0 && (endsWhole || kept.at(-1) === 10)) {
      expect(readJournalEnds(path)).toEqual({ first: whole[0], last: whole.at(-1) });
    } else expect(problemsOf(() => readJournalEnds(path))).toMatchObject([{ code: 'JOURNAL_MALFORMED' }]);

    const writer = new JournalWriter(path);
    writer.write(added);
    writer.close();
    expect(readJournal(path)).toEqual([...whole, added]);
    expect(readJournalEnds(path)).toEqual({ first: whole[0] ?? added, last: added });
    expect(schemaProblems(path)).toEqual([]);
  }

  test('at every byte loses its last line and no more, and is continued behind it', () => {
    const records = [
      start,
      step(1, { loss: Number.POSITIVE_INFINITY, terms: { supCon: Number.NaN } }),
      { type: 'event', event: 'evaluating', step: 1, wall: { seconds: 0.5 } } as const,
      end,
    ];
    const path = journalOf(records);
    const bytes = readFileSync(path);
    for (let length = 0; length <= bytes.length; length++) cutAndContinue(path, records, bytes, length);
  });

  test('anywhere, with any records', () => {
    const number = fc.double().map((value) => value + 0); // −0 is written as 0
    const record = fc.oneof(
      fc.record({ loss: number, gradientNorm: number }).map((values) => step(1, values)),
      fc.string({ unit: 'binary' }).map((detail) => ({ type: 'event', event: 'saving', detail, wall: {} }) as const),
      // Longer than the blocks in which the end of a file is read.
      fc.integer({ min: 16_300, max: 17_000 }).map((length) => ({ ...start, notes: ['é'.repeat(length)] })),
    );
    fc.assert(
      fc.property(fc.array(record, { minLength: 1, maxLength: 6 }), fc.nat(), (records, length) => {
        const path = journalOf(records);
        const bytes = readFileSync(path);
        cutAndContinue(path, records, bytes, length % (bytes.length + 1));
      }),
    );
  });
});

test('withoutWall leaves out what may differ between two runs of a cell, and nothing else', () => {
  const slow = step(1, { wall: { seconds: 9, host: 'slow' } });
  expect(withoutWall(slow)).toEqual(withoutWall(step(1)));
  expect({ ...withoutWall(slow), wall: slow.wall }).toEqual(slow);
});
