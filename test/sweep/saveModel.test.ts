import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import process from 'node:process';
import { describe, expect, it, onTestFinished } from 'vitest';
import { loadAdapters } from '../../src/classifiers/adapterFolder.ts';
import { type Classifier, disposeClassifier } from '../../src/classifiers/classifier.ts';
import { loadClassifier } from '../../src/classifiers/classifierFolder.ts';
import { findClassifier } from '../../src/classifiers/findClassifier.ts';
import type { Encoder } from '../../src/encoders/encoder.ts';
import { declaredPooling, loadEncoder } from '../../src/encoders/huggingFaceFolder.ts';
import { miniFolder } from '../../src/encoders/resolveEncoder.ts';
import { readSafetensors, readSafetensorsHeader, toFloat32 } from '../../src/encoders/safetensors.ts';
import type { SettingsInput } from '../../src/sweep/experiment.ts';
import { saveModel } from '../../src/sweep/saveModel.ts';
import { logitsOf } from '../classifiers/logits.ts';
import { writeRunJournal } from '../classifiers/runJournal.ts';
import { problemsOf } from '../data/problems.ts';
import { temporaryFolder } from '../data/temporaryFolder.ts';
import { classifiersFolder, furthest } from '../encoders/classifierGoldens.ts';
import { goldenFolder, largestDifference } from '../encoders/goldens.ts';
import { leakedTensorsOf, onEachEngine } from '../engine/engines.ts';
import { embeddingsOf, type TrainedCell, trainedCell } from './trainedCell.ts';

const texts = ['I could dance.', 'The kettle had been whistling for a minute.', '😭 no'];
const maxLength = 16;

/** Encoders by their names in settings, and where their files lie. */
const encoders = [
  ['mini', 'mini', miniFolder],
  ['RoBERTa', `${goldenFolder}roberta`, `${goldenFolder}roberta`],
] as const;

const withHead: Partial<SettingsInput> = { classifier: { kind: 'sequenceClassification' } };
const several: Partial<SettingsInput> = {
  data: { source: 'embedded-multi-sentiment', limit: 40 },
  objective: { binaryCrossEntropy: {} },
};

/** Saves what a cell has trained, and gives the cell's folder. */
async function saved(
  { settings, encoder, adapted, judged }: TrainedCell,
  thresholds: readonly number[] | null = null,
): Promise<string> {
  const folder = await temporaryFolder({});
  await saveModel({ encoder, adapted }, { ...judged, thresholds }, settings, folder);
  return folder;
}

function untilFinished<T extends Encoder | Classifier>(loaded: T): T {
  onTestFinished(() => ('dispose' in loaded ? loaded.dispose() : disposeClassifier(loaded)));
  return loaded;
}

const tensorNames = async (file: string) => [...(await readSafetensorsHeader(file)).keys()].sort();
const headOf = ({ heads }: TrainedCell) => heads.classification ?? expect.fail('no classification head');
const adaptedOf = ({ adapted }: TrainedCell) => adapted ?? expect.fail('no adapters');
const refusal = async (loading: Promise<unknown>) => (await problemsOf(loading)).map(({ code }) => code);

/** Every weight with what the adapters make of it, W + α/r · B A, by explicit loops in float64. */
function adaptedWeights(cell: TrainedCell): Map<string, number[][]> {
  const { adapters, options } = adaptedOf(cell);
  return new Map(
    [...adapters].map(([name, { a, b }]) => {
      const [rows, columns] = [b.arraySync(), a.arraySync()];
      const weight = cell.encoder.variables.get(name)?.arraySync() as number[][];
      const change = (o: number, i: number) =>
        (rows[o] as number[]).reduce((sum, value, r) => sum + value * (columns[r]?.[i] as number), 0);
      return [name, weight.map((row, o) => row.map((w, i) => w + (options.alpha / options.rank) * change(o, i)))];
    }),
  );
}

