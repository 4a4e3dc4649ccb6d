import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { basename } from 'node:path';
import { z } from 'zod';
import { type Problem, throwIfAny, UserError } from '../errors.ts';
import { bfloat16ToFloat32, float16ToFloat32 } from './halfPrecision.ts';

/** Bytes of one element. Only F32, F16 and BF16 can be turned into numbers; the others are passed on as they are. */
const elementBytes = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U64: 8,
  U32: 4,
  U16: 2,
  U8: 1,
  BOOL: 1,
} as const;

export type ElementType = keyof typeof elementBytes;

/** One tensor as it lies in a file. */
export interface StoredTensor {
  readonly dtype: ElementType;
  readonly shape: readonly number[];
  /** Little-endian, row by row. */
  readonly bytes: Uint8Array;
}

/** Where one tensor lies in a file. */
export interface TensorEntry {
  readonly dtype: ElementType;
  readonly shape: readonly number[];
  /** Offsets from the start of the file, in bytes. */
  readonly begin: number;
  readonly end: number;
}

const entrySchema = z.object({
  dtype: z.string(),
  shape: z.array(z.int().nonnegative()),
  data_offsets: z.tuple([z.int().nonnegative(), z.int().nonnegative()]),
});

const headerSchema = z.object({ __metadata__: z.record(z.string(), z.string()).optional() }).catchall(entrySchema);

/** A sane header of the largest models has a few megabytes; more is a damaged length. */
const largestHeader = 100_000_000;

/**
 * Reads and checks the header of a safetensors file (https://github.com/huggingface/safetensors#format): every tensor
 * has the bytes that its shape asks for, and together they fill the file without overlap or gap.
 *
 * @throws UserError with all problems: `SAFETENSORS_TRUNCATED`, `SAFETENSORS_HEADER_INVALID`,
 * `SAFETENSORS_DTYPE_UNKNOWN`, `SAFETENSORS_SIZE_MISMATCH`, `SAFETENSORS_OVERLAP`
 */
export async function readSafetensorsHeader(file: string): Promise<Map<string, TensorEntry>> {
  return withFile(file, async (handle) => {
    const { size } = await handle.stat();
    const prefix = await readExactly(handle, 0, Math.min(8, size));
    if (size < 8) throw new UserError(truncated(file, `${size} bytes`, 'at least 8 bytes'));
    const headerLength = Number(new DataView(prefix.buffer).getBigUint64(0, true));
    const dataStart = 8 + headerLength;
    if (headerLength > largestHeader) {
      throw new UserError(invalidHeader(file, `a header of ${headerLength} bytes`));
    }
    if (dataStart > size) throw new UserError(truncated(file, `${size} bytes`, `a header of ${headerLength} bytes`));
    const header = parseHeader(file, await readExactly(handle, 8, headerLength));

    const problems: Problem[] = [];
    const entries = new Map<string, TensorEntry>();
    for (const [name, { dtype, shape, data_offsets }] of Object.entries(header)) {
      if (!isElementType(dtype)) {
        problems.push({
          code: 'SAFETENSORS_DTYPE_UNKNOWN',
          given: `${file}: tensor ${name} has dtype ${dtype}`,
          expected: `one of ${Object.keys(elementBytes).join(', ')}`,
          remedy: 'Convert the model to float32, e.g. model.float().save_pretrained(folder) in transformers.',
        });
        continue;
      }
      const [begin, end] = data_offsets;
      const bytes = elementCount(shape) * elementBytes[dtype];
      if (end - begin !== bytes) {
        problems.push({
          code: 'SAFETENSORS_SIZE_MISMATCH',
          given: `${file}: tensor ${name} has ${end - begin} bytes`,
          expected: `${bytes} bytes for ${dtype} [${shape.join(', ')}]`,
          remedy: 'Fetch the file again.',
        });
      }
      entries.set(name, { dtype, shape, begin: dataStart + begin, end: dataStart + end });
    }
    problems.push(...layoutProblems(file, entries, dataStart, size));
    throwIfAny(problems);
    return entries;
  });
}

/** Reads the tensors of a safetensors file one by one, in the file's order. The header is checked first. */
export async function* readSafetensors(file: string): AsyncGenerator<[name: string, tensor: StoredTensor]> {
  const entries = await readSafetensorsHeader(file);
  const handle = await open(file);
  try {
    for (const [name, { dtype, shape, begin, end }] of entries) {
      yield [name, { dtype, shape, bytes: await readExactly(handle, begin, end - begin) }];
    }
  } finally {
    await handle.close();
  }
}

/**
 * Writes a safetensors file. It appears under its name only when it is complete; a failure (a full disk, say) leaves
 * nothing behind.
 */
