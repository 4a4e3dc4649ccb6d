import { describe, expect, it } from 'vitest';
import { type DataOptions, dataSchema, loadCorpus } from '../../src/data/corpus.ts';
import { readStories } from '../../src/data/embedded.ts';
import type { Matrix } from '../../src/evaluation/matrix.ts';
import type { TrainedHeads } from '../../src/evaluation/trainedHeads.ts';
import type { Heads } from '../../src/heads/heads.ts';
import type { SettingsInput } from '../../src/sweep/experiment.ts';
import { judgedTexts, thresholdsOf, trainedHeads } from '../../src/sweep/judgement.ts';
import { temporaryFolder } from '../data/temporaryFolder.ts';
import { leakedTensorsOf, onEachEngine } from '../engine/engines.ts';
import { cellSettings, probabilitiesOf, type TrainedCell, tiny, tokensOf, trainedCell } from './trainedCell.ts';

const load = (data: Partial<DataOptions>) => loadCorpus(dataSchema.parse({ limit: 60, ...data }), { dataFolder: '' });
const noEmbeddings: Matrix = { data: new Float32Array(), rows: 0, columns: 0 };

describe('judgedTexts', async () => {
  const { utterances } = await readStories();
  const byText = new Map(utterances.map((utterance) => [utterance.utterance, utterance]));

  describe.each(['validation', 'test'] as const)('of %s', (split) => {
    it('have their labels and embeddings, and where a text has one class no others', async () => {
      const corpus = await load({ source: 'embedded' });
      const { embeddings, labels, truths } = judgedTexts(corpus, split, noEmbeddings);
      expect(embeddings).toBe(noEmbeddings);
      expect(labels).toBe(corpus[split].labels);
      expect(truths).toBeUndefined();
    });

    it.each(['multi', 'soft'])('have all classes that are expressed: %s', async (labelling) => {
      const corpus = await load({ source: `embedded-${labelling}`, limit: 150 });
      const { labels, truths } = judgedTexts(corpus, split, noEmbeddings);
      expect(labels).toBe(corpus[split].labels);
      const expected = corpus[split].texts.flatMap((text) => {
        const { emotions, label } = byText.get(text) ?? expect.fail(text);
        // The label of a text that has several classes is always among them.
        return corpus.labelNames.map((name) =>
          Number((labelling === 'multi' && name === label) || (emotions[name as keyof typeof emotions] ?? 0) >= 0.3),
        );
      });
      expect([...(truths ?? [])]).toEqual(expected);
      expect(expected.filter((own) => own === 1).length).toBeGreaterThan(labels.length);
    });

    it('have a class from .3 on, the strongest of weaker ones not among them', async () => {
      const rows = [{ a: 0.3, b: 0.29, c: 0.31 }, { a: 0.1, b: 0.2 }, { b: 1, c: 0.3 }, { c: 0.299999 }].map(
        (strengths, i) => JSON.stringify({ text: `text ${i}`, emotions: strengths }),
      );
      const file = [...rows, ...rows].join('\n');
      const source = await temporaryFolder({ 'train.jsonl': file, 'validation.jsonl': file, 'test.jsonl': file });
      const corpus = await loadCorpus(dataSchema.parse({ source, own: { labelling: 'soft' } }), { dataFolder: '' });
      const { labels, truths } = judgedTexts(corpus, split, noEmbeddings);
      expect(corpus.labelNames).toEqual(['a', 'b', 'c']);
      expect([...labels]).toEqual([2, 1, 1, 2, 2, 1, 1, 2]);
      const once = [1, 0, 1, 0, 0, 0, 0, 1, 1, 0, 0, 0];
      expect([...(truths ?? [])]).toEqual([...once, ...once]);
    });
  });

  it('are told apart by their kinds in the test alone', async () => {
    const corpus = await load({ source: 'embedded' });
    const { kinds } = judgedTexts(corpus, 'test', noEmbeddings);
    expect(kinds).toEqual(corpus.test.texts.map((text) => byText.get(text)?.kind));
    expect(new Set(kinds).size).toBe(3);
    expect(judgedTexts(corpus, 'validation', noEmbeddings).kinds).toBeUndefined();
  });
});

