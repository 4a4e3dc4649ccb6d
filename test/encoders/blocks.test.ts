import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { fusedBlocks } from '../../src/encoders/fusedBlocks.ts';
import { plainBlocks } from '../../src/encoders/plainBlocks.ts';
import { detectHardware } from '../../src/engine/hardware.ts';
import { compiledKernels } from '../../src/engine/native/kernels.ts';
import { leakedTensors, onEachEngine, useEngine } from '../engine/engines.ts';
import { type BlockCase, blockCases, runBlocks, tooDifferent } from './blockCases.ts';

describe.skipIf(!compiledKernels(detectHardware().flags))('fused blocks, against plain ones', () => {
  beforeAll(() => useEngine('tensorflow'));

  const worst = (given: BlockCase) => tooDifferent(runBlocks(fusedBlocks, given), runBlocks(plainBlocks, given));

  it.each(blockCases)('give the same values and gradients: %j', (given) => {
    expect(worst(given)).toEqual([]);
  });

  it('do so for any shape', () => {
    const shapes: fc.Arbitrary<BlockCase> = fc.record({
      lengths: fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 6 }),
      heads: fc.integer({ min: 1, max: 4 }),
      headWidth: fc.integer({ min: 1, max: 40 }).map((half) => 2 * half),
      inner: fc.integer({ min: 1, max: 100 }),
      firstOnly: fc.boolean(),
      tables: fc.constantFrom(2 as const, 3 as const),
      rate: fc.constantFrom(0, 0.1, 0.5),
    });
    fc.assert(
      fc.property(shapes, (given) => {
        expect(worst(given)).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  it('repeat themselves to the bit', () => {
    for (const given of blockCases) expect(runBlocks(fusedBlocks, given)).toEqual(runBlocks(fusedBlocks, given));
  });

  it('refuse ids without a row and texts without a token instead of reading on', () => {
    const [given] = blockCases as [BlockCase];
    expect(() => runBlocks(fusedBlocks, { ...given, lengths: [3, 0, 2] })).toThrow(/at least one token/);
    expect(() => runBlocks(fusedBlocks, given, 1_000_000)).toThrow(/rows that the embeddings have/);
    expect(() => runBlocks(fusedBlocks, given, -1)).toThrow(/rows that the embeddings have/);
  });

  it('leave no tensor behind', () => {
    expect(leakedTensors(() => runBlocks(fusedBlocks, blockCases[2] as BlockCase))).toBe(0);
  });
});

onEachEngine('plain blocks', () => {
  it.each(
    blockCases.filter(({ firstOnly, rate }) => firstOnly && rate === 0),
  )('give the first tokens alone what they give all: %j', (given) => {
    const first = runBlocks(plainBlocks, given).value as Float32Array;
    const all = runBlocks(plainBlocks, { ...given, firstOnly: false }).value as Float32Array;
    const width = given.heads * given.headWidth;
    let token = 0;
    given.lengths.forEach((length, text) => {
      for (let i = 0; i < width; i++) {
        expect(first[text * width + i]).toBeCloseTo(all[token * width + i] as number, 5);
      }
      token += length;
    });
  });
});
