import { didYouMean } from '../didYouMean.ts';
import { UserError } from '../errors.ts';
import { type ClassReport, classificationReport, confusions } from '../evaluation/classification.ts';
import { multiLabelReport } from '../evaluation/multiLabel.ts';
import type { PredictionsRecord } from '../tracking/journal.ts';
import type { Run } from '../tracking/results.ts';
import type { Colours } from './terminal.ts';
import { figureColumn, textColumn, textTable } from './textTable.ts';

const mostConfusions = 8;

/** A matrix of more does not fit into a terminal; the dashboard shows it. */
const mostMatrixClasses = 10;

/** The scores of a classifier by class, in scikit-learn's layout, and what it takes for what. */
export function classSections(
  { predictions }: Run,
  wanted: string | undefined,
  colours: Colours,
): (readonly [string, string])[] {
  if (predictions.length === 0) return [];
  const classifier = wanted ?? (predictions.some((own) => own.classifier === 'classifier') ? 'classifier' : 'knn');
  const chosen = predictions.find((own) => own.classifier === classifier);
  if (!chosen) {
    const names = predictions.map((own) => own.classifier);
    throw new UserError({
      code: 'CLASSIFIER_UNKNOWN',
      given: `--classifier ${classifier}`,
      expected: `one of ${names.join(', ')}`,
      remedy: `Name one of them.${didYouMean(classifier, names)}`,
    });
  }
  const others = predictions.map((own) => own.classifier).filter((name) => name !== classifier);
  const more = others.length > 0 ? [colours.dim(`Others with --classifier: ${others.join(', ')}`)] : [];
  if (chosen.several)
    return [[`By class: ${classifier}`, [severalTable(chosen, chosen.several, colours), ...more].join('\n')]];
  const { classes, accuracy, macro, weighted, hardRocAuc, support } = classificationReport(chosen, chosen.labelNames);
  const report = textTable(
    reportColumns,
    [
      ...classes.map((own) => lineOf(own.label, own, own.support)),
      ['accuracy', '', '', (100 * accuracy).toFixed(1), String(support)],
      lineOf('macro mean', macro, support),
      lineOf('weighted mean', weighted, support),
    ],
    colours,
  );
  const areas = [hardRocAuc.macro, hardRocAuc.weighted].map((area) => (100 * area).toFixed(1));
  const roc = `ROC-AUC of the predictions, (recall + specificity) / 2: macro ${areas[0]}, weighted ${areas[1]}`;
  const mistakes = confusions(chosen, chosen.labelNames).slice(0, mostConfusions);
  const sections: (readonly [string, string])[] = [
    [`By class: ${classifier}`, [report, colours.dim(roc), ...more].join('\n')],
  ];
  if (chosen.labelNames.length <= mostMatrixClasses)
    sections.push([`Confusion matrix: ${classifier}`, matrixTable(chosen, colours)]);
  if (mistakes.length === 0) return sections;
  const table = textTable(
    [textColumn('is'), textColumn('taken for'), figureColumn('texts'), figureColumn('% of the class')],
    mistakes.map(({ truth, predicted, texts, share }) => [truth, predicted, String(texts), (100 * share).toFixed(1)]),
    colours,
  );
  return [...sections, [`Most frequent mistakes: ${classifier}`, table]];
}

const reportColumns = [
  textColumn('class'),
  figureColumn('precision %'),
  figureColumn('recall %'),
  figureColumn('F1 %'),
  figureColumn('texts'),
];

function lineOf(name: string, own: Pick<ClassReport, 'precision' | 'recall' | 'f1'>, texts: number): string[] {
  return [name, ...[own.precision, own.recall, own.f1].map((value) => (100 * value).toFixed(1)), String(texts)];
}

/** Scores by class of texts that may have several, and from when on each class was given. */
function severalTable(
  { labelNames }: PredictionsRecord,
  { truth, predicted, thresholds }: NonNullable<PredictionsRecord['several']>,
  colours: Colours,
): string {
  return textTable(
    [...reportColumns, figureColumn('given from %')],
    multiLabelReport(truth, predicted, labelNames).map((own, i) => [
      ...lineOf(own.label, own, own.support),
      (100 * (thresholds[i] ?? Number.NaN)).toFixed(0),
    ]),
    colours,
  );
}

/** Rows are the true classes, columns what they are taken for. */
function matrixTable({ labelNames, truth, predicted }: PredictionsRecord, colours: Colours): string {
  const counts = labelNames.map(() => labelNames.map(() => 0));
  for (const [i, label] of truth.entries()) {
    const row = counts[label] as number[];
    row[predicted[i] as number] = (row[predicted[i] as number] ?? 0) + 1;
  }
  return textTable(
    [textColumn('is'), ...labelNames.map((name) => figureColumn(name))],
    counts.map((row, label) => [
      labelNames[label] as string,
      ...row.map((texts) => (texts === 0 ? '·' : String(texts))),
    ]),
    colours,
  );
}

const mostLikely = 3;

/** What the trained classifier says of the experiment's sentences. */
export function exampleSections({ examples }: Run, colours: Colours): (readonly [string, string])[] {
  if (!examples) return [];
  const { texts, labelNames, probabilities } = examples;
  const table = textTable(
    [textColumn('sentence'), textColumn('most likely')],
    texts.map((text, i) => {
      const ranked = (probabilities[i] ?? [])
        .map((probability, label) => ({ probability, label }))
        .sort((a, b) => b.probability - a.probability)
        .slice(0, mostLikely);
      const named = ranked.map(({ probability, label }) => `${labelNames[label]} ${(100 * probability).toFixed(0)} %`);
      return [text, named.join(', ')];
    }),
    colours,
  );
  return [['Examples', table]];
}
