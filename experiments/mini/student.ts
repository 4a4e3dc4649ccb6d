import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { embeddingNames, tensorShapes } from '../../src/encoders/architecture.ts';
import { bert } from '../../src/encoders/bert.ts';
import { float32ToFloat16 } from '../../src/encoders/halfPrecision.ts';
import {
  elementCount,
  fromFloat32,
  readSafetensors,
  type StoredTensor,
  toFloat32,
  writeSafetensors,
} from '../../src/encoders/safetensors.ts';
import { type Matrix, selectRows } from '../../src/evaluation/matrix.ts';
import { stream } from '../../src/random.ts';
import { meanSquare, principalAxes, project } from './principalAxes.ts';
import type { PrunedVocabulary } from './prunedVocabulary.ts';

export const width = 128;
const layers = 4;
/** Longest text in tokens; nearly all of the training texts are shorter. */
const positions = 128;
/** Standard deviation of the start of what is not taken from the teacher, as in BERT. */
const deviation = 0.02;
/** Root mean square of the word embeddings' start: beside it the random tables of positions and types are noise. */
const wordScale = 0.05;

/** What a student starts from. */
export interface StudentStart {
  readonly vocabulary: PrunedVocabulary;
  /** The teacher's table of word embeddings, a row for each of its ids. */
  readonly teacherWords: Matrix;
  /** Root mean square of the embeddings that it is to learn; its last LayerNorm begins there. */
  readonly outputScale: number;
  readonly seed: number;
}

/**
 * Writes a folder with a BERT encoder that knows words, but no sentences: its word embeddings are the teacher's on
 * their principal axes, its matrices are normal, its biases 0.
 */
export async function writeStudent(folder: string, start: StudentStart): Promise<void> {
  const { vocabulary, outputScale, seed } = start;
  const configFile = {
    architectures: ['BertModel'],
    model_type: bert.modelType,
    vocab_size: vocabulary.teacherIds.length,
    hidden_size: width,
    num_hidden_layers: layers,
    num_attention_heads: 4,
    intermediate_size: 4 * width,
    max_position_embeddings: positions,
    type_vocab_size: 2,
    pad_token_id: 0,
    layer_norm_eps: 1e-12,
    hidden_act: 'gelu',
    hidden_dropout_prob: 0.1,
    attention_probs_dropout_prob: 0.1,
  };
  const random = stream(seed, 'student');
  const outputNorm = `${bert.layerNames(layers - 1).outputNorm}.weight`;
  const initial = (name: string, size: number): Float32Array => {
    const fill = (value: () => number) => Float32Array.from({ length: size }, value);
    if (name === embeddingNames.words) return wordEmbeddings(start);
    if (name.endsWith('.bias')) return fill(() => 0);
    if (name === outputNorm) return fill(() => outputScale);
    if (name.includes('LayerNorm')) return fill(() => 1);
    return fill(() => deviation * random.normal());
  };
  const tensors = new Map<string, StoredTensor>();
  for (const [name, shape] of tensorShapes(bert.configSchema.parse(configFile))) {
    tensors.set(name, fromFloat32(initial(name, elementCount(shape)), shape));
  }
  const settings = {
    tokenizer_class: 'PreTrainedTokenizerFast',
    model_max_length: positions,
    pad_token: '[PAD]',
    unk_token: '[UNK]',
    cls_token: '[CLS]',
    sep_token: '[SEP]',
    mask_token: '[MASK]',
  };
  await mkdir(folder, { recursive: true });
  await writeSafetensors(join(folder, 'model.safetensors'), tensors);
  await writeFile(join(folder, 'config.json'), JSON.stringify(configFile));
  // Without indentation, which would double its size.
  await writeFile(join(folder, 'tokenizer.json'), JSON.stringify(vocabulary.definition));
  await writeFile(join(folder, 'tokenizer_config.json'), `${JSON.stringify(settings, null, 2)}\n`);
}

/** Rewrites a folder's weights as float16. */
export async function halvePrecision(folder: string): Promise<void> {
  const file = join(folder, 'model.safetensors');
  const halves = new Map<string, StoredTensor>();
  for await (const [name, tensor] of readSafetensors(file)) {
    const bits = float32ToFloat16(toFloat32(tensor));
    halves.set(name, { dtype: 'F16', shape: tensor.shape, bytes: new Uint8Array(bits.buffer) });
  }
  await writeSafetensors(file, halves);
}

/** [pieces, width], row by row. */
function wordEmbeddings({ vocabulary, teacherWords }: StudentStart): Float32Array {
  const words = selectRows(teacherWords, vocabulary.teacherIds);
  const projected = project(words, principalAxes(words, width), 1);
  const scale = wordScale / Math.sqrt(meanSquare(projected));
  return projected.data.map((value) => value * scale);
}
