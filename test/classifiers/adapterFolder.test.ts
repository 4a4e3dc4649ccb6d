import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { isAdapterFolder, loadAdapters, saveAdapters } from '../../src/classifiers/adapterFolder.ts';
import { loadClassifier, withoutHead } from '../../src/classifiers/classifierFolder.ts';
import { loadEncoder, saveEncoder } from '../../src/encoders/huggingFaceFolder.ts';
import { loraSchema, withLora } from '../../src/encoders/lora.ts';
import {
  fromFloat32,
  readSafetensors,
  readSafetensorsHeader,
  type StoredTensor,
  writeSafetensors,
} from '../../src/encoders/safetensors.ts';
import { createClassificationHead } from '../../src/heads/classificationHead.ts';
import { stream } from '../../src/random.ts';
import { scratchFolder } from '../cli/command.ts';
import { problemsOf } from '../data/problems.ts';
import {
  type AdapterReference,
  adaptersFolder,
  classifiersFolder,
  furthest,
  readGolden,
} from '../encoders/classifierGoldens.ts';
import { goldenFolder } from '../encoders/goldens.ts';
import { leakedTensorsOf, onEachEngine } from '../engine/engines.ts';
import { logitsOf } from './logits.ts';
import { askTransformers, transformersPython } from './transformers.ts';

const scratch = scratchFolder();
const names = ['bert', 'roberta', 'distilBert'] as const;
const texts = ['I could dance.', 'The kettle had been whistling for a minute.', '😭 no'];
const labelNames = ['a', 'b', 'c'];

/** Adapters that are not zero, on an encoder of the goldens, with a new head. */
async function trained(
  name: string,
  options: Parameters<typeof loraSchema.parse>[0] = {},
  folder = `${goldenFolder}${name}`,
) {
  const below = await loadEncoder(folder, name);
  const encoder = withLora(below, loraSchema.parse(options), 1);
  const random = stream(7, name);
  const head = createClassificationHead({ kind: 'sequenceClassification', tasks: [3], labelNames }, below, 1);
  for (const variable of [...[...encoder.adapters.values()].map(({ b }) => b), ...head.variables.values()]) {
    const values = Float32Array.from({ length: variable.size }, () => 0.3 * random.normal());
    tf.tidy(() => variable.assign(tf.tensor(values, variable.shape)));
  }
  return { encoder, head, labelNames, activation: 'softmax' as const };
}

const codesOf = async (work: () => Promise<unknown>) => (await problemsOf(work())).map(({ code }) => code);

const copied = (name: string, change: (config: Record<string, unknown>) => void) => {
  const folder = join(scratch, `changed ${Math.trunc(performance.now() * 1e6)}`);
  cpSync(join(adaptersFolder, name), folder, { recursive: true });
  const file = join(folder, 'adapter_config.json');
  const config = JSON.parse(readFileSync(file, 'utf8'));
  change(config);
  writeFileSync(file, JSON.stringify(config));
  return folder;
};

