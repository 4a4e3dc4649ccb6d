import { compare } from '../report/comparison.ts';
import { comparisonNumbers } from '../report/comparisonNumbers.ts';
import { type JournalRecord, readJournal } from '../tracking/journal.ts';
import { readExperiment } from '../tracking/results.ts';
import { type Media, writePicture, writeTable } from './media.ts';
import { endOf } from './recordLog.ts';
import { createRunFolder, findRunFolder, type LoggedMode, type RunFolder } from './runFolder.ts';
import { cellIdentity, comparisonIdentity, type SweepIdentity, type TrackedCell } from './runIdentity.ts';
import { RunLog } from './runLog.ts';

/**
 * The log of a finished cell, made from its journal: all of it if there is none, because the cell was computed without W&B;
 * the rest of it if its writer was cut off; all of it anew if it is of an earlier attempt that failed.
 *
 * @param parent the folder `wandb`
 * @param journal path of a whole journal
 */
export async function logOfFinishedCell(
  sweep: SweepIdentity,
  cell: TrackedCell,
  parent: string,
  journal: string,
): Promise<RunFolder> {
  const identity = cellIdentity(sweep, cell);
  const known = findRunFolder(parent, identity.runId);
  const end = known && endOf(known.log);
  if (known && end?.exitCode === 0) return known;
  const records = readJournal(journal);
  const folder = known && !end ? known : createRunFolder(parent, identity.runId, modeOf(sweep), startOf(records));
  const log = new RunLog(identity, folder);
  for (const record of records) await log.take(record);
  log.finish(0);
  return folder;
}

/**
 * The log of a run that holds what is about the whole sweep: its table, and the picture of gain against drift. Made anew;
 * undefined as long as no cell is finished.
 *
 * @param results the experiment's folder
 * @param clock milliseconds since 1970
 */
export async function logOfComparison(
  sweep: SweepIdentity,
  parent: string,
  results: string,
  clock: () => number,
): Promise<RunFolder | undefined> {
  const comparison = compare(readExperiment(results));
  if (comparison.points.every(({ cells }) => cells.length === 0)) return undefined;
  const identity = comparisonIdentity(sweep);
  const startedAt = clock();
  const folder = createRunFolder(parent, identity.runId, modeOf(sweep), startedAt);
  const log = new RunLog(identity, folder);
  const { experiment } = sweep;
  log.begin({ startedAt, config: { experiment, kind: 'comparison', point: identity.point } });
  // Loaded only by then: the libraries that draw take longer than all else here.
  const { tradeOffPicture } = await import('./pictures.ts');
  const media: Record<string, Media> = {
    'sweep/table': writeTable(folder.files, 'sweep/table', 0, comparisonNumbers(comparison)),
    'sweep/tradeOff': writePicture(folder.files, 'sweep/tradeOff', 0, tradeOffPicture(comparison)),
  };
  log.row(log.attach(media));
  log.finish(0);
  return folder;
}

function startOf([first]: readonly JournalRecord[]): number {
  return (first?.type === 'start' && Date.parse(first.wall.at ?? '')) || 0;
}

function modeOf({ settings: { mode } }: SweepIdentity): LoggedMode {
  return mode === 'online' ? 'online' : 'offline';
}
