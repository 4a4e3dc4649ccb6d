import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { oppositeClasses, placesOf } from '../../src/data/circumplex.ts';
import { affectScores } from '../../src/evaluation/affect.ts';
import { classifierScores } from '../../src/evaluation/classifier.ts';
import { multiLabelScores } from '../../src/evaluation/multiLabel.ts';
import { evaluateHeads, type TrainedHeads } from '../../src/evaluation/trainedHeads.ts';
import { type AffectHead, createAffectHead } from '../../src/heads/affectHead.ts';
import { type ClassificationHead, createClassificationHead } from '../../src/heads/classificationHead.ts';
import type { Activation } from '../../src/objectives/objective.ts';
import { leakedTensorsOf, onEachEngine } from '../engine/engines.ts';
import { dot, plainRows, randomMatrix } from './matrices.ts';

const labelNames = ['sadness', 'joy', 'love', 'anger', 'fear', 'surprise'];
const classes = labelNames.length;
const untrained = labelNames.map(() => Number.NaN);
const places = placesOf(labelNames);
const width = 5;
const encoder = { config: { hiddenSize: width }, source: {} } as Parameters<typeof createClassificationHead>[1];

function classifying(): ClassificationHead {
  return createClassificationHead({ kind: 'linear', tasks: [classes], labelNames }, encoder, 1);
}

function trainedHeads(own: Partial<TrainedHeads>): TrainedHeads {
  return {
    classification: null,
    affect: null,
    activation: 'softmax',
    labelNames,
    contradictions: oppositeClasses(labelNames),
    threshold: 0.5,
    sureAbove: 0.2,
    places,
    ...own,
  };
}

/** More texts than are embedded at a time. */
const texts = 4100;
const embeddings = randomMatrix(texts, width, 1);
const labels = Int32Array.from({ length: texts }, (_, i) => i % classes);

/** An affine map of the embeddings in float64. */
function affine(variables: ReadonlyMap<string, tf.Variable>, name: string): number[][] {
  const weight = variables.get(`${name}.weight`)?.arraySync() as number[][];
  const bias = variables.get(`${name}.bias`)?.arraySync() as number[];
  return plainRows(embeddings).map((row) => weight.map((own, o) => dot(own, row) + (bias[o] as number)));
}

function probabilitiesOf({ variables }: ClassificationHead, activation: Activation): number[][] {
  return affine(variables, 'classifier').map((scores) => {
    const total = scores.reduce((sum, x) => sum + Math.exp(x), 0);
    return scores.map((x) => (activation === 'softmax' ? Math.exp(x) / total : 1 / (1 + Math.exp(-x))));
  });
}

function foundBy({ variables }: AffectHead): number[] {
  return affine(variables, 'affect').flatMap(([v = 0, a = 0]) => [Math.tanh(v), 1 / (1 + Math.exp(-a))]);
}

function byMeasure(name: string, scores: object, digits: number): Record<string, unknown> {
  const entries = Object.entries(scores) as [string, number][];
  return Object.fromEntries(
    entries.map(([measure, score]) => [`${name}.${measure}`, expect.closeTo(score, digits)] as const),
  );
}

const noScores = { metrics: {}, classified: null, thresholds: null };

