import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadCorpus } from '../../src/data/corpus.ts';
import { embedTexts } from '../../src/encoders/embed.ts';
import type { Encoder } from '../../src/encoders/encoder.ts';
import { declaredPooling, loadEncoder } from '../../src/encoders/huggingFaceFolder.ts';
import { miniFolder } from '../../src/encoders/resolveEncoder.ts';
import { readSafetensorsHeader } from '../../src/encoders/safetensors.ts';
import { type Matrix, row } from '../../src/evaluation/matrix.ts';
import { knn } from '../../src/evaluation/neighbours.ts';
import { availableEngines, onEachEngine, useEngine } from '../engine/engines.ts';
import sentences from '../text/golden/sentences.json' with { type: 'json' };
import reference from './golden/mini/reference.json' with { type: 'json' };
import { largestDifference } from './goldens.ts';

function embed(encoder: Encoder, texts: readonly string[]): Promise<Matrix> {
  return embedTexts(encoder, encoder.tokeniser.encode(texts, encoder.config.maxLength), { pooling: 'mean' });
}

describe('the folder', () => {
  it('has at most 5 MB', async () => {
    const entries = await readdir(miniFolder, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
    const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size));
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(5_000_000);
    expect(files).toContain(join(miniFolder, 'README.md'));
  });

  it('holds a BERT of 4 layers and width 128 in float16, for mean pooling', async () => {
    const tensors = await readSafetensorsHeader(join(miniFolder, 'model.safetensors'));
    expect(new Set([...tensors.values()].map(({ dtype }) => dtype))).toEqual(new Set(['F16']));
    expect(tensors.get('embeddings.word_embeddings.weight')?.shape).toEqual([8192, 128]);
    expect(await declaredPooling(miniFolder)).toBe('mean');
  });
});

onEachEngine('mini', () => {
  let encoder: Encoder;
  beforeAll(async () => {
    encoder = await loadEncoder(miniFolder, 'mini');
  });
  afterAll(() => encoder.dispose());

  it('splits texts into the same tokens as transformers', () => {
    const { ids, offsets } = encoder.tokeniser.encode(sentences, encoder.config.maxLength);
    const split = sentences.map((_, i) => [...ids.subarray(offsets[i], offsets[i + 1])]);
    expect(split).toEqual(reference.ids);
  });

  it('gives the embeddings that sentence-transformers gives', async () => {
    const { data } = await embed(encoder, sentences.slice(0, reference.embeddings.length));
    expect(largestDifference(data, Float32Array.from(reference.embeddings.flat()))).toBeLessThan(1e-5);
  });

  it('knows emoji', () => {
    const unknown = encoder.tokeniser.encode(['\u{10ffff}'], 8).ids[1];
    const { ids } = encoder.tokeniser.encode(['so funny 😂😂'], 8);
    expect([...ids]).not.toContain(unknown);
  });

  it('puts a paraphrase nearer than every other sentence', async () => {
    const pairs = [
      ['Thank you so much, you saved my day!', 'I am really grateful for your help.'],
      ['The train was delayed again this morning.', 'My train came late today, as usual.'],
      ['I am terrified of spiders.', 'Spiders scare me to death.'],
      ['What a disgusting smell in this kitchen.', 'The kitchen stinks, it is revolting.'],
      ['Congratulations on the new job!', 'Well done, you got the position!'],
      ['She cried at the funeral of her grandmother.', "At her grandma's burial she was in tears."],
      ['How do I bake bread without yeast?', 'Is there a bread recipe that needs no yeast?'],
      ['Your team played a terrible game last night.', 'That was an awful match by your team yesterday.'],
    ];
    const embeddings = await embed(encoder, pairs.flat());
    for (let i = 0; i < embeddings.rows; i++) {
      const similarities = Array.from({ length: embeddings.rows }, (_, j) =>
        i === j ? Number.NEGATIVE_INFINITY : cosine(row(embeddings, i), row(embeddings, j)),
      );
      const nearest = similarities.indexOf(Math.max(...similarities));
      expect(pairs.flat()[nearest]).toBe(pairs.flat()[i ^ 1]);
    }
  });
});

const dataFolder = process.env.CONTRAFIT_DATA ?? '';

describe.skipIf(!existsSync(join(dataFolder, 'goemotions')))(
  'quality on GoEmotions (skipped unless CONTRAFIT_DATA holds goemotions)',
  () => {
    beforeAll(() => useEngine(availableEngines[0] ?? 'wasm'));

    it("keeps at least 85 % of its teacher's kNN macro F1", async () => {
      const encoder = await loadEncoder(miniFolder, 'mini');
      const { train, test } = await loadCorpus({ source: 'goemotions', exclude: [] }, { dataFolder });
      const references = train.texts.slice(0, teacher.references);
      const queries = { embeddings: await embed(encoder, test.texts), labels: test.labels };
      const { macroF1 } = await knn.evaluate(
        {
          train: { embeddings: await embed(encoder, references), labels: train.labels.slice(0, teacher.references) },
          test: queries,
        },
        knn.schema.parse({}),
      );
      encoder.dispose();
      expect(macroF1).toBeGreaterThan(0.85 * teacher.macroF1);
    });
  },
);

/** all-MiniLM-L6-v2's score in this setting: single-label test texts, the first 12,000 training texts, mean pooling. */
const teacher = { references: 12_000, macroF1: 0.191 };

function cosine(a: Float32Array, b: Float32Array): number {
  const product = (x: Float32Array, y: Float32Array) => x.reduce((sum, value, i) => sum + value * (y[i] ?? 0), 0);
  return product(a, b) / Math.sqrt(product(a, a) * product(b, b));
}
