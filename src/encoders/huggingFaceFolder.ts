import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { type Problem, systemErrorCode, throwIfAny, UserError } from '../errors.ts';
import { loadTokeniser, type Tokeniser } from '../text/tokeniser.ts';
import { architectureOf, architectures, tensorShapes } from './architecture.ts';
import type { EncoderConfig } from './config.ts';
import { createEncoder, type Encoder } from './encoder.ts';
import { missingFile, readJson, writeJson } from './jsonFile.ts';
import type { Pooling } from './pooling.ts';
import {
  fromFloat32,
  isFloat,
  readSafetensors,
  readSafetensorsHeader,
  type StoredTensor,
  type TensorEntry,
  toFloat32,
  writeSafetensors,
} from './safetensors.ts';

const weightsFile = 'model.safetensors';
const indexFile = 'model.safetensors.index.json';
const tokeniserFiles = [
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'vocab.txt',
  'vocab.json',
  'merges.txt',
];

/** What can be said of a folder's encoder without loading its weights. */
export interface EncoderDescription {
  readonly config: EncoderConfig;
  readonly configFile: Readonly<Record<string, unknown>>;
  readonly tokeniser: Tokeniser;
  /** The files with weights. */
  readonly weightsFiles: readonly string[];
  readonly entries: ReadonlyMap<string, TensorEntry>;
  /** What precedes the architecture's own names in the weights' names. */
  readonly prefix: string;
}

/**
 * Reads everything in a Hugging Face folder (config.json, tokenizer.json, model.safetensors or its shards) but the
 * weights themselves, and checks that the parts fit together.
 *
 * @throws UserError with all problems: `ENCODER_FILE_MISSING`, `ENCODER_CONFIG_INVALID`,
 * `ENCODER_ARCHITECTURE_UNSUPPORTED`, `ENCODER_TENSOR_MISSING`, `ENCODER_TENSOR_SHAPE`, `ENCODER_TENSOR_DTYPE`,
 * `TOKENISER_TOO_LARGE`, and those of {@link loadTokeniser} and {@link readSafetensorsHeader}
 */
export async function describeEncoder(folder: string): Promise<EncoderDescription> {
  const problems: Problem[] = [];
  const collect = async <T>(part: Promise<T>): Promise<T | undefined> => {
    try {
      return await part;
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      problems.push(...error.problems);
      return undefined;
    }
  };
  const config = await collect(readConfig(folder));
  const tokeniser = await collect(loadTokeniser(folder));
  const weights = await collect(readEntries(folder));
  if (config && tokeniser && tokeniser.vocabularySize > config.parsed.vocabularySize) {
    problems.push({
      code: 'TOKENISER_TOO_LARGE',
      given: `${folder}: the tokeniser has ids up to ${tokeniser.vocabularySize - 1}`,
      expected: `ids below ${config.parsed.vocabularySize}, the rows of the word embeddings`,
      remedy: 'Use the tokeniser that belongs to the model.',
    });
  }
  const prefix = config && weights ? prefixOf(config.parsed, weights.entries) : '';
  if (config && weights) problems.push(...tensorProblems(folder, config.parsed, weights.entries, prefix));
  throwIfAny(problems);
  if (!config || !tokeniser || !weights) throw new RangeError('a part is missing without a problem');
  const { parsed, configFile } = config;
  return { config: parsed, configFile, tokeniser, weightsFiles: weights.files, entries: weights.entries, prefix };
}

/** Loads an encoder; see {@link describeEncoder} for what is checked. Half-precision weights become float32. */
export async function loadEncoder(folder: string, name: string): Promise<Encoder> {
  const { config, configFile, tokeniser, weightsFiles, prefix } = await describeEncoder(folder);
  const needed = new Set([...tensorShapes(config).keys()].map((tensor) => prefix + tensor));
  const variables = new Map<string, tf.Variable>();
  const otherTensors = new Map<string, StoredTensor>();
  for (const file of weightsFiles) {
    for await (const [stored, tensor] of readSafetensors(file)) {
      const tensorName = currentName(stored);
      if (needed.has(tensorName)) {
        variables.set(
          tensorName,
          tf.tidy(() => tf.variable(tf.tensor(toFloat32(tensor), [...tensor.shape]))),
        );
      } else {
        otherTensors.set(tensorName, isFloat(tensor.dtype) ? fromFloat32(toFloat32(tensor), tensor.shape) : tensor);
      }
    }
  }
  const source = { configFile, prefix, otherTensors, tokeniserFiles: await readTokeniserFiles(folder) };
  return createEncoder({ name, config, tokeniser, variables, source });
}

