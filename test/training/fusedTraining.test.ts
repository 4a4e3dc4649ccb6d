import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Pooling } from '../../src/encoders/pooling.ts';
import { detectHardware } from '../../src/engine/hardware.ts';
import { fusedOpsAreLoaded } from '../../src/engine/native/fusedOps.ts';
import { compiledKernels } from '../../src/engine/native/kernels.ts';
import { type StepReport, train } from '../../src/training/trainer.ts';
import { useEngine } from '../engine/engines.ts';
import { type TinySettings, tinyTraining } from './tinyTraining.ts';

const fused = vi.hoisted(() => ({ wanted: true }));

// Fused ops can be switched off here, to compare them with TensorFlow.js' own operations in the same process.
vi.mock('../../src/engine/native/fusedOps.ts', async (original) => {
  const actual = await original<typeof import('../../src/engine/native/fusedOps.ts')>();
  return { ...actual, fusedOpsAreCurrent: () => fused.wanted && actual.fusedOpsAreCurrent() };
});

const steps = 20;

async function trajectory(wanted: boolean, pooling: Pooling, settings: TinySettings) {
  fused.wanted = wanted;
  const training = { ...(await tinyTraining(settings)), pooling };
  onTestFinished(training.dispose);
  const reports: StepReport[] = [];
  await train({ ...training, onStep: (report) => reports.push(report) });
  const variables = [...training.encoder.variables, ...training.heads.variables];
  const weights = new Map(variables.map(([name, variable]) => [name, variable.dataSync() as Float32Array]));
  return { reports, weights };
}

describe.skipIf(!compiledKernels(detectHardware().flags))('training with fused ops', () => {
  beforeAll(() => useEngine('tensorflow'));

  it.each<[string, Pooling, TinySettings]>([
    ['dropout, clipping and an MLP head', 'mean', { training: { steps, learningRate: 1e-3, clipNorm: 0.5 } }],
    [
      'no dropout, a linear head',
      'cls',
      { head: { kind: 'linear', out: 8 }, training: { steps, learningRate: 1e-3, dropout: 0 } },
    ],
    ['a batch in pieces', 'cls', { training: { steps, learningRate: 1e-3, accumulate: 2, conflictEvery: 0 } }],
    [
      'SupCon inside',
      'mean',
      { objective: { supCon: { denominator: 'in', temperature: 0.3 } }, training: { steps, learningRate: 1e-3 } },
    ],
  ])('goes the way of training without them over 20 steps: %s', async (_, pooling, settings) => {
    const own = await trajectory(true, pooling, settings);
    const reference = await trajectory(false, pooling, settings);
    expect(fusedOpsAreLoaded()).toBe(true);
    expect(own.reports).toHaveLength(steps);
    for (const [i, { loss, gradientNorm }] of reference.reports.entries()) {
      expect(Math.abs((own.reports[i]?.loss ?? Number.NaN) / loss - 1)).toBeLessThan(1e-4);
      expect(Math.abs((own.reports[i]?.gradientNorm ?? Number.NaN) / gradientNorm - 1)).toBeLessThan(1e-3);
    }
    for (const [name, values] of reference.weights) {
      // Adam moves a weight by the learning rate whatever its gradient; that of the keys' bias is rounding errors.
      if (name.endsWith('key.bias')) continue;
      const other = own.weights.get(name) as Float32Array;
      const error = Math.hypot(...values.map((x, i) => x - (other[i] as number))) / Math.hypot(...values);
      expect(error, name).toBeLessThan(1e-3);
    }
  });
});