export async function writeSafetensors(file: string, tensors: ReadonlyMap<string, StoredTensor>): Promise<void> {
  let offset = 0;
  const header: Record<string, unknown> = { __metadata__: { format: 'pt' } };
  for (const [name, { dtype, shape, bytes }] of tensors) {
    header[name] = { dtype, shape, data_offsets: [offset, offset + bytes.byteLength] };
    offset += bytes.byteLength;
  }
  // The format wants the data aligned; spaces may follow the JSON.
  const json = Buffer.from(JSON.stringify(header));
  const padded = Buffer.alloc(Math.ceil(json.length / 8) * 8, ' ');
  json.copy(padded);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));

  const partial = `${file}.partial`;
  try {
    const handle = await open(partial, 'w');
    try {
      await handle.writeFile(length);
      await handle.writeFile(padded);
      for (const { bytes } of tensors.values()) await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(partial, file);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

/** Whether {@link toFloat32} can read the type. */
export function isFloat(dtype: ElementType): boolean {
  return dtype === 'F32' || dtype === 'F16' || dtype === 'BF16';
}

/** The values of an F32, F16 or BF16 tensor; every F16 and BF16 value is exact in float32. */
export function toFloat32({ dtype, bytes }: StoredTensor): Float32Array {
  // A copy where the bytes are not aligned to their elements.
  const aligned = bytes.byteOffset % elementBytes[dtype] === 0 ? bytes : bytes.slice();
  const length = aligned.byteLength / elementBytes[dtype];
  if (dtype === 'F32') return new Float32Array(aligned.buffer, aligned.byteOffset, length);
  const halves = new Uint16Array(aligned.buffer, aligned.byteOffset, length);
  if (dtype === 'F16') return float16ToFloat32(halves);
  if (dtype === 'BF16') return bfloat16ToFloat32(halves);
  throw new RangeError(`dtype ${dtype} is not a float`);
}

export function fromFloat32(values: Float32Array, shape: readonly number[]): StoredTensor {
  return { dtype: 'F32', shape, bytes: new Uint8Array(values.buffer, values.byteOffset, values.byteLength) };
}

export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, dimension) => product * dimension, 1);
}

function isElementType(dtype: string): dtype is ElementType {
  return Object.hasOwn(elementBytes, dtype);
}

function parseHeader(file: string, bytes: Uint8Array): Record<string, z.output<typeof entrySchema>> {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new UserError(invalidHeader(file, 'a header that is not JSON'));
  }
  const parsed = headerSchema.safeParse(json);
  if (!parsed.success) throw new UserError(invalidHeader(file, z.prettifyError(parsed.error).replaceAll('\n', ' ')));
  const { __metadata__, ...tensors } = parsed.data;
  return tensors;
}

function layoutProblems(file: string, entries: ReadonlyMap<string, TensorEntry>, dataStart: number, size: number) {
  const problems: Problem[] = [];
  const inOrder = [...entries].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  let reached = dataStart;
  let last = 'the header';
  for (const [name, { begin, end }] of inOrder) {
    if (begin !== reached) {
      problems.push({
        code: begin < reached ? 'SAFETENSORS_OVERLAP' : 'SAFETENSORS_HEADER_INVALID',
        given: `${file}: tensor ${name} begins ${Math.abs(begin - reached)} bytes ${begin < reached ? 'before' : 'after'} the end of ${last}`,
        expected: 'tensors that fill the file without overlap or gap',
        remedy: 'Fetch the file again.',
      });
    }
    if (end > reached) {
      reached = end;
      last = name;
    }
  }
  if (reached > size) problems.push(truncated(file, `${size} bytes`, `${reached} bytes`));
  if (reached < size) problems.push(invalidHeader(file, `${size - reached} bytes that belong to no tensor`));
  return problems;
}

function truncated(file: string, given: string, expected: string): Problem {
  return { code: 'SAFETENSORS_TRUNCATED', given: `${file} has ${given}`, expected, remedy: 'Fetch the file again.' };
}

function invalidHeader(file: string, given: string): Problem {
  return {
    code: 'SAFETENSORS_HEADER_INVALID',
    given: `${basename(file)} has ${given} (${file})`,
    expected: 'a safetensors file',
    remedy: 'Fetch the file again.',
  };
}

async function withFile<T>(file: string, use: (handle: FileHandle) => Promise<T>): Promise<T> {
  const handle = await open(file);
  try {
    return await use(handle);
  } finally {
    await handle.close();
  }
}

async function readExactly(handle: FileHandle, position: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await handle.read(bytes, done, length - done, position + done);
    if (bytesRead === 0) throw new Error('the file became shorter while it was read');
    done += bytesRead;
  }
  return bytes;
}
