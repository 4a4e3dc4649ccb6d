import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Classifier, disposeClassifier } from '../../src/classifiers/classifier.ts';
import { loadClassifier } from '../../src/classifiers/classifierFolder.ts';
import { type Classifiable, type Prediction, predict } from '../../src/classifiers/predict.ts';
import {
  type ClassifierReference,
  classifiersFolder,
  furthest,
  readGolden,
  tinyClassifiers,
} from '../encoders/classifierGoldens.ts';
import { leakedTensorsOf, onEachEngine } from '../engine/engines.ts';

function load(name: string): Promise<Classifier> {
  return loadClassifier(join(classifiersFolder, name), name);
}

function softmax(logits: readonly number[]): number[] {
  const exponentials = logits.map((logit) => Math.exp(logit - Math.max(...logits)));
  return exponentials.map((value) => value / exponentials.reduce((sum, own) => sum + own, 0));
}

const sigmoid = (logits: readonly number[]) => logits.map((logit) => 1 / (1 + Math.exp(-logit)));

function rowsOf(predictions: readonly Prediction[], labels: readonly string[]): number[][] {
  return predictions.map(({ probabilities }) => labels.map((label) => probabilities[label] as number));
}

/** Whether each label is the most likely one, up to what the engines and PyTorch may differ by. */
function expectMostLikely(
  predictions: readonly Prediction[],
  labels: readonly string[],
  expected: readonly (readonly number[])[],
): void {
  for (const [i, { label }] of predictions.entries()) {
    const own = expected[i] as readonly number[];
    expect(Math.max(...own) - (own[labels.indexOf(label)] as number), `text ${i}`).toBeLessThan(1e-4);
  }
}

