import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JournalRecord, StepRecord } from '../../src/tracking/journal.ts';
import { metricsOf } from '../../src/tracking/loggedMetrics.ts';

const step: StepRecord = {
  type: 'step',
  step: 7,
  epoch: 2,
  learningRate: 1e-4,
  loss: 2.5,
  terms: { supCon: 2, vectorSpacePreservation: 0.05 },
  gradientNorm: 1.5,
  counts: { loneAnchors: 3 },
  conflict: {
    norms: { supCon: 1, vectorSpacePreservation: 0.5 },
    cosines: { 'supCon/vectorSpacePreservation': -0.25 },
  },
  wall: { seconds: 0.25 },
};

describe('metricsOf', () => {
  it('names what a training step measured', () => {
    expect(metricsOf(step)).toEqual({
      step: 7,
      metrics: {
        'train/loss': 2.5,
        'train/terms/supCon': 2,
        'train/terms/vectorSpacePreservation': 0.05,
        'train/gradientNorm': 1.5,
        'train/learningRate': 1e-4,
        'train/epoch': 2,
        'train/counts/loneAnchors': 3,
        'train/stepsPerSecond': 4,
        'conflict/norms/supCon': 1,
        'conflict/norms/vectorSpacePreservation': 0.5,
        'conflict/cosines/supCon/vectorSpacePreservation': -0.25,
      },
    });
  });

  it.each([{}, { seconds: 0 }, { seconds: Number.NaN }, { seconds: '1' }])('has no throughput by %o', (wall) => {
    expect(metricsOf({ ...step, wall })?.metrics).not.toHaveProperty('train/stepsPerSecond');
  });

  it('has no conflict in a step that did not measure it', () => {
    const { conflict: _, ...plain } = step;
    const names = Object.keys(metricsOf(plain)?.metrics ?? {});
    expect(names.filter((name) => name.startsWith('conflict/'))).toEqual([]);
    expect(names).toContain('train/loss');
  });

  it('puts validations apart from the metrics of the finished run', () => {
    const metrics = { 'knn.macroF1': 0.5, 'drift.deltaEmb': 0.01 };
    expect(metricsOf({ type: 'validation', step: 20, metrics, wall: {} })).toEqual({
      step: 20,
      metrics: { 'validation/knn/macroF1': 0.5, 'validation/drift/deltaEmb': 0.01 },
    });
    const end = { type: 'end', status: 'completed', steps: 30, wall: { seconds: 9 } } as const;
    const ofTasks = { ...metrics, 'sst2.knn.macroF1': 0.7 };
    expect(metricsOf({ ...end, evaluatedStep: 20, metrics: ofTasks })).toEqual({
      step: 20,
      metrics: { 'knn/macroF1': 0.5, 'drift/deltaEmb': 0.01, 'sst2/knn/macroF1': 0.7 },
    });
    expect(metricsOf({ ...end, evaluatedStep: 0, metrics })?.step).toBe(0);
    expect(metricsOf({ ...end, metrics })?.step).toBe(30);
  });

  it('logs nothing of the other records', () => {
    const predicted = { labelNames: ['a'], truth: [0], predicted: [0] };
    const others: JournalRecord[] = [
      { type: 'layers', texts: 3, drift: [{ deltaEmb: 1, deltaCos: 1, cka: 1 }], wall: {} },
      { type: 'predictions', classifier: 'knn', ...predicted, wall: {} },
    ];
    for (const record of others) expect(metricsOf(record)).toBeUndefined();
  });

  it('loses no number and renames none to another, finite or not', () => {
    const values = fc.dictionary(fc.stringMatching(/^[a-zA-Z0-9]{1,9}(\.[a-zA-Z0-9]{1,9}){0,2}$/), fc.double());
    const slashed = (prefix: string, given: Record<string, number>) =>
      Object.fromEntries(Object.entries(given).map(([name, value]) => [prefix + name.split('.').join('/'), value]));
    fc.assert(
      fc.property(values, values, values, values, fc.double(), (terms, counts, norms, metrics, loss) => {
        const conflict = { norms, cosines: norms };
        const logged = metricsOf({ ...step, terms, counts, conflict, loss })?.metrics ?? {};
        expect(logged).toEqual({
          ...{ 'train/loss': loss, 'train/gradientNorm': 1.5, 'train/learningRate': 1e-4, 'train/epoch': 2 },
          ...{ 'train/stepsPerSecond': 4, ...slashed('train/terms/', terms), ...slashed('train/counts/', counts) },
          ...{ ...slashed('conflict/norms/', norms), ...slashed('conflict/cosines/', norms) },
        });
        expect(Object.keys(logged)).toHaveLength(5 + [terms, counts, norms, norms].flatMap(Object.keys).length);
        const validated = metricsOf({ type: 'validation', step: 1, metrics, wall: {} })?.metrics ?? {};
        expect(Object.values(validated)).toHaveLength(Object.keys(metrics).length);
        for (const [name, value] of Object.entries(metrics)) {
          expect(validated[`validation/${name.split('.').join('/')}`]).toBe(value);
        }
      }),
    );
  });
});
