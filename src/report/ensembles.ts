import { classifierScores } from '../evaluation/classifier.ts';
import { type MeasureName, measures } from '../evaluation/measures.ts';
import { multiLabelScores } from '../evaluation/multiLabel.ts';
import { sharesOf } from '../evaluation/probabilities.ts';
import { softVote } from '../evaluation/softVoting.ts';
import type { PredictionsRecord } from '../tracking/journal.ts';
import { type ExperimentResults, readRun } from '../tracking/results.ts';
import { pointsOf, usable } from './comparison.ts';
import { formatMetric } from './metrics.ts';
import { pointName } from './selection.ts';
import type { Colours } from './terminal.ts';
import { figureColumn, textColumn, textTable } from './textTable.ts';

/** What the classifiers of a grid point say together: the mean of their probabilities. */
export interface Ensemble {
  /** `classWeights balanced · rank 8` */
  readonly point: string;
  readonly seeds: readonly number[];
  /** On the test texts, by measure. */
  readonly scores: Readonly<Partial<Record<MeasureName, number>>>;
}

/** Whose probabilities are in the journals. */
const classifier = 'classifier';

/** An ensemble over the seeds of each grid point that has two trained classifiers or more. */
export function ensemblesOf(results: ExperimentResults): Ensemble[] {
  return pointsOf(results).flatMap((point) => {
    const runs = usable(point).filter(({ end }) => `${classifier}.accuracy` in end.metrics);
    if (runs.length < 2) return [];
    const predictions = runs.flatMap(({ folder }) =>
      readRun(folder).predictions.filter((own) => own.classifier === classifier && own.probabilities),
    );
    if (predictions.length < runs.length) return [];
    const seeds = runs.flatMap(({ start }) => start.seed ?? []);
    return [{ point: pointName(point), seeds, scores: ensembleScores(predictions) }];
  });
}

/**
 * Scores of the mean probabilities of several classifiers on the same texts. Where texts may have several classes, they are
 * given by the mean of the members' thresholds.
 *
 * @param members each with probabilities
 */
export function ensembleScores(members: readonly PredictionsRecord[]): Ensemble['scores'] {
  const [{ truth, labelNames } = { truth: [], labelNames: [] }] = members;
  const classes = labelNames.length;
  const { predicted, probabilities, thresholds } = softVote(
    members.map(({ probabilities: values = [], several }) => ({
      probabilities: { values, classes },
      thresholds: several?.thresholds,
    })),
  );
  const several = members.find((own) => own.several)?.several;
  if (several) {
    const truths = Uint8Array.from({ length: truth.length * classes }, (_, i) =>
      Number(several.truth[Math.floor(i / classes)]?.includes(i % classes)),
    );
    return { ...multiLabelScores(truths, probabilities, thresholds) };
  }
  return classifierScores(truth, { predicted, probabilities: sharesOf(probabilities) }, labelNames);
}

const interesting = ['accuracy', 'weightedF1', 'macroF1', 'microF1', 'logLoss', 'calibrationError', 'rocAuc'] as const;

/** The ensembles for a terminal; empty if there are none. */
export function ensembleTable(ensembles: readonly Ensemble[], colours: Colours): string {
  if (ensembles.length === 0) return '';
  const shown = interesting.filter((measure) => ensembles.some(({ scores }) => measure in scores));
  const table = textTable(
    [textColumn('ensemble'), figureColumn('seeds'), ...shown.map((measure) => figureColumn(measures[measure].title))],
    ensembles.map(({ point, seeds, scores }) => [
      point || 'the only point',
      String(seeds.length),
      ...shown.map((measure) => formatMetric(`classifier.${measure}`, scores[measure] ?? Number.NaN)),
    ]),
    colours,
  );
  return `${table}\n${colours.dim('Mean probabilities of the classifiers of all seeds.')}`;
}
