import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { examplesRecord, headPredictions } from '../../src/sweep/classifierRecords.ts';
import type { SettingsInput } from '../../src/sweep/experiment.ts';
import { JournalWriter, readJournal } from '../../src/tracking/journal.ts';
import { temporaryFolder } from '../data/temporaryFolder.ts';
import { leakedTensorsOf, onEachEngine } from '../engine/engines.ts';
import { schemaProblems } from '../tracking/journalSchema.ts';
import { probabilitiesOf, type TrainedCell, tiny, trainedCell } from './trainedCell.ts';

const embeddings = { data: new Float32Array(), rows: 0, columns: 0 };
const labelNames = ['joy', 'fear', 'anger'];

/** Three texts of which the second has two classes, and the third is given none. */
const labels = Int32Array.of(0, 2, 1);
const truths = Uint8Array.of(1, 0, 0, 0, 1, 1, 0, 1, 0);
const values = Float32Array.of(0.9, 0.05, 0.5, 0.2, 0.6, 0.55, 0.4999998, 0.39, 1.23456789e-7);
const classified = { predicted: Int32Array.of(0, 1, 1), probabilities: { values, classes: 3 }, finite: true };
const thresholds = [0.5, 0.4, 0.5];

describe('headPredictions', () => {
  const record = headPredictions({ labelNames }, { embeddings, labels, truths }, classified, thresholds);

  it('say of each text which class it has and was given, and how likely each was', () => {
    expect(record).toMatchObject({
      type: 'predictions',
      classifier: 'classifier',
      labelNames,
      truth: [0, 2, 1],
      predicted: [0, 1, 1],
    });
  });

  it('shorten probabilities to six digits', () => {
    expect(record.probabilities).toEqual([0.9, 0.05, 0.5, 0.2, 0.6, 0.55, 0.5, 0.39, 1.23457e-7]);
  });

  it('name all classes of texts that may have several, by their thresholds and the whole probabilities', () => {
    expect(record.several).toEqual({
      truth: [[0], [1, 2], [1]],
      predicted: [[0, 2], [1, 2], []],
      thresholds,
    });
  });

  it.each([
    ['texts of one class', undefined, thresholds],
    ['no thresholds', truths, null],
    ['neither', undefined, null],
  ])('have nothing of several classes: %s', (_, own, given) => {
    const alone = headPredictions({ labelNames }, { embeddings, labels, truths: own }, classified, given);
    const { several: _several, ...rest } = record;
    expect(alone).toEqual(rest);
  });

  it('come back from the journal as they were', async () => {
    const path = join(await temporaryFolder({}), 'journal.jsonl');
    const writer = new JournalWriter(path);
    writer.write(record);
    writer.close();
    expect(readJournal(path)).toEqual([record]);
    expect(schemaProblems(path)).toEqual([]);
  });

  it('give the classes that are at least as likely as their thresholds, and no others', () => {
    const text = fc.record({
      label: fc.nat({ max: 2 }),
      truth: fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()),
      own: fc.tuple(...labelNames.map(() => fc.float({ min: 0, max: 1, noNaN: true }))),
    });
    const threshold = fc.double({ min: 0.01, max: 0.99, noNaN: true });
    fc.assert(
      fc.property(fc.array(text, { minLength: 1 }), fc.tuple(threshold, threshold, threshold), (texts, given) => {
        const { several, probabilities, truth } = headPredictions(
          { labelNames },
          {
            embeddings,
            labels: Int32Array.from(texts, ({ label }) => label),
            truths: Uint8Array.from(texts.flatMap((own) => own.truth.map(Number))),
          },
          {
            predicted: Int32Array.from(texts, () => 0),
            probabilities: { values: Float32Array.from(texts.flatMap(({ own }) => own)), classes: 3 },
            finite: true,
          },
          given,
        );
        expect(truth).toEqual(texts.map(({ label }) => label));
        for (const [i, own] of texts.entries()) {
          for (const label of [0, 1, 2]) {
            const probability = own.own[label] as number;
            expect(several?.truth[i]?.includes(label)).toBe(own.truth[label]);
            expect(several?.predicted[i]?.includes(label)).toBe(probability >= (given[label] as number));
            expect(Math.abs((probabilities?.[3 * i + label] as number) - probability)).toBeLessThanOrEqual(
              5e-6 * probability,
            );
          }
        }
      }),
    );
  });
});

onEachEngine('examplesRecord', () => {
  // The last is longer than the settings let texts be.
  const examples = ['I could dance.', 'Do not speak to her.', 'I could dance.', 'Never again, '.repeat(20)];
  const recordOf = ({ settings, judged, adapted, encoder }: TrainedCell) =>
    examplesRecord(settings, judged, adapted ?? encoder);
  const asking = { evaluation: { classifier: { examples } } };

  it.each<[string, Partial<SettingsInput>]>([
    ['a softmax', {}],
    ['sigmoids', { objective: { binaryCrossEntropy: {} } }],
    ['means', { encoder: tiny, pooling: 'mean' }],
    ['adapters', { encoder: tiny, training: { steps: 1, lora: { rank: 2 } } }],
    ['other classes', { encoder: tiny, data: { source: 'embedded-ekman', limit: 40 } }],
  ])('says what the head makes of each sentence, in their order: %s', async (_, changes) => {
    const cell = await trainedCell({ ...asking, ...changes });
    const record = await recordOf(cell);
    expect(record).toMatchObject({ type: 'examples', labelNames: cell.corpus.labelNames, texts: examples });
    const expected = probabilitiesOf(cell, examples);
    expect(record?.probabilities).toEqual(expected.map((row) => row.map((p) => expect.closeTo(p, 4))));
    const [first, second, again] = record?.probabilities ?? [];
    expect(again).toEqual(first);
    expect(second).not.toEqual(first);
    for (const p of record?.probabilities.flat() ?? []) expect(p).toBe(Number(p.toPrecision(6)));
  });

  it.each<[string, Partial<SettingsInput>]>([
    ['no sentences', {}],
    ['no head', { objective: { supCon: {} }, ...asking }],
    ['a head of valence alone', { objective: { supCon: {}, valence: {} }, ...asking }],
  ])('is none with %s', async (_, changes) => {
    expect(await recordOf(await trainedCell({ encoder: tiny, ...changes }))).toBeUndefined();
  });

  it('leaves no tensor behind', async () => {
    const cell = await trainedCell({ encoder: tiny, ...asking });
    expect(await leakedTensorsOf(() => recordOf(cell))).toBe(0);
  });
});
