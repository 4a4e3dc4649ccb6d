import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHeadDropout } from '../../src/encoders/dropout.ts';
import type { Encoder } from '../../src/encoders/encoder.ts';
import { loadEncoder } from '../../src/encoders/huggingFaceFolder.ts';
import { type ClassificationHead, createClassificationHead } from '../../src/heads/classificationHead.ts';
import { labelNamesOf } from '../../src/heads/sequenceClassificationHead.ts';
import { crossEntropy } from '../../src/objectives/crossEntropy.ts';
import { collate } from '../../src/text/batch.ts';
import { logitsOf } from '../classifiers/logits.ts';
import {
  type ClassifierReference,
  classifiersFolder,
  furthest,
  type GradientReference,
  readGolden,
  tinyClassifiers,
} from '../encoders/classifierGoldens.ts';
import { goldenFolder } from '../encoders/goldens.ts';
import { leakedTensors, onEachEngine } from '../engine/engines.ts';

function headOf(encoder: Encoder, labelNames: readonly string[], seed = 1): ClassificationHead {
  const options = { kind: 'sequenceClassification', tasks: [labelNames.length], labelNames } as const;
  return createClassificationHead(options, encoder, seed);
}

function valuesOf({ variables }: ClassificationHead): Record<string, number[]> {
  return Object.fromEntries([...variables].map(([name, variable]) => [name, [...variable.dataSync()]]));
}