describe('trainedHeads', async () => {
  const corpus = await load({ source: 'embedded-sentiment' });
  const none = { classification: null, affect: null } as Heads;
  const headsOf = (changes: Partial<SettingsInput>): TrainedHeads =>
    trainedHeads(cellSettings(changes), none, corpus, 'softmax');
  // Of positive, negative, ambiguous and neutral.
  const valence = [0.7, -0.7, 0, 0];
  const intensity = [0.6, 0.6, 0.5, 0.1];
  const untrained = [Number.NaN, Number.NaN, Number.NaN, Number.NaN];

  it.each<[string, SettingsInput['objective'], TrainedHeads['places']]>([
    ['no dimension', { crossEntropy: {} }, { valence: untrained, intensity: untrained }],
    ['valence', { crossEntropy: {}, valence: {} }, { valence, intensity: untrained }],
    ['intensity', { crossEntropy: {}, intensity: { weight: 0.1 } }, { valence: untrained, intensity }],
    ['both', { valence: {}, intensity: {} }, { valence, intensity }],
    [
      'one, the other being evaluated alone',
      { valence: { weight: 0 }, intensity: {} },
      { valence: untrained, intensity },
    ],
    [
      'both, with places of the experiment’s own for some classes',
      { valence: { values: { ambiguous: 0.25, negative: -1 } }, intensity: { values: { neutral: 0 } } },
      { valence: [0.7, -1, 0.25, 0], intensity: [0.6, 0.6, 0.5, 0] },
    ],
  ])('are judged by the places in the dimensions that they are trained on: %s', (_, objective, places) => {
    expect(headsOf({ objective }).places).toEqual(places);
  });

  it.each<[string, NonNullable<NonNullable<SettingsInput['evaluation']>['classifier']>, object]>([
    [
      'pleasant and unpleasant classes',
      {},
      { contradictions: [{ first: 'positive', second: 'negative', weight: 1 }], threshold: 'tuned', sureAbove: 0.2 },
    ],
    [
      'those that the experiment names',
      {
        contradictions: [
          ['neutral', 'ambiguous'],
          ['negative', 'positive', 3],
        ],
        threshold: 0.4,
        sureAbove: 0.6,
      },
      {
        contradictions: [
          { first: 'neutral', second: 'ambiguous', weight: 1 },
          { first: 'negative', second: 'positive', weight: 3 },
        ],
        threshold: 0.4,
        sureAbove: 0.6,
      },
    ],
  ])('contradict themselves in %s', (_, classifier, expected) => {
    expect(headsOf({ evaluation: { classifier } })).toMatchObject(expected);
  });

  it('of no two classes that are known to contradict each other count none', async () => {
    const others = { ...corpus, labelNames: ['billing', 'joy', 'refund'] };
    expect(trainedHeads(cellSettings(), none, others, 'softmax').contradictions).toEqual([]);
  });
});

/** The F1 of each class by explicit loops. */
function f1Of(truths: readonly boolean[][], given: readonly boolean[][]): number[] {
  return (truths[0] ?? []).map((_, label) => {
    let [hits, wrong] = [0, 0];
    for (const [text, own] of truths.entries()) {
      const isGiven = given[text]?.[label] as boolean;
      if (own[label] && isGiven) hits++;
      else if (own[label] !== isGiven) wrong++;
    }
    return hits === 0 ? 0 : hits / (hits + wrong / 2);
  });
}

/** The first of .05, .06, … .95 with the highest score of the classes' F1. */
function bestThreshold(
  truths: readonly boolean[][],
  probabilities: readonly number[][],
  score: (f1: readonly number[]) => number,
): number {
  let best = { threshold: Number.NaN, score: -1 };
  for (let percent = 5; percent <= 95; percent++) {
    const threshold = percent / 100;
    const given = probabilities.map((own) => own.map((p) => p >= threshold));
    const own = score(f1Of(truths, given));
    if (own > best.score + 1e-12) best = { threshold, score: own };
  }
  return best.threshold;
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

onEachEngine('thresholdsOf', () => {
  const several = (threshold: 'tuned' | 'tunedPerClass' | number, more: Partial<SettingsInput> = {}) =>
    trainedCell({
      data: { source: 'embedded-soft-sentiment', limit: 40 },
      objective: { binaryCrossEntropy: {} },
      evaluation: { classifier: { threshold } },
      ...more,
    });
  const thresholds = (cell: TrainedCell, texts = tokensOf(cell, 'validation')) =>
    thresholdsOf(cell.settings, cell.corpus, { encoder: cell.adapted ?? cell.encoder, heads: cell.judged }, texts);

  it.each<[string, Partial<SettingsInput>]>([
    ['one class a text', { objective: { binaryCrossEntropy: {} } }],
    [
      'one class a text, whatever the settings say',
      { objective: { binaryCrossEntropy: {} }, evaluation: { classifier: { threshold: 0.5 } } },
    ],
    ['no head', { data: { source: 'embedded-multi-sentiment', limit: 10 }, objective: { supCon: {} } }],
  ])('are none with %s', async (_, changes) => {
    expect(await thresholds(await trainedCell({ encoder: tiny, ...changes }))).toBeNull();
  });

  it('are what the settings say, without a look at any text', async () => {
    const cell = await several(0.35, { encoder: tiny });
    expect(await thresholds(cell, cell.encoder.tokeniser.encode([], 8))).toEqual([0.35, 0.35, 0.35, 0.35]);
  });

  it.each([
    ['tuned', 'mini', 'cls', null],
    ['tunedPerClass', 'mini', 'mean', null],
    ['tunedPerClass', tiny, 'cls', { rank: 2 }],
  ] as const)('are the best on the validation texts: %s', async (threshold, encoder, pooling, lora) => {
    const cell = await several(threshold, { encoder, pooling, training: { steps: 1, lora } });
    const { texts, strengths = [] } = cell.corpus.validation;
    const classes = cell.corpus.labelNames;
    const truths = texts.map((_, i) => classes.map((_, label) => (strengths[i * classes.length + label] ?? 0) > 0.299));
    const probabilities = probabilitiesOf(cell, texts);
    const expected = classes.map((_, label) =>
      bestThreshold(truths, probabilities, threshold === 'tuned' ? mean : (f1) => f1[label] as number),
    );
    expect(await thresholds(cell)).toEqual(expected);
    if (threshold === 'tuned') expect(new Set(expected).size).toBe(1);
    else expect(new Set(expected).size).toBeGreaterThan(1);
  });

  it('leave no tensor behind', async () => {
    const cell = await several('tuned', { encoder: tiny });
    expect(await leakedTensorsOf(() => thresholds(cell))).toBe(0);
  });
});
