import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ensembleScores, ensemblesOf, ensembleTable } from '../../src/report/ensembles.ts';
import { noColours } from '../../src/report/terminal.ts';
import type { EndRecord, PredictionsRecord } from '../../src/tracking/journal.ts';
import { readExperiment } from '../../src/tracking/results.ts';
import { cellId, madeUpRuns, writeMadeUpResults } from './madeUpResults.ts';

const labelNames = ['joy', 'fear', 'anger'];

/** What a classifier says of texts whose classes these are. */
function record(truth: readonly number[], rows: readonly (readonly number[])[], classifier = 'classifier') {
  return {
    type: 'predictions',
    classifier,
    labelNames,
    truth: [...truth],
    predicted: rows.map((row) => row.indexOf(Math.max(...row))),
    probabilities: rows.flat(),
    wall: {},
  } satisfies PredictionsRecord;
}

/** Eighths are exact in a sum, so that there are ties, and both sides see the same ones. */
const probabilityRow = fc
  .tuple(fc.nat(8), fc.nat(8))
  .map(([a, b]) => [Math.min(a, b) / 8, Math.abs(a - b) / 8, (8 - Math.max(a, b)) / 8]);

describe('ensembleScores', () => {
  it('are those of the mean probabilities, text by text', () => {
    const size = fc.tuple(fc.integer({ min: 1, max: 12 }), fc.constantFrom(1, 2, 4));
    const drawn = size.chain(([texts, members]) =>
      fc.record({
        truth: fc.array(fc.nat(2), { minLength: texts, maxLength: texts }),
        members: fc.array(fc.array(probabilityRow, { minLength: texts, maxLength: texts }), {
          minLength: members,
          maxLength: members,
        }),
      }),
    );
    fc.assert(
      fc.property(drawn, ({ truth, members }) => {
        const means = truth.map((_, text) =>
          labelNames.map((_name, label) => {
            const own = members.map((rows) => rows[text]?.[label] as number);
            return own.reduce((sum, value) => sum + value, 0) / members.length;
          }),
        );
        const predicted = means.map((row) => row.indexOf(Math.max(...row)));
        const hits = truth.filter((label, text) => label === predicted[text]).length;
        const surprise = means.map((row, text) => -Math.log(Math.max(2 ** -52, row[truth[text] as number] as number)));
        const f1 = labelNames.flatMap((_name, label) => {
          const both = truth.filter((own, text) => own === label && predicted[text] === label).length;
          const either = [...truth, ...predicted].filter((own) => own === label).length;
          return either === 0 ? [] : [(2 * both) / either];
        });
        const scores = ensembleScores(members.map((rows) => record(truth, rows)));
        expect(scores.accuracy).toBeCloseTo(hits / truth.length, 12);
        expect(scores.macroF1).toBeCloseTo(f1.reduce((sum, own) => sum + own, 0) / f1.length, 12);
        const mean = surprise.reduce((sum, own) => sum + own, 0) / truth.length;
        expect(scores.logLoss).toBeCloseTo(mean, 6);
      }),
    );
  });

  it('of equally likely classes take the first', () => {
    const scores = ensembleScores([
      record(
        [0, 1],
        [
          [1, 0, 0],
          [0, 1, 0],
        ],
      ),
      record(
        [0, 1],
        [
          [0, 1, 0],
          [0, 0, 1],
        ],
      ),
    ]);
    expect(scores.accuracy).toBe(1);
  });

  it('of sigmoids where a text has one class are those of their shares', () => {
    const sigmoids = [
      [
        [0.8, 0.4, 0.2],
        [0.1, 0.1, 0.2],
      ],
      [
        [0.6, 0.2, 0.4],
        [0.3, 0.5, 0],
      ],
    ];
    const scores = ensembleScores(sigmoids.map((rows) => record([0, 2], rows)));
    // Means of .7, .3, .3 and .2, .3, .1, divided by their sums.
    expect(scores.logLoss).toBeCloseTo((-Math.log(0.7 / 1.3) - Math.log(0.1 / 0.6)) / 2, 12);
    expect(scores.calibrationError).toBeCloseTo((1 - 0.7 / 1.3 + 0.3 / 0.6) / 2, 12);
    expect(scores.accuracy).toBe(0.5);
  });

  it('two classifiers that are wrong may be right together', () => {
    const truth = [0, 0];
    const one = record(truth, [
      [0.45, 0.55, 0],
      [0.9, 0.1, 0],
    ]);
    const two = record(truth, [
      [0.9, 0.1, 0],
      [0.4, 0, 0.6],
    ]);
    expect([one, two].map((own) => ensembleScores([own]).accuracy)).toEqual([0.5, 0.5]);
    expect(ensembleScores([one, two]).accuracy).toBe(1);
  });
});

