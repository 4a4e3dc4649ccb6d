import { readFileSync } from 'node:fs';
import { conditions } from '../../report/runDiff.ts';
import { flattenSettings } from '../../report/settings.ts';
import { understoodRecords } from '../../tracking/journal.ts';
import { journalOf, readRunSummary } from '../../tracking/results.ts';
import type { RunDetail } from '../wire.ts';

/**
 * A finished run as it is compared with others.
 *
 * @throws UserError as readRunSummary does
 */
export function readDetail(folder: string): RunDetail {
  const run = readRunSummary(folder);
  const records = [...understoodRecords(readFileSync(journalOf(folder), 'utf8'))];
  const layers = records.find((record) => record.type === 'layers');
  return {
    id: run.start.cell,
    conditions: Object.fromEntries(flattenSettings(conditions(run))),
    // NaN and infinities are named when it is written as JSON.
    metrics: run.end.metrics as RunDetail['metrics'],
    predictions: records
      .filter((record) => record.type === 'predictions')
      .map(({ classifier, labelNames, truth, predicted }) => ({ classifier, labelNames, truth, predicted })),
    layers: layers ? { texts: layers.texts, drift: layers.drift } : null,
    notes: run.start.notes,
  };
}
