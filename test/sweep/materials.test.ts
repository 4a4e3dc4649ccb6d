import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { embedTexts } from '../../src/encoders/embed.ts';
import { encoderHash, loadEncoder } from '../../src/encoders/huggingFaceFolder.ts';
import type { EngineInfo, EngineName } from '../../src/engine/engine.ts';
import { selectRows } from '../../src/evaluation/matrix.ts';
import { Cache } from '../../src/sweep/cache.ts';
import { type Settings, settingsSchema } from '../../src/sweep/experiment.ts';
import { Materials, sampleIndices } from '../../src/sweep/materials.ts';
import { problemsOf } from '../data/problems.ts';
import { temporaryFolder } from '../data/temporaryFolder.ts';
import { goldenFolder } from '../encoders/goldens.ts';
import { onEachEngine } from '../engine/engines.ts';

const places = { dataFolder: '', encoders: { hubCache: '', offline: true } };
const limit = 20;

function settingsWith(change: Partial<z.input<typeof settingsSchema>> = {}): Settings {
  const parsed = settingsSchema.parse({
    data: { limit },
    encoder: `${goldenFolder}bert`,
    maxLength: 16,
    objective: { supCon: {} },
    sampler: { kind: 'mPerClass' },
    training: { steps: 1 },
    ...change,
  });
  return { ...parsed, precision: 'float32' };
}

const settings = settingsWith();
const infoOf = (name: EngineName): EngineInfo => ({
  name,
  detail: '',
  device: 'cpu',
  threads: 1,
  precision: 'float32',
});

describe('sampleIndices', () => {
  it.each([null, 10, 11])('are all of 10 items for %j', (references) => {
    expect(sampleIndices('references', 10, references)).toEqual(Int32Array.from({ length: 10 }, (_, i) => i));
  });

  it('are a sample without repetition, in order, and always the same', () => {
    const sample = sampleIndices('references', 5000, 300);
    expect(new Set(sample).size).toBe(300);
    expect(sample).toEqual(sample.slice().sort());
    expect(Math.max(...sample)).toBeLessThan(5000);
    expect(Math.min(...sample)).toBeGreaterThanOrEqual(0);
    expect(sampleIndices('references', 5000, 300)).toEqual(sample);
    // Spread over the whole range, not a part of it.
    expect(sample.reduce((sum, i) => sum + i, 0) / 300).toBeCloseTo(2500, -3);
  });
});

describe('Materials', () => {
  it('loads a corpus and an encoder once', async () => {
    const materials = new Materials(places, new Cache(await temporaryFolder({})));
    const corpus = await materials.corpus(settings);
    expect(await materials.corpus(settingsWith({ pooling: 'mean' }))).toBe(corpus);
    expect(await materials.corpus(settingsWith({ data: { limit: limit + 1 } }))).not.toBe(corpus);
    const encoder = await materials.encoder(settings.encoder);
    expect(await materials.encoder(settings.encoder)).toBe(encoder);
    const folder = `${goldenFolder}bert`;
    expect(encoder).toMatchObject({ folder, hash: await encoderHash(folder), config: { maxLength: 40 } });
  });

  it('gives the same tokens from memory and from the cache, and others for another length', async () => {
    const folder = await temporaryFolder({});
    const materials = new Materials(places, new Cache(folder));
    const tokens = await materials.tokens(settings, 'test');
    const { tokeniser } = await materials.encoder(settings.encoder);
    expect(tokens).toEqual(tokeniser.encode((await materials.corpus(settings)).test.texts, settings.maxLength));
    expect(await materials.tokens(settings, 'test')).toBe(tokens);
    expect(await new Materials(places, new Cache(folder)).tokens(settings, 'test')).toEqual(tokens);
    expect(await materials.tokens(settingsWith({ maxLength: 8 }), 'test')).not.toEqual(tokens);
  });

  it('tokenises texts behind their contexts where the corpus says so', async () => {
    const materials = new Materials(places, new Cache(await temporaryFolder({})));
    const contextual = settingsWith({ data: { source: 'embedded+context', limit } });
    const { texts, contexts } = (await materials.corpus(contextual)).test;
    const { tokeniser } = await materials.encoder(settings.encoder);
    expect(await materials.tokens(contextual, 'test')).toEqual(tokeniser.encode(texts, settings.maxLength, contexts));
  });

  it('embeds large splits in parts', async () => {
    const rows = (n: number) => ['text,label', ...Array.from({ length: n }, (_, i) => `t${i},${i % 2}`)].join('\n');
    const source = await temporaryFolder({
      'train.csv': rows(5000),
      'validation.csv': rows(4),
      'test.csv': rows(2048),
    });
    const materials = new Materials(places, new Cache(await temporaryFolder({})));
    const missing = await materials.missingShards(settingsWith({ data: { source } }), infoOf('wasm'));
    expect(missing.map(({ shard }) => shard)).toEqual([
      { split: 'train', from: 0, to: 2048 },
      { split: 'train', from: 2048, to: 4096 },
      { split: 'train', from: 4096, to: 5000 },
      { split: 'test', from: 0, to: 2048 },
    ]);
  });

  it('passes on what is wrong with an encoder or a corpus', async () => {
    const materials = new Materials(places, new Cache(await temporaryFolder({})));
    expect((await problemsOf(materials.encoder('./no-such-folder'))).map(({ code }) => code)).toEqual([
      'ENCODER_FOLDER_MISSING',
    ]);
    const unknown = settingsWith({ data: { source: 'no-such-corpus' } });
    expect((await problemsOf(materials.tokens(unknown, 'test'))).map(({ code }) => code)).toEqual([
      'DATA_UNKNOWN_SOURCE',
    ]);
  });
});