onEachEngine('adapters', (engine) => {
  it.each(names)('that PEFT has saved give the scores that PEFT gives: %s', async (name) => {
    const { texts: inputs, maxLength, logits } = readGolden<AdapterReference>(adaptersFolder, `${name}.reference.json`);
    const asked: string[] = [];
    const classifier = await loadAdapters(join(adaptersFolder, name), name, async (base) => {
      asked.push(base);
      return join(classifiersFolder, name);
    });
    expect(asked).toEqual([`../../classifiers/${name}`]);
    const own = logitsOf(classifier, inputs, maxLength);
    expect(furthest(own, logits.adapted)).toBeLessThan(1e-4);
    expect(furthest(own, logits.merged)).toBeLessThan(1e-4);
    expect(furthest(own, logits.base)).toBeGreaterThan(0.05);
  });

  it.each([...names, 'xlmRoberta'])('are saved and loaded again, on the model below: %s', async (name) => {
    const own = await trained(name, { rank: 4, targets: ['query', 'attentionOutput', 'intermediate', 'output'] });
    const folder = join(scratch, `saved ${engine} ${name}`);
    await saveAdapters(own, 'owner/base', folder);
    expect(isAdapterFolder(folder)).toBe(true);
    expect(isAdapterFolder(`${goldenFolder}${name}`)).toBe(false);
    const again = await loadAdapters(folder, name, async () => `${goldenFolder}${name}`);
    expect(again.labelNames).toEqual(labelNames);
    expect(furthest(logitsOf(again, texts, 20), logitsOf(own, texts, 20))).toBeLessThan(1e-4);
    // Nothing of the model below is stored.
    const stored = [...(await readSafetensorsHeader(join(folder, 'adapter_model.safetensors'))).keys()];
    expect(stored).toHaveLength(2 * 4 * own.encoder.config.layers + 4);
  });

  it('have the bare names of an encoder where there is no head', async () => {
    const { encoder } = await trained('bert');
    const folder = join(scratch, `headless ${engine}`);
    await saveAdapters({ encoder, head: null, labelNames, activation: 'softmax' }, 'owner/base', folder);
    const config = JSON.parse(readFileSync(join(folder, 'adapter_config.json'), 'utf8'));
    expect(config).toMatchObject({ task_type: 'FEATURE_EXTRACTION', modules_to_save: null, r: 8, lora_alpha: 16 });
    expect(config.target_modules).toContain('encoder.layer.0.attention.self.query');
  });

  it.each(names)('without a head are merged where the files of the model below have a prefix: %s', async (name) => {
    const below = join(classifiersFolder, name);
    const { encoder, ...rest } = await trained(name, {}, below);
    const folder = join(scratch, `bare ${engine} ${name}`);
    await saveAdapters({ ...rest, encoder, head: null }, 'owner/base', folder);
    // The head, and the names of its classes, are those of the model below.
    rmSync(join(folder, 'config.json'));
    const { head, labelNames: ofBase } = await loadClassifier(below, name);
    const again = await loadAdapters(folder, name, async () => below);
    expect(again.labelNames).toEqual(ofBase);
    const scores = logitsOf(again, texts, 20);
    expect(furthest(scores, logitsOf({ encoder, head }, texts, 20))).toBeLessThan(1e-4);
    expect(furthest(scores, logitsOf(await loadClassifier(below, name), texts, 20))).toBeGreaterThan(1e-3);

    const headless = join(scratch, `headless base ${engine} ${name}`);
    await saveEncoder(withoutHead(await loadEncoder(below, name)), headless, 'cls');
    const refused = () => codesOf(() => loadAdapters(folder, name, async () => headless));
    expect(await refused()).toEqual(['CLASSIFIER_HEAD_MISSING']);
    expect(await leakedTensorsOf(refused)).toBe(0);
  });

  it.runIf(transformersPython).each(names)('peft gives the same scores on %s', async (name) => {
    const own = await trained(
      name,
      { rank: 2, alpha: 7, targets: ['query', 'value', 'output'] },
      join(classifiersFolder, name),
    );
    const labels = ['billing', 'cancellation', 'delivery', 'praise', 'refund', 'technical fault'];
    const head = createClassificationHead(
      { kind: 'sequenceClassification', tasks: [labels.length], labelNames: labels },
      own.encoder,
      1,
    );
    const folder = join(scratch, `checked ${engine} ${name}`);
    await saveAdapters({ ...own, head, labelNames: labels }, join(classifiersFolder, name), folder);
    const script = join(adaptersFolder, 'checkSaved.py');
    const { logits } = askTransformers(script, [folder, join(classifiersFolder, name)], texts, scratch);
    expect(furthest(logitsOf({ encoder: own.encoder, head }, texts, 40), logits)).toBeLessThan(1e-4);
  });

  describe('are refused', () => {
    const load = (folder: string, base = 'bert') =>
      codesOf(() => loadAdapters(folder, 'it', async () => join(classifiersFolder, base)));

    it.each([
      ['of another kind', { peft_type: 'IA3' }],
      ['with a scale that depends on their rank otherwise', { use_rslora: true }],
      ['with DoRA', { use_dora: true }],
      ['of different ranks', { rank_pattern: { query: 2 } }],
      ['with biases', { bias: 'all' }],
      ['with biases of their own', { lora_bias: true }],
      ['without a rank', { r: null }],
    ])('%s', async (_, change) => {
      expect(await load(copied('bert', (config) => Object.assign(config, change)))).toEqual(['ADAPTER_UNSUPPORTED']);
    });

    it('on a model of another shape', async () => {
      expect(await load(join(adaptersFolder, 'distilBert'), 'bert')).toEqual(['ADAPTER_UNFIT']);
    });

    it('of another rank than their file says', async () => {
      expect(await load(copied('bert', (config) => Object.assign(config, { r: 3 })))).toEqual(['ADAPTER_UNFIT']);
    });

    it('without keeping a tensor', async () => {
      expect(await leakedTensorsOf(() => load(join(adaptersFolder, 'distilBert'), 'bert'))).toBe(0);
    });

    it('without their weights', async () => {
      const folder = copied('bert', () => {});
      rmSync(join(folder, 'adapter_model.safetensors'));
      expect(await load(folder)).toEqual(['ENCODER_FILE_MISSING']);
    });

    it.each([
      'bert.embeddings.word_embeddings.weight',
      'bert.embeddings.LayerNorm.bias',
      'lm_head.weight',
    ])('with something else that was trained: %s', async (name) => {
      const folder = copied('bert', () => {});
      const file = join(folder, 'adapter_model.safetensors');
      const tensors = new Map<string, StoredTensor>();
      for await (const [own, tensor] of readSafetensors(file)) tensors.set(own, tensor);
      tensors.set(`base_model.model.${name}`, fromFloat32(new Float32Array(2), [2]));
      await writeSafetensors(file, tensors);
      expect(await load(folder)).toEqual(['ADAPTER_UNFIT']);
      expect(await leakedTensorsOf(() => load(folder))).toBe(0);
    });

    it('where adapter_config.json is no JSON', async () => {
      const folder = copied('bert', () => {});
      writeFileSync(join(folder, 'adapter_config.json'), '{');
      expect(await load(folder)).toEqual(['ENCODER_CONFIG_INVALID']);
    });
  });
});