onEachEngine('evaluateHeads', () => {
  describe.each(['softmax', 'sigmoid'] as const)('of a %s', (activation) => {
    it('scores the shares of its probabilities, and counts the contradictions of the probabilities', async () => {
      const classification = classifying();
      const own = probabilitiesOf(classification, activation);
      const { metrics, classified, thresholds } = await evaluateHeads(trainedHeads({ classification, activation }), {
        embeddings,
        labels,
      });
      const predicted = own.map((row) => row.indexOf(Math.max(...row)));
      const shares = own.map((row) => {
        const sum = row.reduce((total, p) => total + p, 0);
        return row.map((p) => p / sum);
      });
      for (const row of shares) expect(row.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 12);
      const values = shares.flat();
      const contradictory = own.filter((row) =>
        [1, 2].some((pleasant) =>
          [0, 3, 4].some((unpleasant) => Math.min(row[pleasant] as number, row[unpleasant] as number) > 0.2),
        ),
      );
      expect(metrics).toEqual({
        ...byMeasure(
          'classifier',
          classifierScores(labels, { predicted, probabilities: { values, classes } }, labelNames),
          3,
        ),
        'classifier.contradictionRate': expect.closeTo(contradictory.length / texts, 3),
      });
      expect(metrics['classifier.logLoss']).toBeGreaterThan(0);
      expect(metrics['classifier.contradictionRate']).toBeGreaterThan(0);
      expect(thresholds).toBeNull();
      // What is handed on is what the head says of a class, not its share.
      for (let text = 0; text < texts; text += 100) {
        const given = [...(classified?.probabilities.values ?? [])].slice(text * classes, (text + 1) * classes);
        expect(given).toEqual((own[text] as number[]).map((p) => expect.closeTo(p, 5)));
      }
    });
  });

  it('of sigmoids that give no class anything, every class has the same share', async () => {
    const classification = classifying();
    classification.variables.get('classifier.weight')?.assign(tf.zeros([classes, width]));
    classification.variables.get('classifier.bias')?.assign(tf.fill([classes], -1e4));
    const { metrics } = await evaluateHeads(trainedHeads({ classification, activation: 'sigmoid' }), {
      embeddings,
      labels,
    });
    expect(metrics['classifier.logLoss']).toBeCloseTo(Math.log(classes), 6);
    expect(metrics['classifier.contradictionRate']).toBe(0);
  });

  it('counts no contradictions where no classes contradict each other', async () => {
    const heads = trainedHeads({ classification: classifying(), contradictions: [] });
    const { metrics } = await evaluateHeads(heads, { embeddings, labels });
    expect(Object.keys(metrics)).toContain('classifier.macroF1');
    expect(Object.keys(metrics)).not.toContain('classifier.contradictionRate');
  });

  it('scores texts of several classes by thresholds, those that are given if any are', async () => {
    const classification = classifying();
    const own = probabilitiesOf(classification, 'sigmoid').flat();
    const truths = Uint8Array.from({ length: texts * classes }, (_, i) => Number(i % 4 === 0));
    const heads = trainedHeads({ classification, activation: 'sigmoid', threshold: 0.45 });
    const judged = { embeddings, labels, truths };
    for (const given of [undefined, null, [0.3, 0.4, 0.5, 0.6, 0.5, 0.4]]) {
      const used = given ?? Array(classes).fill(0.45);
      const { metrics, thresholds } = await evaluateHeads(heads, judged, given);
      expect(thresholds).toEqual(used);
      expect(metrics).toEqual({
        ...byMeasure('classifier', multiLabelScores(truths, { values: own, classes }, used), 3),
        'classifier.contradictionRate': expect.any(Number),
      });
    }
  });

  it('scores each kind of text by itself too', async () => {
    const heads = trainedHeads({ classification: classifying() });
    const kinds = Array.from(labels, (_, i) => (i % 3 === 0 ? 'alone' : 'inContext'));
    const { metrics } = await evaluateHeads(heads, { embeddings, labels, kinds });
    const of = (kind: string) => Array.from(kinds.keys()).filter((i) => kinds[i] === kind);
    for (const kind of ['alone', 'inContext']) {
      const items = of(kind);
      const rows = plainRows(embeddings);
      const part = {
        embeddings: {
          data: Float32Array.from(items.flatMap((i) => rows[i] as number[])),
          rows: items.length,
          columns: width,
        },
        labels: Int32Array.from(items, (i) => labels[i] as number),
      };
      const { metrics: expected } = await evaluateHeads(heads, part);
      for (const measure of ['accuracy', 'macroF1', 'logLoss', 'rocAuc']) {
        expect(metrics[`classifier.${kind}.${measure}`], measure).toBeCloseTo(
          expected[`classifier.${measure}`] as number,
          5,
        );
      }
    }
    const accuracy = (kind: string) => metrics[`classifier.${kind}.accuracy`] as number;
    const together = accuracy('alone') * of('alone').length + accuracy('inContext') * of('inContext').length;
    expect(metrics['classifier.accuracy']).toBeCloseTo(together / texts, 10);
  });

  it('scores an affect head in the dimensions that it was trained on', async () => {
    const affect = createAffectHead(width, 1);
    const found = foundBy(affect);
    for (const own of [
      places,
      { ...places, valence: untrained },
      { ...places, intensity: untrained },
      { valence: untrained, intensity: untrained },
    ]) {
      const { metrics, classified } = await evaluateHeads(trainedHeads({ affect, places: own }), {
        embeddings,
        labels,
      });
      expect(classified).toBeNull();
      expect(metrics).toEqual(byMeasure('affect', affectScores(found, labels, own), 5));
      const dimensions = new Set(
        Object.keys(metrics).map((name) => name.replace(/^affect\.(.+)(Error|Correlation)$/, '$1')),
      );
      expect([...dimensions]).toEqual(
        (['valence', 'intensity'] as const).filter((dimension) => Number.isFinite(own[dimension][0])),
      );
    }
  });

  it('of no heads has nothing to say', async () => {
    expect(await evaluateHeads(trainedHeads({}), { embeddings, labels })).toEqual(noScores);
  });

  it('leaves no tensor behind', async () => {
    const heads = trainedHeads({ classification: classifying(), affect: createAffectHead(width, 1) });
    expect(await leakedTensorsOf(() => evaluateHeads(heads, { embeddings, labels }))).toBe(0);
  });
});
