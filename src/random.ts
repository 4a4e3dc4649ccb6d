import seedrandom from 'seedrandom';

/** A seeded source of random numbers. */
export interface RandomStream {
  /** Uniform on [0, 1). */
  uniform(): number;
  /** Uniform integer on [0, below). */
  integer(below: number): number;
  /** Standard normal, by the Box–Muller transform. */
  normal(): number;
  /** A shuffled copy (Fisher–Yates). */
  shuffle<T>(items: Iterable<T>): T[];
}

/**
 * The random stream of a seed and a name, e.g. `stream(seed, 'sampler', epoch)`. Streams of different names are
 * independent, so that drawing more from one never shifts another.
 */
export function stream(seed: number, ...name: readonly (string | number)[]): RandomStream {
  const generator = seedrandom([seed, ...name].join('/'));
  const uniform = () => generator.quick();
  const integer = (below: number) => Math.floor(generator.double() * below);
  return {
    uniform,
    integer,
    normal: () => Math.sqrt(-2 * Math.log(1 - generator.double())) * Math.cos(2 * Math.PI * generator.double()),
    shuffle: <T>(items: Iterable<T>) => {
      const result = [...items];
      for (let i = result.length - 1; i > 0; i--) {
        const j = integer(i + 1);
        const swapped = result[i] as T;
        result[i] = result[j] as T;
        result[j] = swapped;
      }
      return result;
    },
  };
}
