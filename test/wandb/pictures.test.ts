import { join } from 'node:path';
import { expect, test } from 'vitest';
import { compare } from '../../src/report/comparison.ts';
import { readExperiment } from '../../src/tracking/results.ts';
import type { MediaPicture } from '../../src/wandb/media.ts';
import { confusionMatrixPicture, tradeOffPicture } from '../../src/wandb/pictures.ts';
import { writeMadeUpResults } from '../report/madeUpResults.ts';

function expectPng({ png, width, height }: MediaPicture): void {
  const bytes = Buffer.from(png);
  expect(bytes.subarray(0, 8).toString('hex')).toBe('89504e470d0a1a0a');
  expect(bytes.subarray(12, 16).toString()).toBe('IHDR');
  expect([width, height]).toEqual([bytes.readUInt32BE(16), bytes.readUInt32BE(20)]);
}

test('a confusion matrix grows with its classes', () => {
  const sizes = [2, 28].map((classes) => {
    const labelNames = Array.from({ length: classes }, (_, i) => `class ${i}`);
    const truth = labelNames.flatMap((_, i) => [i, i]);
    const picture = confusionMatrixPicture({ labelNames, truth, predicted: truth.map((i) => i % 3) }, 'A caption');
    expectPng(picture);
    expect(picture.caption).toBe('A caption');
    return picture;
  });
  expect(sizes[1]?.height).toBeGreaterThan(sizes[0]?.height ?? 0);
  expect((sizes[0]?.width ?? 0) / (sizes[0]?.height ?? 1)).toBeCloseTo(600 / 520, 2);
  expect((sizes[1]?.width ?? 0) / (sizes[1]?.height ?? 1)).toBeCloseTo((240 + 24 * 28 + 80) / (240 + 24 * 28), 2);
});

test('the trade-off is that of the experiment', async () => {
  const comparison = compare(readExperiment(join(await writeMadeUpResults(), 'made-up')));
  const picture = tradeOffPicture(comparison);
  expectPng(picture);
  expect(picture.caption).toBe('made-up');
  expect(picture.width / picture.height).toBeCloseTo(1.5, 2);
});
