import tQuantile from '@stdlib/stats-base-dists-t-quantile';
import { mean, std } from 'mathjs/number';

/** Mean of repeated measurements and how sure it is. */
export interface Summary {
  readonly mean: number;
  /** Half the width of the 95 % interval for the mean by Student's t; null for a single value, which has none. */
  readonly halfWidth: number | null;
  readonly n: number;
}

/** Summary of the differences of two series that were measured in pairs, e.g. with the same seeds. */
export interface PairedDifference extends Summary {
  readonly values: readonly number[];
}

/** @param values at least one, all finite */
export function summary(values: readonly number[]): Summary {
  if (values.length === 0 || !values.every(Number.isFinite)) {
    throw new RangeError(`expected at least one value, all finite, but got [${values.join(', ')}]`);
  }
  const n = values.length;
  const list = [...values];
  const halfWidth = n === 1 ? null : (tQuantile(0.975, n - 1) * Number(std(list))) / Math.sqrt(n);
  return { mean: mean(list), halfWidth, n };
}

/** Summary of `values[i] − baseline[i]`; both series in the order of the pairs. */
export function pairedDifference(values: readonly number[], baseline: readonly number[]): PairedDifference {
  if (values.length !== baseline.length) {
    throw new RangeError(`cannot pair ${values.length} values with ${baseline.length}`);
  }
  const differences = values.map((value, i) => value - (baseline[i] as number));
  return { ...summary(differences), values: differences };
}

/** What something bought, and for how much. */
export interface Tradeoff {
  /** More is better. */
  readonly gain: number;
  /** Less is better. */
  readonly cost: number;
}

/**
 * Whether each point is Pareto optimal: no other has at least its gain at no more cost and is better in one of the two.
 * Equal points share their fate.
 */
export function paretoFront(points: readonly Tradeoff[]): boolean[] {
  if (!points.every(({ gain, cost }) => Number.isFinite(gain) && Number.isFinite(cost))) {
    throw new RangeError('expected finite gains and costs');
  }
  return points.map(
    (point) =>
      !points.some(
        (other) =>
          other.gain >= point.gain && other.cost <= point.cost && (other.gain > point.gain || other.cost < point.cost),
      ),
  );
}
