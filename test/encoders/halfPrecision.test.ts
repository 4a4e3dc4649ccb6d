import { describe, expect, it } from 'vitest';
import { bfloat16ToFloat32, float16ToFloat32, float32ToFloat16 } from '../../src/encoders/halfPrecision.ts';

const allPatterns = Uint16Array.from({ length: 65536 }, (_, i) => i);

describe('float16', () => {
  it.each([
    [0x0000, 0],
    [0x8000, -0],
    [0x0001, 2 ** -24],
    [0x03ff, 1023 * 2 ** -24],
    [0x0400, 2 ** -14],
    [0x3c00, 1],
    [0xc000, -2],
    [0x3555, 0.333251953125],
    [0x7bff, 65504],
    [0x7c00, Number.POSITIVE_INFINITY],
    [0xfc00, Number.NEGATIVE_INFINITY],
    [0x7e00, Number.NaN],
  ])('pattern %i is %d', (pattern, value) => {
    expect(float16ToFloat32(Uint16Array.of(pattern))[0]).toBe(value);
  });

  it('comes back from float32 unchanged, every pattern but those of NaN', () => {
    const isNotANumber = (pattern: number) => (pattern & 0x7fff) > 0x7c00;
    const expected = allPatterns.map((pattern) => (isNotANumber(pattern) ? 0x7e00 : pattern));
    expect(float32ToFloat16(float16ToFloat32(allPatterns))).toEqual(expected);
  });

  it.each([
    ['halfway to an even fraction', 1 + 2 ** -11, 1],
    ['halfway to an odd fraction', 1 + 3 * 2 ** -11, 1 + 2 ** -9],
    ['just above halfway', 1 + 2 ** -11 + 2 ** -20, 1 + 2 ** -10],
    ['up to the next power of two', 2 - 2 ** -12, 2],
    ['the last that is finite', 65519, 65504],
    ['the first that is infinite', 65520, Number.POSITIVE_INFINITY],
    ['half of the smallest', 2 ** -25, 0],
    ['more than half of the smallest', 2 ** -25 + 2 ** -30, 2 ** -24],
    ['up from subnormal to normal', 2 ** -14 - 2 ** -26, 2 ** -14],
    ['a negative one', -0.1, -0.0999755859375],
  ])('rounds to nearest, ties to even: %s', (_, value, expected) => {
    expect(float16ToFloat32(float32ToFloat16(Float32Array.of(value)))[0]).toBe(expected);
  });
});

describe('bfloat16', () => {
  it('is the upper half of float32', () => {
    const values = Float32Array.of(0, -0, 1, -1.5, 3.140625, 2 ** 100, 2 ** -130, Number.POSITIVE_INFINITY);
    const bits = Uint16Array.from(new Uint32Array(values.buffer), (pattern) => pattern >>> 16);
    expect(bfloat16ToFloat32(bits)).toEqual(values);
  });
});
