import { describe, expect, it } from 'vitest';
import { minimise } from '../../src/evaluation/lbfgs.ts';
import { stream } from '../../src/random.ts';

const options = { maxIterations: 500, tolerance: 1e-9 };

describe('minimise', () => {
  it.each([1, 3, 20])('finds the minimum of a badly scaled quadratic in %i dimensions', async (n) => {
    const random = stream(1, 'quadratic', n);
    const target = Float64Array.from({ length: n }, () => random.normal());
    const scales = Float64Array.from({ length: n }, (_, i) => 10 ** (i % 4));
    const found = await minimise(
      async (point) => {
        const gradient = point.map((x, i) => (scales[i] as number) * (x - (target[i] as number)));
        const value = gradient.reduce((sum, g, i) => sum + (g * ((point[i] as number) - (target[i] as number))) / 2, 0);
        return { value, gradient };
      },
      new Float64Array(n),
      options,
    );
    found.forEach((x, i) => {
      expect(x).toBeCloseTo(target[i] as number, 6);
    });
  });

  it('finds the minimum of a curved valley (Rosenbrock)', async () => {
    const found = await minimise(
      async ([x = 0, y = 0]) => ({
        value: (1 - x) ** 2 + 100 * (y - x * x) ** 2,
        gradient: Float64Array.of(-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)),
      }),
      Float64Array.of(-1.2, 1),
      options,
    );
    expect(found[0]).toBeCloseTo(1, 6);
    expect(found[1]).toBeCloseTo(1, 6);
  });

  it('stops at once at a minimum, and after as many iterations as it may make', async () => {
    let calls = 0;
    const parabola = async (point: Float64Array) => {
      calls++;
      return { value: (point[0] as number) ** 2, gradient: point.map((x) => 2 * x) };
    };
    expect(await minimise(parabola, Float64Array.of(0), options)).toEqual(Float64Array.of(0));
    expect(calls).toBe(1);
    expect(await minimise(parabola, Float64Array.of(8), { ...options, maxIterations: 0 })).toEqual(Float64Array.of(8));
  });
});
