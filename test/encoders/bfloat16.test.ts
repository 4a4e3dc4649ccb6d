import { beforeAll, describe, expect, it } from 'vitest';
import { fusedBlocks } from '../../src/encoders/fusedBlocks.ts';
import { plainBlocks } from '../../src/encoders/plainBlocks.ts';
import { fastestPrecision, startEngine } from '../../src/engine/engine.ts';
import { fusedOpsAreLoaded } from '../../src/engine/native/fusedOps.ts';
import { blockCases, runBlocks } from './blockCases.ts';

// An engine keeps its precision for its process's life: this file is a process of its own.
describe.skipIf(fastestPrecision('tensorflow') !== 'bfloat16')('bfloat16', () => {
  beforeAll(async () => {
    await startEngine({ engine: 'tensorflow', precision: 'bfloat16', threads: 0 });
  });

  it.each(blockCases)('rounds what is between products to 8 bits: %j', (given) => {
    expect(fusedOpsAreLoaded()).toBe(true);
    const rounded = runBlocks(fusedBlocks, given);
    const exact = runBlocks(plainBlocks, given);
    for (const [name, values] of Object.entries(exact)) {
      // The gradient of the keys' bias is 0, mathematically: softmax does not change by a shift.
      if (name === 'key.bias') continue;
      const own = rounded[name] as Float32Array;
      // Queries and keys of a text of one token have no gradient at all.
      const norm = Math.hypot(...values) || 1;
      const error = Math.hypot(...values.map((x, i) => x - (own[i] as number))) / norm;
      expect(error, name).toBeLessThan(0.06);
    }
    expect(rounded.value).not.toEqual(exact.value);
  });
});