/**
 * Writes an encoder so that {@link loadEncoder}, `transformers` and `sentence_transformers` load it: float32 weights
 * under their own names, the tokeniser's files, and sentence-transformers' modules with `pooling`, without
 * normalisation. Existing files of these names are replaced.
 */
export async function saveEncoder(encoder: Encoder, folder: string, pooling: Pooling): Promise<void> {
  const { source, config, variables } = encoder;
  await mkdir(join(folder, '1_Pooling'), { recursive: true });
  const tensors = new Map([...source.otherTensors, ...(await storedVariables(variables))]);
  await writeSafetensors(join(folder, weightsFile), tensors);
  await writeTokeniser(encoder, folder);
  await writeJson(join(folder, 'config.json'), inFloat32(source.configFile));
  await writeJson(join(folder, 'modules.json'), [
    { idx: 0, name: '0', path: '', type: 'sentence_transformers.models.Transformer' },
    { idx: 1, name: '1', path: '1_Pooling', type: 'sentence_transformers.models.Pooling' },
  ]);
  await writeJson(join(folder, 'sentence_bert_config.json'), {
    max_seq_length: config.maxLength,
    do_lower_case: false,
  });
  await writeJson(join(folder, '1_Pooling', 'config.json'), {
    word_embedding_dimension: config.hiddenSize,
    pooling_mode_cls_token: pooling === 'cls',
    pooling_mode_mean_tokens: pooling === 'mean',
    pooling_mode_max_tokens: false,
    pooling_mode_mean_sqrt_len_tokens: false,
  });
}

/** Variables as they are written into a file, under the same names. */
export async function storedVariables(variables: ReadonlyMap<string, tf.Variable>): Promise<Map<string, StoredTensor>> {
  const stored = new Map<string, StoredTensor>();
  for (const [name, variable] of variables) {
    stored.set(name, fromFloat32((await variable.data()) as Float32Array, variable.shape));
  }
  return stored;
}

/** Writes the tokeniser's files of an encoder into a folder that is there. */
export async function writeTokeniser({ source }: Pick<Encoder, 'source'>, folder: string): Promise<void> {
  for (const [name, bytes] of source.tokeniserFiles) await writeFile(join(folder, name), bytes);
}

/** SHA-256 over config.json, tokenizer.json and the weights of a folder: what makes two encoders the same. */
export async function encoderHash(folder: string): Promise<string> {
  const hash = createHash('sha256');
  const files = [join(folder, 'config.json'), join(folder, 'tokenizer.json'), ...(await findWeights(folder))];
  for (const file of files) await pipeline(createReadStream(file), hash, { end: false });
  return hash.digest('hex');
}

/** The pooling that sentence-transformers uses for this folder, if its settings say so. */
export async function declaredPooling(folder: string): Promise<Pooling | undefined> {
  const flags = z.object({ pooling_mode_cls_token: z.boolean(), pooling_mode_mean_tokens: z.boolean() }).partial();
  const parsed = flags.safeParse(await readJson(join(folder, '1_Pooling', 'config.json')).catch(() => undefined));
  if (parsed.data?.pooling_mode_mean_tokens) return 'mean';
  return parsed.data?.pooling_mode_cls_token ? 'cls' : undefined;
}

/** Whether the folder has the files of an encoder; they may still turn out to be damaged. */
export async function isEncoderFolder(folder: string): Promise<boolean> {
  const names = new Set(await readdir(folder).catch(() => []));
  if (!names.has('config.json') || !names.has('tokenizer.json')) return false;
  try {
    const files = await findWeights(folder);
    await Promise.all(files.map((file) => access(file)));
    return true;
  } catch {
    return false;
  }
}

async function readConfig(folder: string) {
  const file = join(folder, 'config.json');
  const configFile = z.looseObject({ model_type: z.string() }).safeParse(await readJson(file));
  if (!configFile.success) throw new UserError(invalidConfig(file, configFile.error));
  const architecture = architectures.find(({ modelType }) => modelType === configFile.data.model_type);
  if (!architecture) {
    throw new UserError({
      code: 'ENCODER_ARCHITECTURE_UNSUPPORTED',
      given: `${file}: model_type ${configFile.data.model_type}`,
      expected: `one of ${architectures.map(({ modelType }) => modelType).join(', ')}`,
      remedy: 'Choose an encoder of one of these kinds; MiniLM and most sentence encoders up to base size are bert.',
    });
  }
  const parsed = architecture.configSchema
    .refine(({ hiddenSize, heads }) => hiddenSize % heads === 0, 'the attention heads do not divide the hidden size')
    .safeParse(configFile.data);
  if (!parsed.success) throw new UserError(invalidConfig(file, parsed.error));
  return { configFile: configFile.data, parsed: parsed.data };
}

