import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { type Corpus, loadCorpus } from '../../src/data/corpus.ts';
import { loadEncoder } from '../../src/encoders/huggingFaceFolder.ts';
import { expectationOf } from '../../src/sweep/expectation.ts';
import { settingsSchema } from '../../src/sweep/experiment.ts';
import { goldenFolder } from '../encoders/goldens.ts';
import { onEachEngine } from '../engine/engines.ts';

const corpus = await loadCorpus({ source: 'embedded', exclude: [] }, { dataFolder: '' });
const config = {
  modelType: 'bert',
  vocabularySize: 30_522,
  hiddenSize: 384,
  layers: 6,
  heads: 12,
  intermediateSize: 1536,
  positions: 512,
  tokenTypes: 2,
  padId: 0,
  maxLength: 512,
  layerNormEpsilon: 1e-12,
  dropout: { hidden: 0.1, attention: 0.1, classifier: 0.1 },
} as const;

function expected(change: Partial<z.input<typeof settingsSchema>> = {}, corpora: readonly Corpus[] = [corpus]) {
  const settings = settingsSchema.parse({
    objective: { supCon: {} },
    sampler: { kind: 'mPerClass' },
    training: { steps: 1 },
    ...change,
  });
  return expectationOf(config, { ...settings, precision: 'float32' }, corpora);
}

describe('expectationOf', () => {
  onEachEngine('the weights', () => {
    it('knows the size of the weights', async () => {
      const encoder = await loadEncoder(`${goldenFolder}bert`, 'bert');
      const settings = settingsSchema.parse({
        objective: { supCon: {} },
        sampler: { kind: 'mPerClass' },
        training: { steps: 1 },
      });
      const { encoderBytes, embeddingBytes } = expectationOf(encoder.config, { ...settings, precision: 'float32' }, [
        corpus,
      ]);
      const weights = [...encoder.variables.values()].reduce((sum, { size }) => sum + size, 0);
      expect(encoderBytes).toBe(4 * weights);
      expect(embeddingBytes).toBe(4 * encoder.config.hiddenSize);
      encoder.dispose();
    });
  });

  it('expects of a training process of all-MiniLM-L6-v2 what was measured, and a little more', () => {
    // Peak resident memory, measured with 64 and 256 of these texts a step in float32: 1.61 and 2.41 GB.
    const bytes = [64, 256].map((batchSize) => expected({ sampler: { kind: 'mPerClass', batchSize } }).workerBytes);
    expect(bytes[0]).toBeGreaterThan(1.61e9);
    expect(bytes[0]).toBeLessThan(1.25 * 1.61e9);
    expect(bytes[1]).toBeGreaterThan(2.41e9);
    expect(bytes[1]).toBeLessThan(1.25 * 2.41e9);
  });

  it('needs less memory for a batch in parts, and more for frozen layers and further corpora', () => {
    const { workerBytes } = expected();
    expect(expected({ training: { steps: 1, accumulate: 4 } }).workerBytes).toBeLessThan(workerBytes);
    expect(expected({ training: { steps: 1, freeze: { layers: 1 } } }).workerBytes).toBe(workerBytes + 512 * 2 ** 20);
    const texts = corpus.train.texts.length + corpus.test.texts.length;
    expect(expected({}, [corpus, corpus]).workerBytes).toBe(workerBytes + 3 * texts * 384 * 4);
  });

  it('takes a step for three times its texts, and long texts for no longer than they may be', () => {
    const { rates } = expected();
    expect(rates.secondsPerStep * rates.textsPerSecond).toBeCloseTo(3 * 64, 10);
    const texts = ['word '.repeat(1000)];
    const long = { ...corpus, train: { ...corpus.train, texts } };
    const cut = { ...corpus, train: { ...corpus.train, texts: ['word '.repeat(100)] } };
    expect(expected({ maxLength: 64 }, [long]).rates).toEqual(expected({ maxLength: 64 }, [cut]).rates);
    expect(expected({ maxLength: 128 }, [long]).rates.secondsPerStep).toBeGreaterThan(
      2 * expected({ maxLength: 64 }, [long]).rates.secondsPerStep,
    );
  });
});
