import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { architectureOf } from '../encoders/architecture.ts';
import type { Encoder } from '../encoders/encoder.ts';
import { loadEncoder, storedVariables, writeTokeniser } from '../encoders/huggingFaceFolder.ts';
import { readJson, writeJson } from '../encoders/jsonFile.ts';
import { type AdaptedEncoder, adaptedModules } from '../encoders/lora.ts';
import { fromFloat32, readSafetensors, toFloat32, writeSafetensors } from '../encoders/safetensors.ts';
import { UserError } from '../errors.ts';
import { layerNames } from '../heads/sequenceClassificationHead.ts';
import type { Classifier } from './classifier.ts';
import { classifierConfig, classifierOf } from './classifierFolder.ts';

const configFile = 'adapter_config.json';
const weightsFile = 'adapter_model.safetensors';

/** What PEFT puts in front of a tensor's name. */
const peftPrefix = 'base_model.model.';

/** Of PEFT's many options those that change what an adapter computes have to be off. */
const adapterSchema = z.looseObject({
  peft_type: z.literal('LORA'),
  base_model_name_or_path: z.string().min(1),
  r: z.int().positive(),
  lora_alpha: z.number().positive(),
  fan_in_fan_out: z.literal(false).default(false),
  use_rslora: z.literal(false).default(false),
  use_dora: z.literal(false).default(false),
  lora_bias: z.literal(false).default(false),
  bias: z.literal('none').default('none'),
  rank_pattern: z.strictObject({}).nullish(),
  alpha_pattern: z.strictObject({}).nullish(),
});

type AdapterConfig = z.output<typeof adapterSchema>;

/** What adapters were trained for: a classifier, or an encoder alone. */
export interface TrainedAdapters extends Omit<Classifier, 'encoder' | 'head'> {
  readonly encoder: AdaptedEncoder;
  readonly head: Classifier['head'] | null;
}

/**
 * Writes the adapters of an encoder, and the head that was trained with them, as PEFT does, so that `peft` loads them on the
 * model that they were trained on; with config.json, which names the classes, and the tokeniser's files.
 *
 * @param base the model that they were trained on: an id on the hub or a folder
 */
export async function saveAdapters(trained: TrainedAdapters, base: string, folder: string): Promise<void> {
  const { encoder, head } = trained;
  const architecture = architectureOf(encoder.config);
  // As the model is called that PEFT is to load them on: the bare encoder's tensors have no prefix.
  const prefix = head ? architecture.prefix : '';
  const named = (name: string) => prefix + name.slice(encoder.source.prefix.length);
  const own = [...encoder.variables].map(([name, variable]) => [named(name), variable] as const);
  const trainedVariables = [...own, ...(head?.variables ?? [])];
  const tensors = await storedVariables(
    new Map(trainedVariables.map(([name, variable]) => [peftPrefix + name, variable])),
  );
  const { hidden, output } = architecture.sequenceClassifier;
  await mkdir(folder, { recursive: true });
  await writeSafetensors(join(folder, weightsFile), tensors);
  await writeTokeniser(encoder, folder);
  await writeJson(join(folder, 'config.json'), head ? classifierConfig(trained) : encoder.source.configFile);
  await writeJson(join(folder, configFile), {
    peft_type: 'LORA',
    task_type: head ? 'SEQ_CLS' : 'FEATURE_EXTRACTION',
    base_model_name_or_path: base,
    r: encoder.options.rank,
    lora_alpha: encoder.options.alpha,
    lora_dropout: 0,
    target_modules: adaptedModules(encoder, encoder.options).map(named),
    modules_to_save: head ? [...new Set([hidden, output].map((name) => name.split('.')[0]))] : null,
    bias: 'none',
    fan_in_fan_out: false,
    inference_mode: true,
  });
}

/** Whether a folder holds adapters. */
export function isAdapterFolder(folder: string): boolean {
  return existsSync(join(folder, configFile));
}

/**
 * Loads adapters that PEFT has saved, or {@link saveAdapters}, and the model below them, into which they are merged.
 *
 * @param baseFolder gives the folder of the model below by its name
 * @throws UserError ADAPTER_UNSUPPORTED, ADAPTER_UNFIT, and those of {@link loadEncoder} and `loadClassifier`
 */
export async function loadAdapters(
  folder: string,
  name: string,
  baseFolder: (base: string) => Promise<string>,
): Promise<Classifier> {
  const adapter = await readAdapterConfig(folder);
  const base = await baseFolder(adapter.base_model_name_or_path);
  const below = await loadEncoder(base, name);
  try {
    const encoder = await merged(folder, below, adapter);
    return classifierOf(folder, encoder);
  } catch (error) {
    below.dispose();
    throw error;
  }
}