onEachEngine('sequence classification head', () => {
  describe.each(tinyClassifiers)('of %s', (name) => {
    const reference = readGolden<ClassifierReference>(classifiersFolder, `${name}.reference.json`);
    let encoder: Encoder;
    let head: ClassificationHead;
    beforeAll(async () => {
      encoder = await loadEncoder(join(classifiersFolder, name), name);
      head = headOf(encoder, reference.labels);
    });
    afterAll(() => encoder.dispose());

    it('has the scores that transformers gives', () => {
      const texts = reference.texts.map(({ text }) => text);
      const expected = reference.texts.map(({ logits }) => logits);
      expect(furthest(logitsOf({ encoder, head }, texts, reference.maxLength), expected)).toBeLessThan(1e-4);
    });

    it('has them for pairs too', () => {
      const texts = reference.pairs.map(({ text }) => text);
      const contexts = reference.pairs.map(({ context }) => context);
      const expected = reference.pairs.map(({ logits }) => logits);
      expect(furthest(logitsOf({ encoder, head }, texts, reference.maxLength, contexts), expected)).toBeLessThan(1e-4);
    });
  });

  it.each(['bert', 'roberta', 'distilBert'])('of %s has the gradients that PyTorch gives', async (name) => {
    const { maxLength, texts, labels, loss, gradients } = readGolden<GradientReference>(
      classifiersFolder,
      `${name}.gradients.json`,
    );
    const encoder = await loadEncoder(join(classifiersFolder, name), name);
    const labelNames = labelNamesOf(encoder.source.configFile) ?? [];
    const head = headOf(encoder, labelNames);
    const tokens = encoder.tokeniser.encode(texts, maxLength);
    const batch = collate(tokens, [...texts.keys()], encoder.tokeniser.padId);
    const variables = new Map([...encoder.variables, ...head.variables]);
    const { value, grads } = tf.variableGrads(() => {
      const embeddings = encoder.embed(batch, 'cls');
      const rest = { embeddings, frozen: null, projections: null, labels: Int32Array.from(labels) };
      const inputs = { ...rest, logits: head.logits(embeddings) };
      return crossEntropy.loss(inputs, { labelSmoothing: 0, classWeights: 'none' });
    });
    expect(value.dataSync()[0]).toBeCloseTo(loss, 4);
    expect(Object.keys(gradients).length).toBeGreaterThan(4);
    for (const [tensor, { values, shape }] of Object.entries(gradients)) {
      const gradient = grads[variables.get(tensor)?.name ?? ''];
      expect(gradient?.shape, tensor).toEqual(shape);
      const largest = Math.max(...values.map(Math.abs));
      expect(furthest([[...(gradient?.dataSync() ?? [])]], [values]), tensor).toBeLessThan(1e-4 * Math.max(1, largest));
    }
    encoder.dispose();
  });

  describe('that is new', () => {
    const bare = () => loadEncoder(`${goldenFolder}distilBert`, 'distilBert');

    it('starts as in transformers, normal with deviation .02 and biases of 0, from its seed alone', async () => {
      const encoder = await bare();
      const start = valuesOf(headOf(encoder, ['a', 'b', 'c']));
      const weights = start['pre_classifier.weight'] as number[];
      const deviation = Math.sqrt(weights.reduce((sum, w) => sum + w * w, 0) / weights.length);
      // Five standard errors of a deviation.
      expect(Math.abs(deviation - 0.02)).toBeLessThan((5 * 0.02) / Math.sqrt(2 * weights.length));
      expect(new Set([...(start['pre_classifier.bias'] ?? []), ...(start['classifier.bias'] ?? [])])).toEqual(
        new Set([0]),
      );
      expect(start['classifier.weight']).toHaveLength(3 * encoder.config.hiddenSize);
      expect(valuesOf(headOf(encoder, ['a', 'b', 'c']))).toEqual(start);
      expect(valuesOf(headOf(encoder, ['a', 'b', 'c'], 2))).not.toEqual(start);
      encoder.dispose();
    });

    it.each(['bert', 'distilBert'])('goes on with the head of a classifier of the same classes: %s', async (name) => {
      const { labels } = readGolden<ClassifierReference>(classifiersFolder, `${name}.reference.json`);
      const encoder = await loadEncoder(join(classifiersFolder, name), name);
      const hidden = name === 'bert' ? 'bert.pooler.dense.weight' : 'pre_classifier.weight';
      const [same, other] = [valuesOf(headOf(encoder, labels)), valuesOf(headOf(encoder, [...labels].reverse()))];
      expect(other[hidden]).toEqual(same[hidden]);
      expect(other['classifier.weight']).not.toEqual(same['classifier.weight']);
      expect(other['classifier.bias']).toEqual(labels.map(() => 0));
      expect(valuesOf(headOf(encoder, labels.slice(1)))['classifier.weight']).toHaveLength(5 * 32);
      encoder.dispose();
    });
  });

  it('drops before its layers, and the same for the same step', async () => {
    const encoder = await loadEncoder(join(classifiersFolder, 'roberta'), 'roberta');
    const head = headOf(encoder, ['a', 'b', 'c']);
    const h = tf.ones([4, 32]) as tf.Tensor2D;
    const at = (step: number, rate = 0.5) =>
      head
        .logits(h, createHeadDropout(1, step, encoder.config, rate))
        .arraySync()
        .flat();
    expect(at(1)).toEqual(at(1));
    expect(at(1)).not.toEqual(at(2));
    expect(at(1, 0)).toEqual(head.logits(h).arraySync().flat());
    // Each of the equal rows meets a mask of its own.
    expect(new Set(at(1).filter((_, i) => i % 3 === 0)).size).toBe(4);
    expect(leakedTensors(() => head.logits(h, createHeadDropout(1, 1, encoder.config)).dispose())).toBe(0);
    encoder.dispose();
  });
});

describe('names of the classes in a config.json', () => {
  it.each([
    [{ id2label: { 0: 'a', 1: 'b' } }, ['a', 'b']],
    [{ id2label: { 1: 'b', 0: 'a', 2: 'c' } }, ['a', 'b', 'c']],
    [{}, undefined],
    [{ id2label: { 1: 'a', 2: 'b' } }, undefined],
    [{ id2label: [1, 2] }, undefined],
    [{ id2label: 'none' }, undefined],
  ])('of %j are %j', (file, names) => {
    expect(labelNamesOf(file)).toEqual(names);
  });
});
