import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { placesOf } from '../../src/data/circumplex.ts';
import type { Matrix } from '../../src/evaluation/matrix.ts';
import type { SettingsInput } from '../../src/sweep/experiment.ts';
import { validate } from '../../src/sweep/validate.ts';
import { leakedTensorsOf, onEachEngine } from '../engine/engines.ts';
import { cosine, dot, mapValues, matrixOf } from '../evaluation/matrices.ts';
import { embeddingsOf, probabilitiesOf, type TrainedCell, tiny, tokensOf, trainedCell } from './trainedCell.ts';

/** Embeddings of before the training: those of now, each value a little off. */
function before(cell: TrainedCell): Matrix {
  return mapValues(
    matrixOf(embeddingsOf(cell, cell.corpus.validation.texts)),
    (value, i) => value + ((i % 7) - 3) / 50,
  );
}

function validated(cell: TrainedCell, original = before(cell)) {
  const { settings, corpus, adapted, encoder, judged } = cell;
  const trained = { encoder: adapted ?? encoder, heads: judged };
  return validate(settings, corpus, trained, tokensOf(cell, 'validation'), original);
}

/** The class that most of each text's k nearest others have, of equally many the first; by explicit loops. */
function nearestClasses(embeddings: readonly number[][], labels: readonly number[], k: number): number[] {
  return embeddings.map((own, i) => {
    const nearest = embeddings
      .map((other, j) => ({ j, similarity: cosine(own, other) }))
      .filter(({ j }) => j !== i)
      .sort((a, b) => b.similarity - a.similarity || a.j - b.j)
      .slice(0, k);
    const votes = new Map<number, number>();
    for (const { j } of nearest) votes.set(labels[j] as number, (votes.get(labels[j] as number) ?? 0) + 1);
    const most = Math.max(...votes.values());
    return Math.min(...[...votes].filter(([, count]) => count === most).map(([label]) => label));
  });
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Accuracy and F1 of one class a text; the classes are those that occur. */
function scoresOf(truth: readonly number[], predicted: readonly number[]) {
  const classes = [...new Set([...truth, ...predicted])].map((label) => {
    const hits = truth.filter((own, i) => own === label && predicted[i] === label).length;
    const support = truth.filter((own) => own === label).length;
    const given = predicted.filter((own) => own === label).length;
    return { support, f1: (2 * hits) / (support + given) };
  });
  return {
    accuracy: mean(truth.map((own, i) => Number(own === predicted[i]))),
    macroF1: mean(classes.map(({ f1 }) => f1)),
    weightedF1: classes.reduce((sum, { f1, support }) => sum + f1 * support, 0) / truth.length,
  };
}

/** The same where each text may have several; `weightedF1` is by how often a class is true. */
function severalScores(truths: readonly boolean[][], given: readonly boolean[][]) {
  const classes = (truths[0] ?? []).map((_, label) => {
    const hits = truths.filter((own, i) => own[label] && given[i]?.[label]).length;
    const support = truths.filter((own) => own[label]).length;
    const all = support + given.filter((own) => own[label]).length;
    return { support, f1: all === 0 ? 0 : (2 * hits) / all };
  });
  const support = classes.reduce((sum, own) => sum + own.support, 0);
  return {
    accuracy: mean(truths.map((own, i) => Number(own.every((isTrue, label) => isTrue === given[i]?.[label])))),
    macroF1: mean(classes.map(({ f1 }) => f1)),
    weightedF1: classes.reduce((sum, own) => sum + own.f1 * own.support, 0) / support,
  };
}

const argmax = (row: readonly number[]) => row.indexOf(Math.max(...row));
const byName = (prefix: string, scores: Readonly<Record<string, number>>, digits = 4) =>
  Object.fromEntries(
    Object.entries(scores).map(([name, score]) => [`${prefix}.${name}`, expect.closeTo(score, digits)] as const),
  );

onEachEngine('validate', () => {
  it.each([
    [1, 'cls', 'embedded-sentiment'],
    [3, 'mean', 'embedded-sentiment'],
    [10, 'cls', 'embedded-ekman'],
    // More than there are others.
    [100, 'cls', 'embedded-sentiment'],
  ] as const)('has kNN of each text by the %i nearest others, and the drift: %s, %s', async (k, pooling, source) => {
    const cell = await trainedCell({
      pooling,
      data: { source, limit: 40 },
      objective: { supCon: {} },
      evaluation: { knn: { k } },
    });
    const { texts, labels } = cell.corpus.validation;
    const embeddings = embeddingsOf(cell, texts);
    const original = before(cell);
    const { accuracy, macroF1 } = scoresOf([...labels], nearestClasses(embeddings, [...labels], k));
    const squares = embeddings.flat().map((value, i) => (value - (original.data[i] as number)) ** 2);
    const { score, deltaEmb, metrics } = await validated(cell, original);
    expect(metrics).toEqual({
      ...byName('knn', { accuracy, macroF1 }, 10),
      ...byName('drift', { deltaEmb: mean(squares) }),
    });
    expect(deltaEmb).toBe(metrics['drift.deltaEmb']);
    expect(mean(squares)).toBeGreaterThan(1e-3);
    expect(score).toBe(metrics['knn.macroF1']);
  });

  it('has drifted by nothing from its own embeddings', async () => {
    const cell = await trainedCell({ encoder: tiny, objective: { supCon: {} } });
    const own = matrixOf(embeddingsOf(cell, cell.corpus.validation.texts));
    expect((await validated(cell, own)).deltaEmb).toBeLessThan(1e-10);
  });

  it.each([
    'crossEntropy',
    'binaryCrossEntropy',
  ] as const)('has the scores of a head for one class: %s', async (term) => {
    const cell = await trainedCell({ objective: { [term]: {} } });
    const { texts, labels } = cell.corpus.validation;
    const own = probabilitiesOf(cell, texts);
    const shares = own.map((row) => row.map((p) => p / row.reduce((sum, other) => sum + other, 0)));
    const { metrics } = await validated(cell);
    expect(metrics).toEqual({
      'knn.accuracy': expect.any(Number),
      'knn.macroF1': expect.any(Number),
      'drift.deltaEmb': expect.any(Number),
      ...byName('classifier', {
        ...scoresOf([...labels], own.map(argmax)),
        logLoss: mean(shares.map((row, i) => -Math.log(row[labels[i] as number] as number))),
        // Of positive and negative.
        contradictionRate: mean(own.map((row) => Number(Math.min(row[0] as number, row[1] as number) > 0.2))),
      }),
    });
  });

  it('has the scores of a head for several classes, by the threshold', async () => {
    const cell = await trainedCell({
      data: { source: 'embedded-multi-sentiment', limit: 40 },
      objective: { binaryCrossEntropy: {} },
      evaluation: { classifier: { threshold: 0.55, sureAbove: 0.5 } },
    });
    const { texts, strengths = [] } = cell.corpus.validation;
    const own = probabilitiesOf(cell, texts);
    const truths = own.map((row, i) => row.map((_, label) => strengths[4 * i + label] === 1));
    const given = own.map((row) => row.map((p) => p >= 0.55));
    const losses = own.flatMap((row, i) => row.map((p, label) => -Math.log(truths[i]?.[label] ? p : 1 - p)));
    const { metrics } = await validated(cell);
    expect(metrics).toMatchObject(
      byName('classifier', {
        ...severalScores(truths, given),
        logLoss: mean(losses),
        contradictionRate: mean(own.map((row) => Number(Math.min(row[0] as number, row[1] as number) > 0.5))),
      }),
    );
  });

  it('has the errors of a head for valence and intensity', async () => {
    const cell = await trainedCell({ encoder: tiny, objective: { supCon: {}, valence: {}, intensity: {} } });
    const { texts, labels } = cell.corpus.validation;
    const places = placesOf(cell.corpus.labelNames);
    const [weight, bias] = ['weight', 'bias'].map((name) => cell.heads.variables.get(`affect.${name}`)?.arraySync());
    const found = embeddingsOf(cell, texts).map((embedding) =>
      (weight as number[][]).map((own, i) => dot(own, embedding) + ((bias as number[])[i] as number)),
    );
    const errors = found.map(([v = 0, a = 0], i) => {
      const label = labels[i] as number;
      return [
        Math.abs(Math.tanh(v) - (places.valence[label] as number)),
        Math.abs(1 / (1 + Math.exp(-a)) - (places.intensity[label] as number)),
      ] as const;
    });
    const { metrics } = await validated(cell);
    expect(metrics).toMatchObject(
      byName('affect', { valenceError: mean(errors.map(([v]) => v)), intensityError: mean(errors.map(([, a]) => a)) }),
    );
  });

  const always = ['drift.deltaEmb', 'knn.accuracy', 'knn.macroF1'];
  const ofClassifier = ['accuracy', 'logLoss', 'macroF1', 'weightedF1'].map((name) => `classifier.${name}`);
  const contradictions = 'classifier.contradictionRate';
  const several = { source: 'embedded-multi-sentiment', limit: 40 };
  it.each<[string, string[], Partial<SettingsInput>]>([
    ['no head', always, { objective: { supCon: {} } }],
    ['one class', [...always, ...ofClassifier, contradictions], { objective: { crossEntropy: {} } }],
    [
      'several classes',
      [...always, ...ofClassifier, contradictions],
      { data: several, objective: { binaryCrossEntropy: {} } },
    ],
    [
      'classes that contradict nothing',
      [...always, ...ofClassifier],
      {
        data: { source: 'embedded-sentiment', exclude: ['negative'], limit: 40 },
      },
    ],
    ['valence', [...always, 'affect.valenceError'], { objective: { supCon: {}, valence: {} } }],
    ['valence of no weight', always, { objective: { supCon: {}, valence: { weight: 0 } } }],
    [
      'classes, valence and intensity',
      [...always, ...ofClassifier, contradictions, 'affect.intensityError', 'affect.valenceError'],
      { objective: { crossEntropy: {}, valence: {}, intensity: {} } },
    ],
  ])('tells of heads what is to be watched, and no more: %s', async (_, names, changes) => {
    const { metrics } = await validated(await trainedCell({ encoder: tiny, ...changes }));
    expect(Object.keys(metrics).sort()).toEqual([...names].sort());
  });

  it.each([
    ['knn.macroF1', 1],
    ['classifier.logLoss', -1],
    ['classifier.accuracy', 1],
    ['classifier.macroF1', 1],
    ['classifier.weightedF1', 1],
  ] as const)('has a score that is the greater the better: %s times %i', async (monitor, sign) => {
    const cell = await trainedCell({ encoder: tiny, training: { steps: 1, monitor, validateEvery: 1 } });
    const one = await validated(cell);
    expect(one.score).toBe(sign * (one.metrics[monitor] as number));
    if (monitor === 'knn.macroF1') return;
    // The opposite of each score of the head: what was likely is not any more.
    tf.tidy(() => {
      for (const variable of cell.judged.classification?.variables.values() ?? []) variable.assign(tf.neg(variable));
    });
    const other = await validated(cell);
    const [metric, opposite] = [one, other].map(({ metrics }) => metrics[monitor] as number) as [number, number];
    expect(opposite).not.toBeCloseTo(metric, 3);
    const isBetter = monitor === 'classifier.logLoss' ? opposite < metric : opposite > metric;
    expect(other.score > one.score).toBe(isBetter);
  });

  it('is of the encoder with its adapters', async () => {
    const cell = await trainedCell({ encoder: tiny, training: { steps: 1, lora: { rank: 2 } } });
    const { deltaEmb } = await validated(cell);
    const own = matrixOf(embeddingsOf({ ...cell, adapted: null }, cell.corpus.validation.texts));
    expect((await validated(cell, own)).deltaEmb).toBeGreaterThan(1e-3);
    expect(deltaEmb).toBeCloseTo(mean([-3, -2, -1, 0, 1, 2, 3].map((off) => (off / 50) ** 2)), 4);
  });

  it('leaves no tensor behind', async () => {
    const cell = await trainedCell({ encoder: tiny, objective: { crossEntropy: {}, valence: {} } });
    expect(await leakedTensorsOf(() => validated(cell))).toBe(0);
  });
});
