/** What a metric is: its name in a table, the values that it can have, and which of two is to be preferred. */
export interface Measure {
  readonly title: string;
  /** Least and greatest value. */
  readonly range: readonly [least: number, greatest: number];
  /** `higher`: the more the better. */
  readonly direction: 'higher' | 'lower';
  /** The one that its evaluator is known by. */
  readonly isPrimary?: boolean;
}

const share = (title: string): Measure => ({ title, range: [0, 1], direction: 'higher' });
const drift = (title: string, greatest: number): Measure => ({ title, range: [0, greatest], direction: 'lower' });

/** Every measure, by the last part of the names of its metrics: `knn.macroF1` and `sst2.knn.macroF1` are of `macroF1`. */
export const measures = {
  accuracy: share('accuracy %'),
  macroF1: { ...share('macro F1 %'), isPrimary: true },
  weightedF1: share('weighted F1 %'),
  microF1: share('micro F1 %'),
  hammingLoss: { title: 'Hamming loss', range: [0, 1], direction: 'lower' },
  macroPrecision: share('macro precision %'),
  macroRecall: share('macro recall %'),
  weightedPrecision: share('weighted precision %'),
  hardRocAuc: share('ROC-AUC of predictions'),
  hardRocAucWeighted: share('ROC-AUC of predictions, weighted'),
  contradictionRate: { title: 'contradictions %', range: [0, 1], direction: 'lower' },
  valenceError: { title: 'valence error', range: [0, 2], direction: 'lower' },
  intensityError: { title: 'intensity error', range: [0, 1], direction: 'lower' },
  valenceCorrelation: { title: 'valence correlation', range: [-1, 1], direction: 'higher' },
  intensityCorrelation: { title: 'intensity correlation', range: [-1, 1], direction: 'higher' },
  logLoss: { title: 'log loss', range: [0, Number.POSITIVE_INFINITY], direction: 'lower' },
  calibrationError: { title: 'calibration error', range: [0, 1], direction: 'lower' },
  rocAuc: share('ROC-AUC'),
  rocAucWeighted: share('ROC-AUC weighted'),
  diverged: { title: 'diverged', range: [0, Number.POSITIVE_INFINITY], direction: 'lower' },
  deltaEmb: { ...drift('Δemb', Number.POSITIVE_INFINITY), isPrimary: true },
  deltaL2: drift('ΔL2', Number.POSITIVE_INFINITY),
  deltaCos: drift('Δcos', 2),
  deltaTopo: drift('Δtopo', 2),
  neighbourOverlap: share('neighbour overlap'),
  cka: share('CKA'),
  precisionAt1: share('P@1'),
  mrr: share('MRR'),
  rPrecision: share('R-precision'),
  mapAtR: { ...share('MAP@R'), isPrimary: true },
  map: share('MAP'),
  withoutRelevant: {
    title: 'queries without relevant texts',
    range: [0, Number.POSITIVE_INFINITY],
    direction: 'lower',
  },
  ami: { title: 'AMI', range: [-1, 1], direction: 'higher', isPrimary: true },
  nmi: share('NMI'),
  ari: { title: 'ARI', range: [-0.5, 1], direction: 'higher' },
  fms: share('FMS'),
  homogeneity: share('homogeneity'),
  completeness: share('completeness'),
  vMeasure: share('V-measure'),
  silhouette: { title: 'silhouette', range: [-1, 1], direction: 'higher' },
} as const satisfies Record<string, Measure>;

export type MeasureName = keyof typeof measures;

/** The measure of a metric, also of one at another number of neighbours (`knn.macroF1At5`); none of what is none. */
export function measureOf(metric: string): Measure | undefined {
  const name = metric.split('.').at(-1) ?? metric;
  const known = new Map<string, Measure>(Object.entries(measures));
  return known.get(name) ?? known.get(name.replace(/At\d+$/, ''));
}
