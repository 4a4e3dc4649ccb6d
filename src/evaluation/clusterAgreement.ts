/** How well a clustering agrees with classes; natural logarithms, all definitions as in scikit-learn. */
export interface ClusterAgreement {
  /** Adjusted mutual information, at most 1, 0 for what chance gives (Vinh et al. 2010, JMLR 11); arithmetic mean. */
  readonly ami: number;
  /** Normalised mutual information, 0–1; arithmetic mean. */
  readonly nmi: number;
  /** Adjusted Rand index, −.5 to 1, 0 for what chance gives (Hubert & Arabie 1985). */
  readonly ari: number;
  /** Fowlkes–Mallows score, 0–1. */
  readonly fms: number;
  /** Whether clusters hold one class each, 0–1 (Rosenberg & Hirschberg 2007). */
  readonly homogeneity: number;
  /** Whether classes lie in one cluster each, 0–1. */
  readonly completeness: number;
  /** Harmonic mean of the two. */
  readonly vMeasure: number;
}

/**
 * @param classes class of each item, at least one item
 * @param clusters cluster of each item
 */
export function clusterAgreement(classes: ArrayLike<number>, clusters: ArrayLike<number>): ClusterAgreement {
  const n = classes.length;
  if (n === 0 || clusters.length !== n) {
    throw new RangeError(`cannot compare ${clusters.length} clusters with ${n} classes`);
  }
  const table = contingency(classes, clusters);
  const { counts, rows, columns } = table;
  const classEntropy = entropy(rows, n);
  const clusterEntropy = entropy(columns, n);
  let information = 0;
  for (const [i, j, count] of counts) {
    information += (count / n) * Math.log((n * count) / ((rows[i] as number) * (columns[j] as number)));
  }
  // What is left of 0 is rounding.
  information = Math.max(0, information);
  const homogeneity = classEntropy === 0 ? 1 : information / classEntropy;
  const completeness = clusterEntropy === 0 ? 1 : information / clusterEntropy;
  const meanEntropy = (classEntropy + clusterEntropy) / 2;
  return {
    ami: adjusted(information, meanEntropy, table, n),
    nmi: meanEntropy === 0 ? 1 : information / meanEntropy,
    ...pairScores(table, n),
    homogeneity,
    completeness,
    vMeasure: homogeneity + completeness === 0 ? 0 : (2 * homogeneity * completeness) / (homogeneity + completeness),
  };
}

interface Contingency {
  /** Class, cluster and number of items of each pair that occurs. */
  readonly counts: readonly (readonly [row: number, column: number, count: number])[];
  /** Items of each class. */
  readonly rows: readonly number[];
  /** Items of each cluster. */
  readonly columns: readonly number[];
}

function contingency(classes: ArrayLike<number>, clusters: ArrayLike<number>): Contingency {
  const [rowOf, columnOf] = [placesOf(classes), placesOf(clusters)];
  const rows = new Array<number>(rowOf.size).fill(0);
  const columns = new Array<number>(columnOf.size).fill(0);
  const cells = new Map<number, number>();
  for (let item = 0; item < classes.length; item++) {
    const i = rowOf.get(classes[item] as number) as number;
    const j = columnOf.get(clusters[item] as number) as number;
    rows[i] = (rows[i] as number) + 1;
    columns[j] = (columns[j] as number) + 1;
    const cell = i * columns.length + j;
    cells.set(cell, (cells.get(cell) ?? 0) + 1);
  }
  const counts = [...cells].map(([cell, count]) => {
    return [Math.floor(cell / columns.length), cell % columns.length, count] as const;
  });
  return { counts, rows, columns };
}

function placesOf(values: ArrayLike<number>): Map<number, number> {
  const places = new Map<number, number>();
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (!places.has(value)) places.set(value, places.size);
  }
  return places;
}

function entropy(margins: readonly number[], n: number): number {
  return margins.length === 1 ? 0 : -margins.reduce((sum, margin) => sum + (margin / n) * Math.log(margin / n), 0);
}

function adjusted(information: number, meanEntropy: number, table: Contingency, n: number): number {
  const { rows, columns } = table;
  // One group on both sides, or each item alone on both: the same partition.
  if (rows.length === columns.length && (rows.length === 1 || rows.length === n)) return 1;
  // One group on one side only: nothing can be shared.
  if (rows.length === 1 || columns.length === 1) return 0;
  const expected = expectedInformation(table, n);
  const room = meanEntropy - expected;
  const epsilon = Number.EPSILON;
  return (information - expected) / (room < 0 ? Math.min(room, -epsilon) : Math.max(room, epsilon));
}

/** The mutual information that random clusterings with the same margins have in the mean (Vinh et al. 2010, Eq. 24a). */
function expectedInformation({ rows, columns }: Contingency, n: number): number {
  const logFactorial = new Float64Array(n + 1);
  for (let i = 2; i <= n; i++) logFactorial[i] = (logFactorial[i - 1] as number) + Math.log(i);
  const log = (i: number) => logFactorial[i] as number;
  // Equal margins give equal terms.
  const [distinctRows, distinctColumns] = [multiplicities(rows), multiplicities(columns)];
  let sum = 0;
  for (const [a, timesA] of distinctRows) {
    for (const [b, timesB] of distinctColumns) {
      const constant = log(a) + log(b) + log(n - a) + log(n - b) - log(n);
      let term = 0;
      for (let k = Math.max(1, a + b - n); k <= Math.min(a, b); k++) {
        const probability = Math.exp(constant - log(k) - log(a - k) - log(b - k) - log(n - a - b + k));
        term += (k / n) * Math.log((n * k) / (a * b)) * probability;
      }
      sum += timesA * timesB * term;
    }
  }
  return sum;
}

function multiplicities(values: readonly number[]): Map<number, number> {
  const times = new Map<number, number>();
  for (const value of values) times.set(value, (times.get(value) ?? 0) + 1);
  return times;
}

/** Scores that count pairs of items. As shares of n², which stay exact enough where products of counts pass 2⁵³. */
function pairScores({ counts, rows, columns }: Contingency, n: number): { ari: number; fms: number } {
  const squares = (values: readonly number[]) => values.reduce((sum, value) => sum + (value / n) ** 2, 0);
  const both = squares(counts.map(([, , count]) => count));
  const together = both - 1 / n;
  const onlyClusters = squares(columns) - both;
  const onlyClasses = squares(rows) - both;
  const neither = 1 - onlyClusters - onlyClasses - both;
  const same = counts.length === rows.length && counts.length === columns.length;
  const denominator =
    (together + onlyClasses) * (onlyClasses + neither) + (together + onlyClusters) * (onlyClusters + neither);
  const noPairs = counts.every(([, , count]) => count === 1);
  return {
    ari: same ? 1 : (2 * (together * neither - onlyClasses * onlyClusters)) / denominator,
    fms: noPairs ? 0 : Math.sqrt(together / (squares(columns) - 1 / n)) * Math.sqrt(together / (squares(rows) - 1 / n)),
  };
}
