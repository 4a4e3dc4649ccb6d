import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  fromFloat32,
  readSafetensors,
  readSafetensorsHeader,
  type StoredTensor,
  toFloat32,
  writeSafetensors,
} from '../../src/encoders/safetensors.ts';
import { UserError } from '../../src/errors.ts';
import { goldenFolder } from './goldens.ts';

let folder: string;
let file: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'safetensors-'));
  file = join(folder, 'model.safetensors');
});
afterAll(() => rm(folder, { recursive: true }));

async function readAll(path: string): Promise<Map<string, StoredTensor>> {
  const tensors = new Map<string, StoredTensor>();
  for await (const [name, tensor] of readSafetensors(path)) tensors.set(name, tensor);
  return tensors;
}

/** A file with this header (an object, or text as it is) and data of `bytes` bytes. */
async function writeRaw(header: unknown, bytes: number): Promise<void> {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  await writeFile(file, Buffer.concat([length, json, Buffer.alloc(bytes)]));
}

async function codes(): Promise<string[]> {
  try {
    await readSafetensorsHeader(file);
    return [];
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return error.problems.map(({ code }) => code);
  }
}

describe('safetensors', () => {
  it('reads what it wrote, bit by bit', async () => {
    const float = fc.float({ noNaN: false });
    const tensor = fc
      .array(float, { maxLength: 20 })
      .map((values) => fromFloat32(Float32Array.from(values), [values.length]));
    const name = fc.string({ unit: 'binary', minLength: 1 }).filter((n) => n !== '__metadata__' && n !== '__proto__');
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(name, tensor)), async (entries) => {
        const tensors = new Map(entries);
        await writeSafetensors(file, tensors);
        expect(await readAll(file)).toEqual(tensors);
      }),
      { numRuns: 50 },
    );
  });

  it('writes what the reference implementation writes', async () => {
    const original = join(goldenFolder, 'bert', 'model.safetensors');
    await writeSafetensors(file, await readAll(original));
    expect((await readFile(file)).equals(await readFile(original))).toBe(true);
  });

  it('aligns the data', async () => {
    await writeSafetensors(file, new Map([['x', fromFloat32(Float32Array.of(1), [1])]]));
    const length = (await readFile(file)).readBigUInt64LE();
    expect(length % 8n).toBe(0n);
  });

  it('keeps tensors of types that it cannot read as they are', async () => {
    const ids: StoredTensor = { dtype: 'I64', shape: [1, 2], bytes: Uint8Array.from({ length: 16 }, (_, i) => i) };
    await writeSafetensors(file, new Map([['ids', ids]]));
    expect((await readAll(file)).get('ids')).toEqual(ids);
    expect(() => toFloat32(ids)).toThrow(RangeError);
  });

  it('reads all float types as float32', () => {
    const stored = (dtype: 'F16' | 'BF16', pattern: number) =>
      toFloat32({ dtype, shape: [1], bytes: new Uint8Array(Uint16Array.of(pattern).buffer) });
    expect(stored('F16', 0x3e00)).toEqual(Float32Array.of(1.5));
    expect(stored('BF16', 0x3fc0)).toEqual(Float32Array.of(1.5));
    const unaligned = new Uint8Array([0, ...new Uint8Array(Float32Array.of(1.5).buffer)]).subarray(1);
    expect(toFloat32({ dtype: 'F32', shape: [1], bytes: unaligned })).toEqual(Float32Array.of(1.5));
  });

  it('leaves nothing behind when it cannot write', async () => {
    const target = join(folder, 'taken');
    await mkdir(join(target, 'inside'), { recursive: true });
    await expect(writeSafetensors(target, new Map())).rejects.toThrow();
    expect((await readdir(folder)).filter((name) => name.includes('partial'))).toEqual([]);
  });
});

describe('a damaged safetensors file', () => {
  const float = (begin: number, end: number, ...shape: number[]) => ({
    dtype: 'F32',
    shape,
    data_offsets: [begin, end],
  });

  it.each<[string, unknown, number, string[]]>([
    ['sound', { a: float(0, 8, 2), b: float(8, 12, 1) }, 12, []],
    ['sound, with a scalar and an empty tensor', { a: float(0, 4), b: float(4, 4, 0, 3) }, 4, []],
    ['cut in the data', { a: float(0, 8, 2) }, 7, ['SAFETENSORS_TRUNCATED']],
    ['longer than its tensors', { a: float(0, 8, 2) }, 9, ['SAFETENSORS_HEADER_INVALID']],
    ['overlapping', { a: float(0, 8, 2), b: float(4, 12, 2) }, 12, ['SAFETENSORS_OVERLAP']],
    ['with a gap', { a: float(0, 4, 1), b: float(8, 12, 1) }, 12, ['SAFETENSORS_HEADER_INVALID']],
    ['with a size that is not the shape’s', { a: float(0, 8, 3) }, 8, ['SAFETENSORS_SIZE_MISMATCH']],
    ['of an unknown type', { a: { ...float(0, 4, 1), dtype: 'F4' } }, 0, ['SAFETENSORS_DTYPE_UNKNOWN']],
    ['with a negative offset', { a: float(-4, 4, 2) }, 8, ['SAFETENSORS_HEADER_INVALID']],
    ['with a fractional shape', { a: float(0, 4, 0.5) }, 4, ['SAFETENSORS_HEADER_INVALID']],
    ['without JSON', '{"a": ', 8, ['SAFETENSORS_HEADER_INVALID']],
    ['with another JSON', '[1]', 8, ['SAFETENSORS_HEADER_INVALID']],
    [
      'wrong in several ways',
      { a: float(0, 8, 3), b: float(4, 8, 1) },
      6,
      ['SAFETENSORS_SIZE_MISMATCH', 'SAFETENSORS_OVERLAP', 'SAFETENSORS_TRUNCATED'],
    ],
  ])('%s', async (_, header, bytes, expected) => {
    await writeRaw(header, bytes);
    expect(await codes()).toEqual(expected);
  });

  it.each([
    ['is empty', Buffer.alloc(0), 'SAFETENSORS_TRUNCATED'],
    ['ends in the header', Buffer.from([100, 0, 0, 0, 0, 0, 0, 0, 0x7b]), 'SAFETENSORS_TRUNCATED'],
    ['claims an absurd header', Buffer.alloc(8, 0xff), 'SAFETENSORS_HEADER_INVALID'],
    ['is a web page', Buffer.from('<!DOCTYPE html><html></html>'), 'SAFETENSORS_HEADER_INVALID'],
  ])('%s', async (_, content, expected) => {
    await writeFile(file, content);
    expect(await codes()).toEqual([expected]);
  });

  it('is never read beyond its end or with another error than the user’s, however it is damaged', async () => {
    const original = await readFile(join(goldenFolder, 'bert', 'model.safetensors'));
    const head = 8 + Number(original.readBigUInt64LE());
    const damage = fc.tuple(fc.nat(head - 1), fc.integer({ min: 0, max: 255 }));
    await fc.assert(
      fc.asyncProperty(fc.array(damage, { minLength: 1, maxLength: 3 }), async (damages) => {
        const copy = Buffer.from(original);
        for (const [at, byte] of damages) copy[at] = byte;
        await writeFile(file, copy);
        await codes();
      }),
      { numRuns: 100 },
    );
  });
});