onEachEngine('the encoder that a cell trains', () => {
  it.each([
    ['roberta', 'own', 1],
    ['roberta', 'two', 2],
    ['bert', 'own', 2],
    ['bert', 'two', 2],
    ['distilBert', 'own', 0],
  ] as const)('has the token types that the settings ask for: %s, %s', async (name, segments, types) => {
    const materials = new Materials(places, new Cache(await temporaryFolder({})));
    const encoder = await materials.trainable(settingsWith({ encoder: `${goldenFolder}${name}`, segments }));
    expect(encoder.config.tokenTypes).toBe(types);
    const table = [...encoder.variables].find(([tensor]) => tensor.endsWith('token_type_embeddings.weight'))?.[1];
    expect(table?.shape[0] ?? 0).toBe(types);
    encoder.dispose();
  });

  it('is the cell’s own, and has the cell’s name for it', async () => {
    const materials = new Materials(places, new Cache(await temporaryFolder({})));
    const [one, other] = [await materials.trainable(settings), await materials.trainable(settings)];
    expect(one.name).toBe(settings.encoder);
    for (const [tensor, variable] of one.variables) expect(other.variables.get(tensor)).not.toBe(variable);
    one.dispose();
    other.dispose();
  });
});

onEachEngine('frozen embeddings', (name) => {
  const engine = infoOf(name);
  const splitsMissing = async (materials: Materials, of: Settings) =>
    (await materials.missingShards(of, engine)).map(({ shard }) => shard.split);
  const validating = settingsWith({ training: { steps: 1, validateEvery: 1 } });

  it('are those of the untouched encoder, computed once', async () => {
    const folder = await temporaryFolder({});
    const materials = new Materials(places, new Cache(folder));
    const frozen = await materials.frozen(settings, engine, 'test');
    const encoder = await loadEncoder(`${goldenFolder}bert`, 'bert');
    expect(frozen).toEqual(await embedTexts(encoder, await materials.tokens(settings, 'test'), { pooling: 'cls' }));
    encoder.dispose();

    expect(await splitsMissing(materials, settings)).toEqual(['train']);
    expect(await splitsMissing(materials, validating)).toEqual(['train', 'validation']);
    const computed: number[] = [];
    const shard = { split: 'test', from: 0, to: limit } as const;
    const again = new Materials(places, new Cache(folder));
    const onProgress = (done: number) => computed.push(done);
    expect(await again.frozenShard(settings, engine, shard, onProgress)).toEqual(frozen);
    expect(computed).toEqual([]);
    for (const other of [settingsWith({ pooling: 'mean' }), settingsWith({ maxLength: 12 })]) {
      expect(await again.missingShards(other, engine)).toHaveLength(2);
    }
    const otherEngine = infoOf(name === 'wasm' ? 'tensorflow' : 'wasm');
    expect(await again.missingShards(settings, otherEngine)).toHaveLength(2);
  });

  it('are also those of the downstream tasks, without their validation texts', async () => {
    const materials = new Materials(places, new Cache(await temporaryFolder({})));
    const line = (i: number) => JSON.stringify({ text: `text ${i}`, label: `${i % 2}` });
    const lines = Array.from({ length: 8 }, (_, i) => line(i)).join('\n');
    const task = await temporaryFolder({ 'train.jsonl': lines, 'validation.jsonl': lines, 'test.jsonl': lines });
    const missing = await materials.missingShards(
      settingsWith({ evaluation: { downstream: { tasks: [task] } } }),
      engine,
    );
    expect(missing.map(({ settings: { data }, shard }) => [data.source, shard.split, shard.to])).toEqual([
      ['embedded', 'train', limit],
      ['embedded', 'test', limit],
      [task, 'train', 8],
      [task, 'test', 8],
    ]);
  });

  it('of a part are the rows of the whole', async () => {
    const materials = new Materials(places, new Cache(await temporaryFolder({})));
    const whole = await materials.frozen(settings, engine, 'train');
    const part = await materials.frozenShard(settings, engine, { split: 'train', from: 3, to: 7 });
    const expected = selectRows(whole, [3, 4, 5, 6]);
    expect([part.rows, part.columns]).toEqual([4, 32]);
    // Rounding depends on how far the batch of a text is padded.
    expect([...part.data]).toEqual([...expected.data].map((x) => expect.closeTo(x, 5)));
  });
});