onEachEngine('predict', () => {
  describe.each(tinyClassifiers)('with %s', (name) => {
    const { labels, texts, pairs } = readGolden<ClassifierReference>(classifiersFolder, `${name}.reference.json`);
    const activation = name === 'bertMultiLabel' ? sigmoid : softmax;
    let classifier: Classifier;
    beforeAll(async () => {
      classifier = await load(name);
    });
    afterAll(() => disposeClassifier(classifier));

    it.each([
      ['texts', texts],
      ['contexts as first segments', pairs],
    ] as const)('gives the probabilities of transformers: %s', async (_what, inputs) => {
      const { predictions } = await predict([classifier], inputs);
      const expected = inputs.map(({ logits }) => activation(logits));
      expect(furthest(rowsOf(predictions, labels), expected)).toBeLessThan(1e-4);
      expectMostLikely(predictions, labels, expected);
      for (const { probabilities } of predictions) expect(Object.keys(probabilities)).toEqual(labels);
    });

    it('cuts texts at what it was trained on unless told otherwise', async () => {
      const rows = async (of: Classifier, maxLength?: number) => {
        const { predictions, cut } = await predict([of], texts, maxLength);
        return { rows: rowsOf(predictions, labels), cut };
      };
      const trained = { ...classifier, maxLength: 6 };
      const [short, whole] = [await rows(classifier, 6), await rows(classifier)];
      expect(short.cut).toBeGreaterThan(whole.cut);
      expect(await rows(trained)).toEqual(short);
      expect(await rows(trained, 8)).toEqual(await rows(classifier, 8));
    });

    it('takes texts with and without a context together', async () => {
      const mixed: Classifiable[] = [];
      const expected: number[][] = [];
      for (const [i, { text, context, logits }] of pairs.entries()) {
        const alone = texts[i] as (typeof texts)[number];
        mixed.push({ text, context }, { text: alone.text });
        expected.push(activation(logits), activation(alone.logits));
      }
      const { predictions } = await predict([classifier], mixed);
      expect(furthest(rowsOf(predictions, labels), expected)).toBeLessThan(1e-4);
    });
  });

  describe('with several', () => {
    const names = ['bert', 'roberta', 'distilBert'] as const;
    const references = names.map((name) =>
      readGolden<ClassifierReference>(classifiersFolder, `${name}.reference.json`),
    );
    let classifiers: Classifier[];
    beforeAll(async () => {
      classifiers = await Promise.all(names.map(load));
    });
    afterAll(() => classifiers.forEach(disposeClassifier));

    it.each([[[0, 1]], [[1, 2]], [[0, 1, 2]]])('is the mean of their probabilities: %j', async (own) => {
      const { labels = [], texts = [] } = references[0] ?? {};
      const expected = texts.map((_, text) => {
        const rows = own.map((i) => softmax(references[i]?.texts[text]?.logits ?? []));
        return labels.map((_label, k) => rows.reduce((sum, row) => sum + (row[k] as number), 0) / own.length);
      });
      const chosen = own.map((i) => classifiers[i] as Classifier);
      const { predictions } = await predict(chosen, texts);
      expect(furthest(rowsOf(predictions, labels), expected)).toBeLessThan(1e-4);
      expectMostLikely(predictions, labels, expected);
    });

    it('the same one twice is that one', async () => {
      const [bert] = classifiers as [Classifier];
      const texts = references[0]?.texts ?? [];
      const labels = references[0]?.labels ?? [];
      const [one, two] = [await predict([bert], texts), await predict([bert, bert], texts)];
      expect(furthest(rowsOf(two.predictions, labels), rowsOf(one.predictions, labels))).toBeLessThan(1e-7);
    });

    it('refuses those of other classes, of another order of them, and of another activation', async () => {
      const [bert] = classifiers as [Classifier];
      const multi = await load('bertMultiLabel');
      for (const other of [
        multi,
        { ...bert, labelNames: bert.labelNames.toReversed() },
        { ...bert, activation: 'sigmoid' as const },
      ]) {
        await expect(predict([bert, other], [{ text: 'one' }])).rejects.toMatchObject({
          problems: [{ code: 'CLASSIFIERS_DIFFER', given: expect.stringContaining(other.labelNames.join(', ')) }],
        });
      }
      disposeClassifier(multi);
    });
  });

  describe('texts', () => {
    let bert: Classifier;
    beforeAll(async () => {
      bert = await load('bert');
    });
    afterAll(() => disposeClassifier(bert));

    const long = 'the fox and the fox and the fox and the fox and the fox '.repeat(5);

    it('that are too long are cut and counted', async () => {
      const texts = [{ text: 'short' }, { text: long }, { text: `${long} and ${long}` }, { text: '' }];
      const { cut, predictions } = await predict([bert], texts);
      expect(cut).toBe(2);
      // What is cut off is not seen.
      expect(predictions[2]).toEqual(predictions[1]);
      expect((await predict([bert], texts.slice(0, 1))).cut).toBe(0);
      expect((await predict([bert], [{ text: 'short', context: long }])).cut).toBe(1);
    });

    it('are cut at a shorter length if that is wanted, and never at a longer one than there are positions', async () => {
      const texts = [{ text: 'the fox and the fox' }, { text: long }];
      const { labels } = readGolden<ClassifierReference>(classifiersFolder, 'bert.reference.json');
      const [whole, short, beyond] = [
        await predict([bert], texts),
        await predict([bert], texts, 3),
        await predict([bert], texts, 10_000),
      ];
      expect([whole.cut, short.cut, beyond.cut]).toEqual([1, 2, 1]);
      expect(beyond).toEqual(whole);
      expect(furthest(rowsOf(short.predictions, labels), rowsOf(whole.predictions, labels))).toBeGreaterThan(1e-3);
    });

    it('the longest cut of several classifiers counts', async () => {
      const roberta = await load('roberta');
      expect((await predict([bert, roberta], [{ text: long }, { text: 'a' }])).cut).toBe(1);
      disposeClassifier(roberta);
    });

    it('may be none', async () => {
      expect(await predict([bert], [])).toEqual({ predictions: [], cut: 0 });
    });

    it('of equally likely classes have the first', async () => {
      const flat = await load('bert');
      tf.tidy(() => {
        flat.head.variables.get('classifier.weight')?.assign(tf.zeros([6, 32]));
        flat.head.variables.get('classifier.bias')?.assign(tf.tensor1d([0, 1, 1, 0, 1, -1]));
      });
      const { predictions } = await predict([flat], [{ text: 'one' }, { text: 'two' }]);
      expect(predictions.map(({ label }) => label)).toEqual([flat.labelNames[1], flat.labelNames[1]]);
      disposeClassifier(flat);
    });

    it('leave no tensor behind', async () => {
      expect(await leakedTensorsOf(() => predict([bert, bert], [{ text: 'one' }, { text: long }]))).toBe(0);
    });
  });

  it('needs a classifier', async () => {
    await expect(predict([], [{ text: 'one' }])).rejects.toThrow(RangeError);
  });

  it('disposing of a classifier frees all of it', async () => {
    const leaked = await leakedTensorsOf(async () => {
      const classifier = await load('distilBert');
      await predict([classifier], [{ text: 'one' }]);
      disposeClassifier(classifier);
    });
    expect(leaked).toBe(0);
  });
});