const truth = [0, 1, 2, 1];

/** Different ones for each cell, all of them distributions. */
function rowsOf(point: number, seed: number): number[][] {
  return truth.map((_, text) => {
    const weights = labelNames.map((_name, label) => 1 + ((7 * text + 5 * label + 3 * seed + point) % 8));
    const total = weights.reduce((sum, own) => sum + own, 0);
    return weights.map((own) => own / total);
  });
}

interface Trained {
  readonly point: number;
  readonly seed: number;
  /** Default: a record with probabilities. */
  readonly records?: readonly PredictionsRecord[];
}

/** Made-up results in which these cells have a trained classifier. */
async function resultsWith(trained: readonly Trained[]) {
  const folder = join(await writeMadeUpResults(), 'made-up');
  for (const { point, seed, records = [record(truth, rowsOf(point, seed))] } of trained) {
    const file = join(folder, 'cells', cellId(point, seed), 'journal.jsonl');
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    const end = JSON.parse(lines.at(-1) as string) as EndRecord;
    const metrics = { ...end.metrics, 'classifier.accuracy': 0.5 };
    writeFileSync(
      file,
      lines
        .slice(0, -1)
        .map((line) => `${line}\n`)
        .join(''),
    );
    for (const own of [...records, { ...end, metrics }]) appendFileSync(file, `${JSON.stringify(own)}\n`);
  }
  return readExperiment(folder);
}

const seedsOf = (point: number, ...seeds: number[]) => seeds.map((seed) => ({ point, seed }));

describe('ensemblesOf', () => {
  it('has one for each point with two trained classifiers or more', async () => {
    const results = await resultsWith([...seedsOf(0, 1, 2, 3), ...seedsOf(1, 1, 3), ...seedsOf(2, 1)]);
    const ensembles = ensemblesOf(results);
    expect(ensembles.map(({ point, seeds }) => [point, seeds])).toEqual([
      ['temperature 0.05 · weight 1', [1, 2, 3]],
      ['temperature 0.05 · weight 10', [1, 3]],
    ]);
    const [whole, two] = ensembles;
    expect(whole?.scores).toEqual(ensembleScores([1, 2, 3].map((seed) => record(truth, rowsOf(0, seed)))));
    expect(two?.scores).toEqual(ensembleScores([1, 3].map((seed) => record(truth, rowsOf(1, seed)))));
    expect(whole?.scores).not.toEqual(two?.scores);
  });

  it('leaves out a run that diverged', async () => {
    // Seed 2 of point 2 has.
    const results = await resultsWith(seedsOf(2, 1, 2, 3));
    expect(ensemblesOf(results)).toEqual([
      {
        point: 'temperature 0.1 · weight 1',
        seeds: [1, 3],
        scores: ensembleScores([1, 3].map((seed) => record(truth, rowsOf(2, seed)))),
      },
    ]);
    expect(ensemblesOf(await resultsWith(seedsOf(2, 1, 2)))).toEqual([]);
  });

  it('has none where there is no classifier, or journals hold no probabilities', async () => {
    expect(ensemblesOf(await resultsWith([]))).toEqual([]);
    const { probabilities: _, ...without } = record(truth, rowsOf(0, 1));
    const older = [{ point: 0, seed: 1, records: [without] }, ...seedsOf(0, 2, 3)];
    expect(ensemblesOf(await resultsWith(older))).toEqual([]);
  });

  it('takes the trained classifier’s and no other’s', async () => {
    const records = [record(truth, [...rowsOf(3, 3)].reverse(), 'sst2.fineTuning'), record(truth, rowsOf(0, 1))];
    const results = await resultsWith([{ point: 0, seed: 1, records }, ...seedsOf(0, 2)]);
    const [ensemble] = ensemblesOf(results);
    expect(ensemble?.scores).toEqual(ensembleScores([1, 2].map((seed) => record(truth, rowsOf(0, seed)))));
  });
});

