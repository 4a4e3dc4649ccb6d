import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  declaredPooling,
  describeEncoder,
  encoderHash,
  isEncoderFolder,
  loadEncoder,
  saveEncoder,
} from '../../src/encoders/huggingFaceFolder.ts';
import { readSafetensors, type StoredTensor, writeSafetensors } from '../../src/encoders/safetensors.ts';
import { UserError } from '../../src/errors.ts';
import { onEachEngine, useEngine } from '../engine/engines.ts';
import { goldenFolder, tinyEncoders } from './goldens.ts';

let root: string;
let folder: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'encoders-'));
});
afterAll(() => rm(root, { recursive: true }));
beforeEach(async () => {
  folder = await mkdtemp(join(root, 'case-'));
});

async function bitsOf(encoder: Awaited<ReturnType<typeof loadEncoder>>) {
  const bits = new Map<string, { shape: readonly number[]; values: Uint32Array }>();
  for (const [name, variable] of encoder.variables) {
    const values = (await variable.data()) as Float32Array;
    bits.set(name, { shape: variable.shape, values: new Uint32Array(values.slice().buffer) });
  }
  return bits;
}

onEachEngine('loadEncoder and saveEncoder', () => {
  it.each(tinyEncoders)('bring %s back bit by bit', async (name) => {
    const loaded = await loadEncoder(goldenFolder + name, name);
    await saveEncoder(loaded, folder, 'mean');
    const again = await loadEncoder(folder, name);
    expect(await bitsOf(again)).toEqual(await bitsOf(loaded));
    expect(again.config).toEqual(loaded.config);
    expect(again.tokeniser.hash).toBe(loaded.tokeniser.hash);
    expect(again.source.otherTensors).toEqual(loaded.source.otherTensors);

    const twice = join(folder, 'twice');
    await saveEncoder(again, twice, 'mean');
    expect(await encoderHash(twice)).toBe(await encoderHash(folder));
    loaded.dispose();
    again.dispose();
  });

  it('keep what the forward pass does not read', async () => {
    const encoder = await loadEncoder(`${goldenFolder}roberta`, 'roberta');
    expect([...encoder.source.otherTensors.keys()]).toContain('lm_head.dense.weight');
    expect([...encoder.variables.keys()].every((name) => name.startsWith('roberta.'))).toBe(true);
    encoder.dispose();
  });

  it('write float32 and say so, and the pooling', async () => {
    const encoder = await loadEncoder(`${goldenFolder}roberta`, 'roberta');
    for (const pooling of ['cls', 'mean'] as const) {
      await saveEncoder(encoder, folder, pooling);
      expect(await declaredPooling(folder)).toBe(pooling);
    }
    expect(JSON.parse(await readFile(join(folder, 'config.json'), 'utf8'))).toMatchObject({ dtype: 'float32' });
    encoder.dispose();
  });

  it('leave no tensor behind', async () => {
    const before = tf.memory().numTensors;
    const encoder = await loadEncoder(`${goldenFolder}bert`, 'bert');
    await saveEncoder(encoder, folder, 'cls');
    encoder.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('let two copies of an encoder live side by side', async () => {
    const [one, other] = [await loadEncoder(`${goldenFolder}bert`, 'a'), await loadEncoder(`${goldenFolder}bert`, 'b')];
    const name = 'embeddings.LayerNorm.weight';
    one.variables.get(name)?.assign(tf.zeros([32]));
    expect(
      other.variables
        .get(name)
        ?.dataSync()
        .some((value) => value === 0),
    ).toBe(false);
    one.dispose();
    other.dispose();
  });
});

describe('describeEncoder', () => {
  it('takes the names of early BERT files', async () => {
    await damageTensors((tensors) => {
      for (const [name, tensor] of [...tensors]) {
        tensors.delete(name);
        tensors.set(
          name.replace('LayerNorm.weight', 'LayerNorm.gamma').replace('LayerNorm.bias', 'LayerNorm.beta'),
          tensor,
        );
      }
    });
    await useEngine('wasm');
    const encoder = await loadEncoder(folder, 'early');
    expect(encoder.variables.has('embeddings.LayerNorm.weight')).toBe(true);
    encoder.dispose();
  });

  it('reads RoBERTa’s length without its offset', async () => {
    const { config } = await describeEncoder(`${goldenFolder}roberta`);
    expect(config).toMatchObject({ positions: 42, padId: 1, maxLength: 40 });
  });

  const changeConfig = async (change: Record<string, unknown>) => {
    await cp(`${goldenFolder}bert`, folder, { recursive: true });
    const file = join(folder, 'config.json');
    const config = { ...(JSON.parse(await readFile(file, 'utf8')) as object), ...change };
    await writeFile(file, JSON.stringify(config));
  };

  async function damageTensors(damage: (tensors: Map<string, StoredTensor>) => void): Promise<void> {
    await cp(`${goldenFolder}bert`, folder, { recursive: true });
    const tensors = new Map<string, StoredTensor>();
    for await (const [name, tensor] of readSafetensors(join(folder, 'model.safetensors'))) tensors.set(name, tensor);
    damage(tensors);
    await writeSafetensors(join(folder, 'model.safetensors'), tensors);
  }

  const problems = async () => {
    try {
      await describeEncoder(folder);
      return [];
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      return [...error.problems];
    }
  };
  const codes = async () => (await problems()).map(({ code }) => code);

  it('names all missing files at once', async () => {
    expect(await codes()).toEqual(['ENCODER_FILE_MISSING', 'TOKENISER_MISSING', 'ENCODER_FILE_MISSING']);
    expect(await isEncoderFolder(folder)).toBe(false);
    expect(await isEncoderFolder(join(folder, 'nowhere'))).toBe(false);
  });

  it('names missing and unsuitable tensors at once', async () => {
    const key = 'encoder.layer.1.attention.self.key.weight';
    const query = 'encoder.layer.0.attention.self.query.bias';
    await damageTensors((tensors) => {
      tensors.delete(key);
      tensors.set(query, { dtype: 'I32', shape: [32], bytes: new Uint8Array(128) });
      tensors.set('embeddings.LayerNorm.bias', { dtype: 'F32', shape: [31], bytes: new Uint8Array(124) });
    });
    const found = await problems();
    expect(found.map(({ code }) => code).sort()).toEqual([
      'ENCODER_TENSOR_DTYPE',
      'ENCODER_TENSOR_MISSING',
      'ENCODER_TENSOR_SHAPE',
    ]);
    expect(found.find(({ code }) => code === 'ENCODER_TENSOR_MISSING')?.given).toContain(key);
    expect(found.find(({ code }) => code === 'ENCODER_TENSOR_DTYPE')?.given).toContain(query);
  });

  it.each<[string, Record<string, unknown>, string[]]>([
    ['another architecture', { model_type: 'gpt2' }, ['ENCODER_ARCHITECTURE_UNSUPPORTED']],
    ['no architecture', { model_type: undefined }, ['ENCODER_CONFIG_INVALID']],
    ['another activation', { hidden_act: 'relu' }, ['ENCODER_CONFIG_INVALID']],
    ['relative positions', { position_embedding_type: 'relative_key' }, ['ENCODER_CONFIG_INVALID']],
    ['heads that do not divide the width', { num_attention_heads: 5 }, ['ENCODER_CONFIG_INVALID']],
    ['several mistakes', { hidden_size: 'wide', num_hidden_layers: 0 }, ['ENCODER_CONFIG_INVALID']],
    ['fewer words than the tokeniser', { vocab_size: 399 }, ['TOKENISER_TOO_LARGE', 'ENCODER_TENSOR_SHAPE']],
  ])('rejects %s', async (_, change, expected) => {
    await changeConfig(change);
    expect(await codes()).toEqual(expected);
  });

  it('names every wrong field of the configuration', async () => {
    await changeConfig({ hidden_size: 'wide', num_hidden_layers: 0 });
    const [problem] = await problems();
    expect(problem?.given).toMatch(/hidden_size.*num_hidden_layers/s);
  });

  it('rejects a file that is cut', async () => {
    await cp(`${goldenFolder}bert`, folder, { recursive: true });
    const file = join(folder, 'model.safetensors');
    await writeFile(file, (await readFile(file)).subarray(0, 60_000));
    expect(await codes()).toEqual(['SAFETENSORS_TRUNCATED']);
  });

  it('rejects a configuration that is not JSON', async () => {
    await cp(`${goldenFolder}bert`, folder, { recursive: true });
    await writeFile(join(folder, 'config.json'), '{');
    expect(await codes()).toEqual(['ENCODER_CONFIG_INVALID']);
  });

  describe('of shards', () => {
    beforeEach(() => cp(`${goldenFolder}distilBert`, folder, { recursive: true }));

    it('names those that are missing or cut', async () => {
      const shards = (await readdir(folder)).filter((name) => name.startsWith('model-')).sort();
      await rm(join(folder, shards[0] as string));
      await writeFile(join(folder, shards[1] as string), Buffer.alloc(5));
      expect(await codes()).toEqual(['ENCODER_FILE_MISSING', 'SAFETENSORS_TRUNCATED']);
      expect(await isEncoderFolder(folder)).toBe(false);
    });

    it('rejects an index without a map', async () => {
      await writeFile(join(folder, 'model.safetensors.index.json'), '{}');
      expect(await codes()).toEqual(['SAFETENSORS_INDEX_INVALID']);
    });
  });
});

describe('encoderHash', () => {
  afterEach(() => rm(folder, { recursive: true }));

  it.each(['config.json', 'tokenizer.json', 'model.safetensors'])('changes with %s', async (name) => {
    await cp(`${goldenFolder}bert`, folder, { recursive: true });
    const before = await encoderHash(folder);
    expect(await encoderHash(`${goldenFolder}bert`)).toBe(before);
    const content = await readFile(join(folder, name));
    content.writeUInt8(content.readUInt8(content.length - 3) ^ 1, content.length - 3);
    await writeFile(join(folder, name), content);
    expect(await encoderHash(folder)).not.toBe(before);
  });
});