async function readAdapterConfig(folder: string) {
  const file = join(folder, configFile);
  const parsed = adapterSchema.safeParse(await readJson(file));
  if (parsed.success) return parsed.data;
  throw new UserError({
    code: 'ADAPTER_UNSUPPORTED',
    given: `${file}: ${parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ')}`,
    expected: 'plain LoRA, as PEFT saves it',
    remedy: 'Merge the adapters in Python, model.merge_and_unload().save_pretrained(folder), and name that folder.',
  });
}

/** The matrices of a module's adapter. */
const adapterName = /^(.*)\.lora_([AB])\.weight$/;

/** Whether the encoder has what a tensor of an adapter file belongs to. */
function isKnown({ variables }: Encoder, name: string, ofHead: readonly string[]): boolean {
  const [, module = ''] = adapterName.exec(name) ?? [];
  return variables.has(`${module}.weight`) || ofHead.some((layer) => name.startsWith(`${layer}.`));
}

function withoutWeights(file: string): UserError {
  return new UserError({
    code: 'ENCODER_FILE_MISSING',
    given: `${file} does not exist`,
    expected: 'adapters as safetensors',
    remedy: 'Save them again in Python: model.save_pretrained(folder, safe_serialization=True).',
  });
}

interface Halves {
  /** [rank, inputs] */
  readonly a?: tf.Tensor2D;
  /** [outputs, rank] */
  readonly b?: tf.Tensor2D;
}

/** The encoder with the adapters added to its weights, and the tensors of the head that came with them. */
async function merged(folder: string, encoder: Encoder, adapter: AdapterConfig): Promise<Encoder> {
  const file = join(folder, weightsFile);
  if (!existsSync(file)) throw withoutWeights(file);
  const { prefix } = architectureOf(encoder.config);
  const ofHead = Object.values(layerNames(encoder.config, encoder.source.prefix));
  // Adapters of a bare encoder have no prefix; those of a model with a head have the architecture's.
  const ownName = (name: string) => {
    const bare = name.startsWith(prefix) ? name.slice(prefix.length) : name;
    return [name, encoder.source.prefix + bare].find((own) => isKnown(encoder, own, ofHead)) ?? name;
  };
  const halves = new Map<string, Halves>();
  const otherTensors = new Map(encoder.source.otherTensors);
  try {
    for await (const [stored, tensor] of readSafetensors(file)) {
      const name = ownName(stored.slice(peftPrefix.length));
      const [, module, half] = adapterName.exec(name) ?? [];
      if (module !== undefined) {
        const matrix = tf.tensor2d(toFloat32(tensor), tensor.shape as [number, number]);
        halves.set(module, { ...halves.get(module), [half === 'A' ? 'a' : 'b']: matrix });
      } else if (ofHead.some((layer) => name.startsWith(`${layer}.`))) {
        otherTensors.set(name, fromFloat32(toFloat32(tensor), tensor.shape));
      } else throw unfit(folder, name);
    }
    mergeInto(encoder, halves, adapter, folder);
  } finally {
    for (const half of halves.values()) tf.dispose([half.a, half.b].filter((matrix) => matrix !== undefined));
  }
  const beside = join(folder, 'config.json');
  // PEFT itself writes none: the model below names the classes then.
  const named = existsSync(beside) ? z.looseObject({}).parse(await readJson(beside)) : {};
  return {
    ...encoder,
    source: { ...encoder.source, otherTensors, configFile: { ...encoder.source.configFile, ...named } },
  };
}

/** W + alpha / rank · B A in place of each weight W. */
function mergeInto(
  encoder: Encoder,
  halves: ReadonlyMap<string, Halves>,
  { r, lora_alpha }: AdapterConfig,
  folder: string,
): void {
  for (const [module, { a, b }] of halves) {
    const weight = encoder.variables.get(`${module}.weight`);
    const change = a && b && a.shape[0] === r && b.shape[1] === r ? [b.shape[0], a.shape[1]] : [];
    if (!weight || !a || !b || weight.shape.join() !== change.join()) throw unfit(folder, module);
    const sum = tf.tidy(() => tf.add(weight, tf.mul(tf.matMul(b, a), lora_alpha / r)));
    weight.assign(sum);
    sum.dispose();
  }
}

function unfit(folder: string, module: string): UserError {
  return new UserError({
    code: 'ADAPTER_UNFIT',
    given: `${folder}: ${module}`,
    expected: 'adapters and a head whose names and shapes fit the model below, and nothing else that was trained',
    remedy: 'Name the model that they were trained on in adapter_config.json, base_model_name_or_path.',
  });
}