function invalidConfig(file: string, error: z.ZodError): Problem {
  const issues = error.issues.map(({ path, message }) => (path.length ? `${path.join('.')}: ${message}` : message));
  return {
    code: 'ENCODER_CONFIG_INVALID',
    given: `${file}: ${issues.join('; ')}`,
    expected: 'the configuration of an encoder with absolute positions and the exact GELU',
    remedy: 'Choose another encoder, or correct the file.',
  };
}

async function readEntries(folder: string) {
  const files = await findWeights(folder);
  const problems: Problem[] = [];
  const entries = new Map<string, TensorEntry>();
  for (const file of files) {
    try {
      for (const [name, entry] of await readSafetensorsHeader(file)) entries.set(currentName(name), entry);
    } catch (error) {
      if (error instanceof UserError) problems.push(...error.problems);
      else if (systemErrorCode(error) === 'ENOENT') problems.push(missingFile(file));
      else throw error;
    }
  }
  throwIfAny(problems);
  return { files, entries };
}

/** model.safetensors, or the shards that model.safetensors.index.json names. */
async function findWeights(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((error: unknown): string[] => {
    if (systemErrorCode(error) === 'ENOENT' || systemErrorCode(error) === 'ENOTDIR') return [];
    throw error;
  });
  if (names.includes(weightsFile)) return [join(folder, weightsFile)];
  if (!names.includes(indexFile)) throw new UserError(missingFile(join(folder, weightsFile)));
  const index = z
    .object({ weight_map: z.record(z.string(), z.string()) })
    .safeParse(await readJson(join(folder, indexFile)));
  if (!index.success) {
    throw new UserError({
      code: 'SAFETENSORS_INDEX_INVALID',
      given: `${join(folder, indexFile)} has no weight_map`,
      expected: 'the index of a sharded model: {"weight_map": {"tensor": "file"}}',
      remedy: 'Fetch the file again.',
    });
  }
  // A shard lies beside its index; a path would lead out of the folder.
  return [...new Set(Object.values(index.data.weight_map))].sort().map((name) => join(folder, basename(name)));
}

function prefixOf(config: EncoderConfig, entries: ReadonlyMap<string, TensorEntry>): string {
  const { prefix } = architectureOf(config);
  return [...entries.keys()].some((name) => name.startsWith(prefix)) ? prefix : '';
}

function tensorProblems(
  folder: string,
  config: EncoderConfig,
  entries: ReadonlyMap<string, TensorEntry>,
  prefix: string,
): Problem[] {
  const problems: Problem[] = [];
  for (const [name, shape] of tensorShapes(config)) {
    const entry = entries.get(prefix + name);
    const wanted = `[${shape.join(', ')}]`;
    if (!entry) {
      problems.push({
        code: 'ENCODER_TENSOR_MISSING',
        given: `${folder}: the weights have no ${prefix}${name}`,
        expected: `a tensor of shape ${wanted}`,
        remedy: 'Check that the weights belong to config.json, and fetch them again if they do.',
      });
    } else if (entry.shape.join() !== shape.join()) {
      problems.push({
        code: 'ENCODER_TENSOR_SHAPE',
        given: `${folder}: ${prefix}${name} has shape [${entry.shape.join(', ')}]`,
        expected: `${wanted}, as config.json says`,
        remedy: 'Check that the weights belong to config.json, and fetch both again if they do.',
      });
    } else if (!isFloat(entry.dtype)) {
      problems.push({
        code: 'ENCODER_TENSOR_DTYPE',
        given: `${folder}: ${prefix}${name} has dtype ${entry.dtype}`,
        expected: 'F32, F16 or BF16',
        remedy: 'Convert the model to float32, e.g. model.float().save_pretrained(folder) in transformers.',
      });
    }
  }
  return problems;
}

/** Early BERT files call LayerNorm's parts by TensorFlow's names. */
function currentName(name: string): string {
  return name.replace(/LayerNorm\.gamma$/, 'LayerNorm.weight').replace(/LayerNorm\.beta$/, 'LayerNorm.bias');
}

/** `transformers` loads weights in the type that config.json names, and would round what is saved in float32. */
function inFloat32(configFile: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { torch_dtype, ...rest } = configFile;
  return { ...rest, dtype: 'float32' };
}

async function readTokeniserFiles(folder: string): Promise<Map<string, Uint8Array>> {
  const present = new Set(await readdir(folder));
  const names = tokeniserFiles.filter((name) => present.has(name));
  return new Map(await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name))] as const)));
}
