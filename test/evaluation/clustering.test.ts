import { describe, expect, it } from 'vitest';
import { clustering, cosineSilhouette } from '../../src/evaluation/clustering.ts';
import { normaliseRows } from '../../src/evaluation/matrix.ts';
import { onEachEngine } from '../engine/engines.ts';
import golden from './golden/clusters.json' with { type: 'json' };
import { matrixOf } from './matrices.ts';

describe('cosineSilhouette', () => {
  it.each(golden.map((example, i) => [i, example] as const))('is scikit-learn’s, case %i', (_, given) => {
    const { x, columns, labels, silhouette } = given;
    const unit = normaliseRows({ data: Float32Array.from(x), rows: x.length / columns, columns });
    expect(cosineSilhouette(unit, Int32Array.from(labels))).toBeCloseTo(silhouette, 5);
  });

  it('is 0 for a class of one text and where there is a single class', () => {
    const unit = matrixOf([
      [1, 0],
      [0, 1],
    ]);
    expect(cosineSilhouette(unit, Int32Array.of(0, 1))).toBe(0);
    expect(cosineSilhouette(unit, Int32Array.of(3, 3))).toBe(0);
  });
});

onEachEngine('clustering', () => {
  it('finds classes that lie apart', async () => {
    const rows = Array.from({ length: 30 }, (_, i) => [i % 3 === 0 ? 5 : 0.1, i % 3 === 1 ? 5 : 0.1, 1 + (i % 2) / 10]);
    const test = { embeddings: matrixOf(rows), labels: Int32Array.from({ length: 30 }, (_, i) => i % 3) };
    const metrics = await clustering.evaluate(
      { train: test, test, original: { test: test.embeddings }, seed: 1 },
      clustering.schema.parse({}),
    );
    expect(metrics).toMatchObject({ ami: 1, nmi: 1, ari: 1, homogeneity: 1, completeness: 1, vMeasure: 1 });
    expect(metrics.fms).toBeCloseTo(1, 9);
    expect(metrics.silhouette).toBeGreaterThan(0.8);
  });
});
