/** float32 values of IEEE 754 binary16 bit patterns; exact, also for subnormal numbers, infinities and NaN. */
export function float16ToFloat32(bits: Uint16Array): Float32Array {
  decoded ??= Float32Array.from({ length: 0x10000 }, (_, pattern) => valueOfPattern(pattern));
  const values = new Float32Array(bits.length);
  for (let i = 0; i < bits.length; i++) values[i] = decoded[bits[i] as number] as number;
  return values;
}

/** Of every pattern: looking up takes a tenth of the time of computing. */
let decoded: Float32Array | undefined;

function valueOfPattern(pattern: number): number {
  const sign = pattern & 0x8000 ? -1 : 1;
  const exponent = (pattern >> 10) & 0x1f;
  const fraction = pattern & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** float32 values of bfloat16 bit patterns, which are the upper halves of float32's. */
export function bfloat16ToFloat32(bits: Uint16Array): Float32Array {
  const patterns = new Uint32Array(bits.length);
  for (let i = 0; i < bits.length; i++) patterns[i] = (bits[i] as number) << 16;
  return new Float32Array(patterns.buffer);
}

/** binary16 bit patterns of float32 values, rounded to nearest, ties to even; what is too large becomes infinite. */
export function float32ToFloat16(values: Float32Array): Uint16Array {
  return Uint16Array.from(values, (value) => {
    const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
    const magnitude = Math.abs(value);
    if (Number.isNaN(magnitude)) return 0x7e00;
    // Half of the step above the largest finite value, 65504, and beyond.
    if (magnitude >= 65520) return sign | 0x7c00;
    const exponent = Math.max(-14, Math.floor(Math.log2(magnitude)));
    const fraction = roundHalfToEven(magnitude * 2 ** (10 - exponent));
    // A normal number's hidden bit and a fraction that was rounded up to the next power of two both carry by adding.
    return sign | (fraction + ((exponent + 14) << 10));
  });
}

function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}