/** The same where texts may have several classes. */
function severalRecord(truths: readonly number[][], rows: readonly (readonly number[])[], threshold: number) {
  const predicted = rows.map((row) => row.flatMap((value, label) => (value >= threshold ? [label] : [])));
  return {
    ...record(
      truths.map(([first]) => first as number),
      rows,
    ),
    several: { truth: [...truths], predicted, thresholds: labelNames.map(() => threshold) },
  } satisfies PredictionsRecord;
}

describe('ensembleTable', () => {
  it('of classifiers that give several classes shows micro F1, and nothing that they do not have', () => {
    const truths = [[0, 1], [2], [1]];
    const members = [
      severalRecord(
        truths,
        [
          [0.9, 0.4, 0.1],
          [0.3, 0.1, 0.7],
          [0.2, 0.3, 0.1],
        ],
        0.3,
      ),
      severalRecord(
        truths,
        [
          [0.7, 0.8, 0.1],
          [0.3, 0.3, 0.9],
          [0.4, 0.1, 0.1],
        ],
        0.5,
      ),
    ];
    const scores = ensembleScores(members);
    // Of means .8 .6 .1, .3 .2 .8 and .3 .2 .1 those from .4 on: three of four classes are found, and no other.
    expect(scores.microF1).toBeCloseTo(6 / 7, 12);
    expect(scores.accuracy).toBeCloseTo(2 / 3, 12);
    const table = ensembleTable([{ point: '', seeds: [1, 2], scores }], noColours);
    expect(table).toMatch(/^ensemble +seeds +accuracy % +weighted F1 % +macro F1 % +micro F1 % +log loss +ROC-AUC\n/);
    expect(table).toMatch(/ 85\.7 /);
    expect(table).not.toContain('NaN');
  });

  it('has a line for each', () => {
    const scores = {
      accuracy: 0.75,
      weightedF1: 0.7,
      macroF1: 0.65,
      logLoss: 0.4321,
      calibrationError: 0.05,
      rocAuc: 0.8125,
    };
    const table = ensembleTable(
      [
        { point: 'rank 8', seeds: [1, 2, 3], scores },
        { point: '', seeds: [1, 2], scores: { accuracy: 1 } },
      ],
      noColours,
    );
    expect(table).toMatchInlineSnapshot(`
      "ensemble        seeds  accuracy %  weighted F1 %  macro F1 %  log loss  calibration error  ROC-AUC
      ──────────────────────────────────────────────────────────────────────────────────────────────────
      rank 8              3        75.0           70.0        65.0     0.432             0.0500    0.813
      the only point      2       100.0            NaN         NaN       NaN                NaN      NaN
      Mean probabilities of the classifiers of all seeds."
    `);
  });

  it('is empty without any', () => {
    expect(ensembleTable([], noColours)).toBe('');
  });
});

it('the made-up results have the seeds that these tests count on', () => {
  expect(madeUpRuns.points.map(({ seeds }) => Object.keys(seeds))).toEqual([
    ['1', '2', '3'],
    ['1', '2', '3'],
    ['1', '3'],
    ['2'],
  ]);
});
