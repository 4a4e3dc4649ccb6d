import type { JournalRecord, StepRecord } from './journal.ts';

/** Numbers of a run that trackers draw over its steps. */
export interface LoggedMetrics {
  /** Optimiser steps made when they were measured; 0 is the untouched encoder. */
  readonly step: number;
  /** They may be NaN or infinite. */
  readonly metrics: Readonly<Record<string, number>>;
}

/**
 * What trackers log of a journal's record, and under which names:
 *
 * | name | value |
 * |---|---|
 * | `train/loss` | weighted sum of the terms |
 * | `train/terms/<term>` | a term before its weight, e.g. `train/terms/supCon` |
 * | `train/gradientNorm` | global norm before clipping, over the encoder and the heads |
 * | `train/learningRate` | the encoder's |
 * | `train/epoch` | from 0 |
 * | `train/counts/<count>` | what the objective counts in a batch, e.g. `train/counts/supCon/loneAnchors` |
 * | `train/stepsPerSecond` | throughput of this step; only where the journal holds its time |
 * | `conflict/norms/<term>` | norm of a weighted term's gradient over the encoder; only in steps that measure it |
 * | `conflict/cosines/<first>/<second>` | cosine between two terms' gradients; only where both have a direction |
 * | `validation/<evaluator>/<metric>` | on validation texts, e.g. `validation/knn/macroF1` |
 * | `<evaluator>/<metric>` | of the finished run on test texts, e.g. `drift/deltaEmb` |
 * | `<task>/<evaluator>/<metric>` | the same on a downstream task, e.g. `sst2/knn/macroF1` |
 *
 * Everything has the journal's names with slashes for dots, by which trackers group them. Those of a finished run stand at
 * the step whose weights were evaluated, which may lie before the last one.
 *
 * @returns undefined for a record of which nothing is logged
 */
export function metricsOf(record: JournalRecord): LoggedMetrics | undefined {
  switch (record.type) {
    case 'step':
      return { step: record.step, metrics: stepMetrics(record) };
    case 'validation':
      return { step: record.step, metrics: prefixed('validation/', record.metrics) };
    case 'end':
      return { step: record.evaluatedStep ?? record.steps, metrics: prefixed('', record.metrics) };
    default:
      return undefined;
  }
}

function stepMetrics({
  loss,
  terms,
  gradientNorm,
  learningRate,
  epoch,
  counts,
  conflict,
  wall: { seconds },
}: StepRecord): Record<string, number> {
  return {
    'train/loss': loss,
    ...prefixed('train/terms/', terms),
    'train/gradientNorm': gradientNorm,
    'train/learningRate': learningRate,
    'train/epoch': epoch,
    ...prefixed('train/counts/', counts),
    ...(typeof seconds === 'number' && seconds > 0 && { 'train/stepsPerSecond': 1 / seconds }),
    ...prefixed('conflict/norms/', conflict?.norms ?? {}),
    ...prefixed('conflict/cosines/', conflict?.cosines ?? {}),
  };
}

function prefixed(prefix: string, values: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [prefix + name.replaceAll('.', '/'), value]));
}
