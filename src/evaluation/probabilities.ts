/** What a classifier holds for how likely: a row for each text, a column for each class number from 0. */
export interface Probabilities {
  /** [texts, classes], row by row; rows sum to 1 where a text has one class. */
  readonly values: ArrayLike<number>;
  readonly classes: number;
}

/** Of a text's classes by themselves their shares, which add up to 1 as a softmax does. */
export function sharesOf({ values, classes }: Probabilities): Probabilities {
  const shares = Float64Array.from(values);
  for (let from = 0; from < shares.length; from += classes) {
    const own = shares.subarray(from, from + classes);
    const sum = own.reduce((total, value) => total + value, 0);
    own.forEach((value, i) => {
      own[i] = sum > 0 ? value / sum : 1 / classes;
    });
  }
  return { values: shares, classes };
}

export interface ProbabilityScores {
  /** Mean of −ln p of the true class; p is at least 2.2e-16. 0 is best. */
  readonly logLoss: number;
  /** Expected calibration error in 15 bins, 0 (best) to 1. */
  readonly calibrationError: number;
  /** Area under the ROC curve, each class against the rest, mean over the classes; .5 is chance. */
  readonly rocAuc: number;
  /** The same, weighted by how often the class is true. */
  readonly rocAucWeighted: number;
}

const bins = 15;

/**
 * Log loss and ROC-AUC as scikit-learn defines them (`log_loss`; `roc_auc_score` with `multi_class='ovr'`, for two classes
 * that of either), and the expected calibration error: mean distance of accuracy and confidence over bins of equal width,
 * weighted by their texts (Guo et al. 2017, arXiv 1706.04599).
 *
 * To a classifier that does not know a class it is never likely. A class that no text has, or every text, cannot be told from
 * a rest; it is left out of the ROC-AUC, which is .5 if no class is left.
 *
 * @param truth class numbers from 0, at least one
 */
export function probabilityScores(truth: ArrayLike<number>, probabilities: Probabilities): ProbabilityScores {
  const { values, classes } = probabilities;
  const texts = truth.length;
  if (texts === 0 || values.length !== texts * classes) {
    throw new RangeError(`cannot score ${values.length} probabilities of ${classes} classes against ${texts} labels`);
  }
  let last = classes - 1;
  for (let text = 0; text < texts; text++) last = Math.max(last, truth[text] as number);
  const at = (text: number, label: number) => (label < classes ? (values[text * classes + label] as number) : 0);
  let loss = 0;
  const counts = Array.from({ length: bins }, () => ({ texts: 0, hits: 0, confidence: 0 }));
  for (let text = 0; text < texts; text++) {
    loss -= Math.log(Math.min(1, Math.max(Number.EPSILON, at(text, truth[text] as number))));
    let best = 0;
    for (let label = 1; label < classes; label++) if (at(text, label) > at(text, best)) best = label;
    const confidence = at(text, best);
    // Bins are open on the left: a confidence of 1 is in the last.
    const bin = counts[Math.min(bins - 1, Math.max(0, Math.ceil(confidence * bins) - 1))] as (typeof counts)[number];
    bin.texts++;
    bin.hits += Number(best === truth[text]);
    bin.confidence += confidence;
  }
  return {
    logLoss: loss / texts,
    calibrationError: counts.reduce((sum, { hits, confidence }) => sum + Math.abs(hits - confidence), 0) / texts,
    ...rocScores({ texts, classes: last + 1, isTrue: (text, label) => truth[text] === label, at }),
  };
}

interface Decisions {
  readonly texts: number;
  readonly classes: number;
  isTrue(text: number, label: number): boolean;
  /** How likely the class is to the classifier. */
  at(text: number, label: number): number;
}

/** Areas under the ROC curves of the classes that can be told from a rest: mean, and weighted mean; .5 if there are none. */
export function rocScores(decisions: Decisions): Pick<ProbabilityScores, 'rocAuc' | 'rocAucWeighted'> {
  const areas = rocAreas(decisions);
  if (areas.length === 0) return { rocAuc: 0.5, rocAucWeighted: 0.5 };
  const support = areas.reduce((sum, { positives }) => sum + positives, 0);
  return {
    rocAuc: areas.reduce((sum, { area }) => sum + area, 0) / areas.length,
    rocAucWeighted: areas.reduce((sum, { area, positives }) => sum + area * positives, 0) / support,
  };
}

/** For each class that can be told from a rest: the share of pairs of a text of it and one without that are in order. */
function rocAreas({ texts, classes, isTrue, at }: Decisions) {
  const areas: { area: number; positives: number }[] = [];
  for (let label = 0; label < classes; label++) {
    const scores = Float64Array.from({ length: texts }, (_, text) => at(text, label));
    const order = Int32Array.from(scores.keys()).sort((a, b) => (scores[a] as number) - (scores[b] as number));
    let positives = 0;
    let rankSum = 0;
    for (let from = 0, to = 0; from < texts; from = to) {
      // Equal scores share the mean of their ranks.
      while (to < texts && scores[order[to] as number] === scores[order[from] as number]) to++;
      for (let place = from; place < to; place++) {
        if (!isTrue(order[place] as number, label)) continue;
        positives++;
        rankSum += (from + 1 + to) / 2;
      }
    }
    const negatives = texts - positives;
    if (positives === 0 || negatives === 0) continue;
    areas.push({ area: (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives), positives });
  }
  return areas;
}
