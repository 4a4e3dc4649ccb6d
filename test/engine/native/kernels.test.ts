import { beforeAll, describe, expect, it, vi } from 'vitest';
import { fusedBlocks } from '../../../src/encoders/fusedBlocks.ts';
import { plainBlocks } from '../../../src/encoders/plainBlocks.ts';
import { detectHardware } from '../../../src/engine/hardware.ts';
import { fusedOpsAreLoaded } from '../../../src/engine/native/fusedOps.ts';
import { compiledKernels, kernelsFor } from '../../../src/engine/native/kernels.ts';
import { blockCases, runBlocks, tooDifferent } from '../../encoders/blockCases.ts';
import { useEngine } from '../engines.ts';

// This file is a process of its own: it takes the processor for one without AVX-512, for which other code is compiled.
vi.mock('../../../src/engine/hardware.ts', async (original) => {
  const actual = await original<typeof import('../../../src/engine/hardware.ts')>();
  const withoutAvx512 = (...args: Parameters<typeof detectHardware>) => {
    const hardware = actual.detectHardware(...args);
    return { ...hardware, flags: new Set([...hardware.flags].filter((flag) => !flag.startsWith('avx512'))) };
  };
  return { ...actual, detectHardware: withoutAvx512 };
});

describe('compiled ops', () => {
  const avx2 = new Set(['avx2', 'bmi1', 'bmi2', 'f16c', 'fma', 'movbe']);

  it('are chosen by what the processor can do', () => {
    expect(kernelsFor(new Set())).toBeUndefined();
    expect(kernelsFor(avx2)).toMatch(/-x86-64-v3\.node$/);
    const avx512 = ['avx512f', 'avx512bw', 'avx512cd', 'avx512dq', 'avx512vl'];
    expect(kernelsFor(new Set([...avx2, ...avx512]))).toMatch(/-x86-64-v4\.node$/);
  });

  describe.skipIf(!compiledKernels(detectHardware().flags))('for AVX2', () => {
    beforeAll(() => useEngine('tensorflow'));

    it.each(blockCases)('give the same values and gradients as plain blocks: %j', (given) => {
      expect(fusedOpsAreLoaded()).toBe(true);
      expect(tooDifferent(runBlocks(fusedBlocks, given), runBlocks(plainBlocks, given))).toEqual([]);
    });
  });
});
