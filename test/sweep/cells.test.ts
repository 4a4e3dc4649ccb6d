import { describe, expect, it } from 'vitest';
import { contentId, originalCell, retrofitCell } from '../../src/sweep/cells.ts';
import type { Experiment } from '../../src/sweep/experiment.ts';
import { parseOverride } from '../../src/sweep/overrides.ts';
import { type GridPoint, planExperiment } from '../../src/sweep/plan.ts';

const experiment: Experiment = {
  name: 'cells',
  objective: { supCon: {} },
  sampler: { kind: 'mPerClass', batchSize: 64, m: 4 },
  training: { steps: 10 },
};
const contents = { dataHash: 'd', taskHashes: [], encoderHash: 'e', engine: 'wasm' } as const;
const pointWith = (...set: string[]) =>
  planExperiment(experiment, { set: set.map(parseOverride) }).points[0] as GridPoint;
const idWith = (...set: string[]) => retrofitCell(pointWith(...set), 1, contents).id;

describe('a cell id', () => {
  it('does not depend on the order of keys', () => {
    expect(contentId({ a: 1, b: { c: [1, 2], d: null } })).toBe(contentId({ b: { d: null, c: [1, 2] }, a: 1 }));
    expect(contentId([1, 2])).not.toBe(contentId([2, 1]));
  });

  it('is the same for a default and for its value written out', () => {
    expect(idWith('objective.supCon.temperature=0.1')).toBe(idWith());
  });

  it.each([
    'objective.supCon.temperature=0.2',
    'training.steps=11',
    'training.warmup=0.2',
    'training.freeze.layers=1',
    'sampler.m=8',
    'pooling=mean',
    'precision=bfloat16',
    'head={"kind":"mlp"}',
    'training.lora={}',
    'training.monitor=classifier.macroF1',
    'classifier.kind=sequenceClassification',
    'balancing=uncertainty',
    'segments=two',
    'evaluation.knn.k=5',
  ])('changes with %s', (set) => {
    expect(idWith(set)).not.toBe(idWith());
  });

  it('changes with seed, data, encoder and engine, but not with their names', () => {
    const id = (seed: number, given: object = {}) => retrofitCell(pointWith(), seed, { ...contents, ...given }).id;
    const ids = [id(1), id(2), id(1, { dataHash: 'x' }), id(1, { encoderHash: 'x' }), id(1, { engine: 'tensorflow' })];
    expect(new Set(ids).size).toBe(ids.length);
    // What of the data is used shows in its hash.
    expect(idWith('encoder=./copy-of-mini', 'data.source=./copy', 'data.exclude=["neutral"]')).toBe(idWith());
  });

  it('does not depend on whether and how the encoder is saved', () => {
    expect(idWith('training.save=false')).toBe(idWith());
    expect(idWith('training.lora={"save":"adapters"}')).toBe(idWith('training.lora={}'));
    expect(idWith('training.lora={"rank":4}')).not.toBe(idWith('training.lora={}'));
  });
});

describe('the original of a cell', () => {
  it('is shared by points that differ in training alone', () => {
    const ids = ['training.steps=5', 'objective.supCon.temperature=1', 'sampler.m=8'].map(
      (set) => originalCell(pointWith(set), contents).id,
    );
    expect(new Set([...ids, originalCell(pointWith(), contents).id]).size).toBe(1);
    for (const set of ['pooling=mean', 'maxLength=16', 'evaluation.knn.k=3']) {
      expect(ids).not.toContain(originalCell(pointWith(set), contents).id);
    }
  });
});
