import { join } from 'node:path';
import { readSafetensors, type StoredTensor, toFloat32 } from '../../src/encoders/safetensors.ts';
import type { TokenBatch } from '../../src/text/batch.ts';

export const goldenFolder = new URL('./golden/', import.meta.url).pathname;

/** The tiny models with random weights that golden/make.py wrote, in their Hugging Face folders. */
export const tinyEncoders = ['bert', 'roberta', 'xlmRoberta', 'distilBert'] as const;

/** Inputs and what `transformers` made of them; see golden/make.py. */
export interface Reference {
  readonly batch: TokenBatch;
  readonly hidden: Float32Array;
  /** [batch, length, width], 0 at padding; the loss is the sum of its product with the hidden states. */
  readonly weighting: Float32Array;
  /** By the tensor's name in the model's file. */
  readonly gradients: ReadonlyMap<string, Float32Array>;
}

export async function readReference(name: string): Promise<Reference> {
  const stored = new Map<string, StoredTensor>();
  for await (const [key, tensor] of readSafetensors(join(goldenFolder, `${name}.reference.safetensors`))) {
    stored.set(key, tensor);
  }
  const tensor = (key: string) => {
    const found = stored.get(key);
    if (!found) throw new Error(`${name} has no reference ${key}`);
    return found;
  };
  const floats = (key: string) => toFloat32(tensor(key));
  const integers = (key: string) => new Int32Array(tensor(key).bytes.buffer);
  const [size = 0, length = 0] = tensor('ids').shape;
  const ids = integers('ids');
  const mask = Float32Array.from(integers('mask'));
  const typeIds = stored.has('types') ? integers('types') : new Int32Array(ids.length);
  const hidden = floats('hidden');
  const width = hidden.length / ids.length;
  const batch = { ids, typeIds, mask, size, length, tokens: mask.reduce((sum, value) => sum + value, 0) };
  const weighting = stored.has('weighting') ? floats('weighting') : new Float32Array(hidden.length);
  const gradients = [...stored.keys()].filter((key) => key.startsWith('gradient.'));
  return {
    batch,
    hidden,
    weighting: weighting.map((value, i) => value * (mask[Math.floor(i / width)] ?? 0)),
    gradients: new Map(gradients.map((key) => [key.slice('gradient.'.length), floats(key)])),
  };
}

/** The largest absolute difference, at real tokens only if a mask of [tokens] is given. */
export function largestDifference(actual: ArrayLike<number>, expected: Float32Array, mask?: Float32Array): number {
  const width = mask ? expected.length / mask.length : 1;
  return expected.reduce(
    (largest, value, i) =>
      mask && mask[Math.floor(i / width)] === 0
        ? largest
        : Math.max(largest, Math.abs((actual[i] ?? Number.NaN) - value)),
    0,
  );
}
