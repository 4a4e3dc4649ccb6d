import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { embedLayers, embedTexts } from '../../src/encoders/embed.ts';
import { createEncoder, type Encoder } from '../../src/encoders/encoder.ts';
import { loadEncoder } from '../../src/encoders/huggingFaceFolder.ts';
import { type Matrix, row } from '../../src/evaluation/matrix.ts';
import { collate } from '../../src/text/batch.ts';
import { leakedTensors, onEachEngine } from '../engine/engines.ts';
import sentences from '../text/golden/sentences.json' with { type: 'json' };
import { goldenFolder, largestDifference } from './goldens.ts';

onEachEngine('embedTexts', () => {
  let encoder: Encoder;
  beforeAll(async () => {
    encoder = await loadEncoder(`${goldenFolder}bert`, 'bert');
  });
  afterAll(() => encoder.dispose());

  it.each(['cls', 'mean'] as const)('gives each text its own vector in the given order, by %s', async (pooling) => {
    const texts = encoder.tokeniser.encode(sentences, encoder.config.maxLength);
    const progress: number[] = [];
    const onProgress = (done: number) => progress.push(done);
    const { data, rows, columns } = await embedTexts(encoder, texts, { pooling, batchTokens: 100, onProgress });
    expect([rows, columns]).toEqual([sentences.length, encoder.config.hiddenSize]);
    expect(progress.length).toBeGreaterThan(2);
    expect(progress.at(-1)).toBe(16);
    for (let i = 0; i < rows; i++) {
      const alone = encoder.embed(collate(texts, [i], encoder.tokeniser.padId), pooling);
      const row = data.subarray(i * columns, (i + 1) * columns);
      expect(largestDifference(await alone.data(), row)).toBeLessThan(1e-5);
      alone.dispose();
    }
  });

  it('computes what is there several times once', async () => {
    const texts = encoder.tokeniser.encode(['a cat', 'two dogs', 'a cat', 'a cat'], 16);
    const embed = vi.spyOn(encoder, 'embed');
    const progress: number[] = [];
    const onProgress = (done: number) => progress.push(done);
    const matrix = await embedTexts(encoder, texts, { pooling: 'mean', batchTokens: 1, onProgress });
    expect(embed).toHaveBeenCalledTimes(2);
    expect(progress.at(-1)).toBe(4);
    const rows = [0, 1, 2, 3].map((i) => [...row(matrix, i)]);
    expect([rows[2], rows[3]]).toEqual([rows[0], rows[0]]);
    expect(rows[1]).not.toEqual(rows[0]);
    embed.mockRestore();
  });

  it('takes no texts at all', async () => {
    const matrix = await embedTexts(encoder, encoder.tokeniser.encode([], 16), { pooling: 'cls' });
    expect(matrix).toEqual({ data: new Float32Array(0), rows: 0, columns: 32 });
  });

  it.each(['cls', 'mean'] as const)('gives the states after each layer, by %s', async (pooling) => {
    const texts = encoder.tokeniser.encode([...sentences, sentences[1] as string], encoder.config.maxLength);
    const layers = await embedLayers(encoder, texts, { pooling, batchTokens: 100 });
    expect(layers).toHaveLength(encoder.config.layers + 1);
    const own = await embedTexts(encoder, texts, { pooling });
    expect(largestDifference((layers.at(-1) as Matrix).data, own.data)).toBeLessThan(1e-5);
    for (const [layer, { data, columns }] of layers.entries()) {
      // The oracle: the last states of an encoder of so many layers, pooled by hand.
      const lower = createEncoder({ ...encoder, config: { ...encoder.config, layers: layer } });
      for (let i = 0; i < texts.size; i++) {
        const batch = collate(texts, [i], encoder.tokeniser.padId);
        const states = lower.hiddenStates(batch);
        const [tokens = []] = await states.array();
        states.dispose();
        const counted = pooling === 'cls' ? tokens.slice(0, 1) : tokens;
        const expected = Array.from({ length: columns }, (_, j) =>
          counted.reduce((sum, token) => sum + (token[j] as number) / counted.length, 0),
        );
        expect(largestDifference(expected, data.subarray(i * columns, (i + 1) * columns))).toBeLessThan(1e-5);
      }
    }
  });

  it('does not tell segments apart where the encoder has one type of token', async () => {
    const roberta = await loadEncoder(`${goldenFolder}roberta`, 'roberta');
    const texts = roberta.tokeniser.encode(['a text'], 32, ['its context']);
    expect(Math.max(...texts.typeIds)).toBe(1);
    const pair = await embedTexts(roberta, texts, { pooling: 'mean' });
    const same = await embedTexts(roberta, { ...texts, typeIds: texts.typeIds.map(() => 0) }, { pooling: 'mean' });
    expect(pair).toEqual(same);
    const bertPair = encoder.tokeniser.encode(['a text'], 32, ['its context']);
    const own = await embedTexts(encoder, bertPair, { pooling: 'mean' });
    const untyped = await embedTexts(
      encoder,
      { ...bertPair, typeIds: bertPair.typeIds.map(() => 0) },
      { pooling: 'mean' },
    );
    expect(own).not.toEqual(untyped);
    roberta.dispose();
  });

  it('leaves no tensor behind', () => {
    const batch = collate(encoder.tokeniser.encode(sentences, 16), [0, 1], encoder.tokeniser.padId);
    expect(leakedTensors(() => encoder.embed(batch, 'mean').dispose())).toBe(0);
    expect(leakedTensors(() => encoder.embedLayers(batch, 'cls').dispose())).toBe(0);
  });
});
