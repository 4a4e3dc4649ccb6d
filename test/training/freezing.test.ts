import { expect, it, onTestFinished } from 'vitest';
import { loadEncoder } from '../../src/encoders/huggingFaceFolder.ts';
import { freezeSchema, trainableVariables } from '../../src/training/freezing.ts';
import { train } from '../../src/training/trainer.ts';
import { goldenFolder, tinyEncoders } from '../encoders/goldens.ts';
import { onEachEngine } from '../engine/engines.ts';
import { tinyTraining } from './tinyTraining.ts';

onEachEngine('freezing', () => {
  it.each(tinyEncoders)('names the variables of %s by layer', async (name) => {
    const encoder = await loadEncoder(goldenFolder + name, name);
    const count = (freeze: object) => trainableVariables(encoder, freezeSchema.parse(freeze)).size;
    const all = encoder.variables.size;
    expect(count({})).toBe(all);
    expect(count({ wordEmbeddings: true })).toBe(all - 1);
    // Sixteen tensors a layer: six dense layers and two LayerNorms, weight and bias.
    const embeddings = [...encoder.variables.keys()].filter((key) => /embeddings/.test(key)).length;
    expect(count({ layers: 1 })).toBe(all - embeddings - 16);
    expect(count({ layers: encoder.config.layers })).toBe(0);
    encoder.dispose();
  });

  it.each([
    { wordEmbeddings: true },
    { layers: 1 },
  ])('leaves what is frozen to the bit, and trains the rest: %j', async (freeze) => {
    const training = await tinyTraining({ training: { steps: 3, learningRate: 1e-2, freeze, accumulate: 2 } });
    onTestFinished(training.dispose);
    const { variables } = training.encoder;
    const values = () => new Map([...variables].map(([name, variable]) => [name, variable.dataSync()]));
    const before = values();
    await train(training);
    const after = values();
    const trainable = trainableVariables(training.encoder, training.options.freeze);
    for (const name of variables.keys()) {
      if (trainable.has(name)) expect(after.get(name), name).not.toEqual(before.get(name));
      else expect(after.get(name), name).toEqual(before.get(name));
    }
  });

  it('gives the gradients that are left as they were', async () => {
    const losses: number[] = [];
    for (const freeze of [{}, { wordEmbeddings: true }]) {
      const training = await tinyTraining({ training: { steps: 1, freeze, dropout: 0 } });
      onTestFinished(training.dispose);
      await train({ ...training, onStep: ({ loss }) => losses.push(loss) });
    }
    expect(losses[0]).toBe(losses[1]);
  });

  it('computes frozen layers once without dropout, to the same weights', async () => {
    const runs: number[][] = [];
    for (const remembers of [true, false]) {
      const training = await tinyTraining({
        training: { steps: 6, learningRate: 1e-2, freeze: { layers: 1 }, dropout: 0 },
      });
      onTestFinished(training.dispose);
      const { encoder } = training;
      const losses: number[] = [];
      const started = remembers ? encoder : { ...encoder, freezeLayers: () => {} };
      await train({ ...training, encoder: started, onStep: ({ loss }) => losses.push(loss) });
      runs.push(losses);
    }
    expect(runs[0]).toHaveLength(6);
    runs[0]?.forEach((loss, i) => {
      expect(loss).toBeCloseTo(runs[1]?.[i] as number, 4);
    });
  });
});
