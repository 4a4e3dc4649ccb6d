/** Scores of a classifier, each from 0 to 1. */
export interface ClassificationScores {
  readonly accuracy: number;
  /** Mean of the classes' F1, each class alike. */
  readonly macroF1: number;
  /** Mean of the classes' F1, weighted by how often the class is true. */
  readonly weightedF1: number;
}

/** The classes that a classifier gave to texts, beside their own. */
export interface Predictions {
  /** Class numbers from 0. */
  readonly truth: ArrayLike<number>;
  /** In the same order. */
  readonly predicted: ArrayLike<number>;
}

/** How often each class is true, predicted, and both. */
interface Counts {
  readonly truth: Int32Array;
  readonly predicted: Int32Array;
  readonly hits: Int32Array;
}

/**
 * Accuracy and F1 as scikit-learn defines them (`f1_score` with `zero_division=0`): the classes are those that occur in
 * the truth or the prediction, and the F1 of a class is 2·hits / (true + predicted).
 *
 * @param truth class numbers from 0, at least one
 * @param predicted class numbers in the same order
 * @param items the texts that count, each as often as it is named; default: all once
 */
export function classificationScores(
  truth: ArrayLike<number>,
  predicted: ArrayLike<number>,
  items?: Int32Array,
): ClassificationScores {
  const counts = count({ truth, predicted }, items);
  const total = items ? items.length : truth.length;
  let classes = 0;
  let hits = 0;
  let f1Sum = 0;
  let weightedSum = 0;
  for (let label = 0; label < counts.truth.length; label++) {
    const { support, predictions, f1, found } = measuresOf(counts, label);
    if (support + predictions === 0) continue;
    classes++;
    hits += found;
    f1Sum += f1;
    weightedSum += f1 * support;
  }
  return { accuracy: hits / total, macroF1: f1Sum / classes, weightedF1: weightedSum / total };
}

function count({ truth, predicted }: Predictions, items?: Int32Array): Counts {
  if (truth.length === 0 || truth.length !== predicted.length) {
    throw new RangeError(`cannot score ${predicted.length} predictions against ${truth.length} labels`);
  }
  let largest = 0;
  for (let i = 0; i < truth.length; i++) largest = Math.max(largest, truth[i] as number, predicted[i] as number);
  const size = largest + 1;
  const counts = { truth: new Int32Array(size), predicted: new Int32Array(size), hits: new Int32Array(size) };
  const total = items ? items.length : truth.length;
  for (let place = 0; place < total; place++) {
    const i = items ? (items[place] as number) : place;
    const label = truth[i] as number;
    const guess = predicted[i] as number;
    counts.truth[label] = (counts.truth[label] as number) + 1;
    counts.predicted[guess] = (counts.predicted[guess] as number) + 1;
    if (label === guess) counts.hits[label] = (counts.hits[label] as number) + 1;
  }
  return counts;
}

function measuresOf({ truth, predicted, hits }: Counts, label: number) {
  const [support = 0, predictions = 0, found = 0] = [truth[label], predicted[label], hits[label]];
  const share = (part: number, whole: number) => (whole === 0 ? 0 : part / whole);
  return {
    precision: share(found, predictions),
    recall: share(found, support),
    f1: share(2 * found, support + predictions),
    support,
    predictions,
    found,
  };
}

/** Precision, recall and F1, each from 0 to 1. */
interface Averages {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

export interface ClassReport extends Averages {
  readonly label: string;
  /** Texts that have the class. */
  readonly support: number;
}

export interface ClassificationReport {
  /** The classes that occur in the truth or the prediction, in their order. */
  readonly classes: readonly ClassReport[];
  readonly accuracy: number;
  /** Means over these classes, each alike. */
  readonly macro: Averages;
  /** Means over these classes, weighted by support. */
  readonly weighted: Averages;
  /**
   * ROC-AUC of the predictions themselves, not of probabilities: (recall + specificity) / 2 of each class against the rest,
   * which scikit-learn's `roc_auc_score` gives for one-hot predictions. Classes that no text has are left out.
   */
  readonly hardRocAuc: { readonly macro: number; readonly weighted: number };
  readonly support: number;
}

/**
 * scikit-learn's `classification_report` with `zero_division=0`: the precision of a class that is never predicted, the
 * recall of one that is never true, and F1 without either, are 0.
 *
 * @param labelNames by class number
 */
export function classificationReport(predictions: Predictions, labelNames: readonly string[]): ClassificationReport {
  const counts = count(predictions);
  const support = predictions.truth.length;
  const occurring = [...counts.truth.keys()]
    .map((label) => ({ label: labelNames[label] ?? String(label), ...measuresOf(counts, label) }))
    .filter((measures) => measures.support + measures.predictions > 0);
  const averages = (weight: (own: (typeof occurring)[number]) => number): Averages => {
    const mean = (measure: keyof Averages) => occurring.reduce((sum, own) => sum + weight(own) * own[measure], 0);
    return { precision: mean('precision'), recall: mean('recall'), f1: mean('f1') };
  };
  return {
    classes: occurring.map(({ label, precision, recall, f1, support: own }) => ({
      label,
      precision,
      recall,
      f1,
      support: own,
    })),
    accuracy: occurring.reduce((sum, { found }) => sum + found, 0) / support,
    macro: averages(() => 1 / occurring.length),
    weighted: averages((own) => own.support / support),
    hardRocAuc: hardRocAuc(occurring, support),
    support,
  };
}

function hardRocAuc(
  classes: readonly { recall: number; support: number; predictions: number; found: number }[],
  texts: number,
): { macro: number; weighted: number } {
  const areas = classes
    .filter(({ support }) => support > 0 && support < texts)
    .map(({ recall, support, predictions, found }) => {
      const specificity = 1 - (predictions - found) / (texts - support);
      return { area: (recall + specificity) / 2, support };
    });
  if (areas.length === 0) return { macro: 0.5, weighted: 0.5 };
  const support = areas.reduce((sum, own) => sum + own.support, 0);
  return {
    macro: areas.reduce((sum, { area }) => sum + area, 0) / areas.length,
    weighted: areas.reduce((sum, own) => sum + own.area * own.support, 0) / support,
  };
}

/** Texts of one class that were taken for another. */
export interface Confusion {
  readonly truth: string;
  readonly predicted: string;
  readonly texts: number;
  /** Share of the class's texts. */
  readonly share: number;
}

/** The cells of the confusion matrix off its diagonal that are not empty, the fullest first. */
export function confusions({ truth, predicted }: Predictions, labelNames: readonly string[]): Confusion[] {
  const support = count({ truth, predicted }).truth;
  const texts = new Map<string, { from: number; to: number; texts: number }>();
  for (let i = 0; i < truth.length; i++) {
    const [from, to] = [truth[i] as number, predicted[i] as number];
    if (from === to) continue;
    const cell = texts.get(`${from} ${to}`) ?? { from, to, texts: 0 };
    cell.texts++;
    texts.set(`${from} ${to}`, cell);
  }
  const name = (label: number) => labelNames[label] ?? String(label);
  return [...texts.values()]
    .sort((a, b) => b.texts - a.texts || a.from - b.from || a.to - b.to)
    .map((cell) => ({
      truth: name(cell.from),
      predicted: name(cell.to),
      texts: cell.texts,
      share: cell.texts / (support[cell.from] as number),
    }));
}