onEachEngine('saveModel', () => {
  describe.each(encoders)('of %s', (_name, encoder, source) => {
    it.each<[string, Partial<SettingsInput>]>([
      ['no classes', { objective: { supCon: {} }, pooling: 'mean' }],
      ['a linear head', { objective: { supCon: {}, crossEntropy: {} }, pooling: 'cls' }],
    ])('leaves an encoder where it was trained with %s', async (_, changes) => {
      const cell = await trainedCell({ encoder, ...changes });
      const folder = await saved(cell);
      expect(readdirSync(folder)).toEqual(['encoder']);
      const place = join(folder, 'encoder');
      const again = untilFinished(await loadEncoder(place, 'again'));
      const embeddings = embeddingsOf({ ...cell, encoder: again }, texts);
      expect(embeddings).toEqual(embeddingsOf(cell, texts));
      const before = untilFinished(await loadEncoder(source, 'before'));
      expect(furthest(embeddingsOf({ ...cell, encoder: before }, texts), embeddings)).toBeGreaterThan(1e-2);
      // No head is left beside it.
      expect([...again.variables.keys()].sort()).toEqual([...before.variables.keys()].sort());
      expect([...again.source.otherTensors.keys()]).toEqual([...before.source.otherTensors.keys()]);
      expect(await declaredPooling(place)).toBe(changes.pooling);
      expect(await refusal(loadClassifier(place, 'again'))).toEqual(['CLASSIFIER_HEAD_MISSING']);
    });

    it.each<[string, Partial<SettingsInput>, readonly number[] | null]>([
      ['a softmax', {}, null],
      ['sigmoids of one class a text', { objective: { binaryCrossEntropy: {} } }, null],
      ['sigmoids with thresholds', several, [0.3, 0.55, 0.5, 0.95]],
    ])('leaves a classifier where its head is that of transformers: %s', async (_, changes, thresholds) => {
      const cell = await trainedCell({ encoder, ...withHead, ...changes });
      const folder = await saved(cell, thresholds);
      expect(readdirSync(folder)).toEqual(['encoder']);
      writeRunJournal(folder, { maxLength });
      const classifier = untilFinished(await findClassifier(folder, { hubCache: folder, offline: true }));
      expect({ ...classifier, encoder: null, head: null }).toEqual({
        encoder: null,
        head: null,
        labelNames: cell.corpus.labelNames,
        activation: cell.judged.activation,
        maxLength,
        ...(thresholds && { thresholds }),
      });
      const logits = logitsOf({ encoder: cell.encoder, head: headOf(cell) }, texts, maxLength);
      expect(logitsOf(classifier, texts, maxLength)).toEqual(logits);
      expect(furthest([logits[1] as number[]], [logits[0] as number[]])).toBeGreaterThan(1e-3);
    });

    const lora = { rank: 2, alpha: 6, targets: ['query', 'output'] as const };
    const adapting = (save: 'merged' | 'adapters'): Partial<SettingsInput> => ({
      encoder,
      training: { steps: 1, lora: { ...lora, targets: [...lora.targets], save } },
    });

    it('leaves adapters merged into the classifier', async () => {
      const cell = await trainedCell({ ...adapting('merged'), ...withHead });
      const { encoder: below } = cell;
      const head = headOf(cell);
      const trained = logitsOf({ encoder: adaptedOf(cell), head }, texts, maxLength);
      const untouched = logitsOf({ encoder: below, head }, texts, maxLength);
      expect(furthest(untouched, trained)).toBeGreaterThan(1e-2);
      const folder = await saved(cell);
      expect(readdirSync(folder)).toEqual(['encoder']);
      const classifier = untilFinished(await loadClassifier(join(folder, 'encoder'), 'again'));
      expect(furthest(logitsOf(classifier, texts, maxLength), trained)).toBeLessThan(1e-4);
      expect((await tensorNames(join(folder, 'encoder', 'model.safetensors'))).join()).not.toContain('lora');
    });

    it('leaves adapters merged into the encoder, whose other weights are as they were', async () => {
      const cell = await trainedCell({ ...adapting('merged'), objective: { supCon: {} } });
      const expected = adaptedWeights(cell);
      const untouched = new Map(
        [...cell.encoder.variables].map(([name, variable]) => [name, variable.dataSync<'float32'>()]),
      );
      const again = untilFinished(await loadEncoder(join(await saved(cell), 'encoder'), 'again'));
      expect([...again.variables.keys()].sort()).toEqual([...untouched.keys()].sort());
      for (const [name, variable] of again.variables) {
        const weight = expected.get(name);
        if (weight) expect(furthest(variable.arraySync() as number[][], weight), name).toBeLessThan(1e-5);
        else expect(largestDifference(variable.dataSync(), untouched.get(name) as Float32Array), name).toBe(0);
      }
      expect(expected.size).toBe(2 * cell.encoder.config.layers);
    });

    it.each<[string, Partial<SettingsInput>, readonly number[] | null]>([
      ['a softmax', {}, null],
      ['sigmoids with thresholds', several, [0.3, 0.55, 0.5, 0.95]],
    ])('leaves adapters alone, with the head: %s', async (_, changes, thresholds) => {
      const cell = await trainedCell({ ...adapting('adapters'), ...withHead, ...changes });
      const head = headOf(cell);
      const trained = logitsOf({ encoder: adaptedOf(cell), head }, texts, maxLength);
      const folder = await saved(cell, thresholds);
      expect(readdirSync(folder)).toEqual(['adapters']);
      writeRunJournal(folder, { maxLength });
      const classifier = untilFinished(await findClassifier(folder, { hubCache: folder, offline: true }));
      expect(classifier.labelNames).toEqual(cell.corpus.labelNames);
      expect(classifier.activation).toBe(cell.judged.activation);
      expect(classifier.thresholds).toEqual(thresholds ?? undefined);
      expect(furthest(logitsOf(classifier, texts, maxLength), trained)).toBeLessThan(1e-4);
      // The run goes on with the encoder that they are merged into.
      expect(furthest(logitsOf({ encoder: cell.encoder, head }, texts, maxLength), trained)).toBeLessThan(1e-4);
      expect(furthest(logitsOf({ encoder: adaptedOf(cell), head }, texts, maxLength), trained)).toBeLessThan(1e-4);
    });

    it('leaves adapters alone, without a head', async () => {
      const cell = await trainedCell({ ...adapting('adapters'), objective: { supCon: {} } });
      const trained = [...adaptedOf(cell).adapters].flatMap(([, { a, b }]) => [a.dataSync(), b.dataSync()]);
      const merged = adaptedWeights(cell);
      const folder = await saved(cell);
      expect(readdirSync(folder)).toEqual(['adapters']);
      const stored: Float32Array[] = [];
      for await (const [, tensor] of readSafetensors(join(folder, 'adapters', 'adapter_model.safetensors'))) {
        stored.push(toFloat32(tensor));
      }
      const sorted = (matrices: readonly ArrayLike<number>[]) => matrices.map((own) => Array.from(own).join()).sort();
      expect(sorted(stored)).toEqual(sorted(trained));
      for (const [name, weight] of merged) {
        const own = cell.encoder.variables.get(name)?.arraySync() as number[][];
        expect(furthest(own, weight), name).toBeLessThan(1e-5);
      }
    });
  });

  it.each([
    ['mini', 'mini'],
    [`./${relative(process.cwd(), `${goldenFolder}roberta`)}`, `${goldenFolder}roberta`],
  ])('adapters name what they were trained on so that it is found from anywhere: %s', async (encoder, base) => {
    const cell = await trainedCell({
      ...withHead,
      encoder,
      training: { steps: 1, lora: { save: 'adapters' } },
    });
    const asked: string[] = [];
    const classifier = await loadAdapters(join(await saved(cell), 'adapters'), 'again', async (name) => {
      asked.push(name);
      return base === 'mini' ? miniFolder : base;
    });
    disposeClassifier(classifier);
    expect(asked).toEqual([base]);
  });

  it('leaves no head of a classifier that the encoder came from, which does not fit it any more', async () => {
    const encoder = join(classifiersFolder, 'distilBert');
    const place = join(await saved(await trainedCell({ encoder, objective: { supCon: {} } })), 'encoder');
    disposeClassifier(await loadClassifier(encoder, 'before'));
    expect(await refusal(loadClassifier(place, 'after'))).toEqual(['CLASSIFIER_HEAD_MISSING']);
    const { source } = untilFinished(await loadEncoder(place, 'after'));
    expect(source.configFile).not.toHaveProperty('id2label');
  });

  it.each<[string, Partial<SettingsInput>]>([
    ['an encoder', { objective: { supCon: {} } }],
    ['a classifier', withHead],
    ['merged adapters', { ...withHead, training: { steps: 1, lora: {} } }],
    ['adapters', { ...withHead, training: { steps: 1, lora: { save: 'adapters' } } }],
  ])('keeps no tensor: %s', async (_, changes) => {
    const cell = await trainedCell({ encoder: `${goldenFolder}bert`, ...changes });
    expect(await leakedTensorsOf(() => saved(cell))).toBe(0);
  });
});
