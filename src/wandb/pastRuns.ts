import { UserError } from '../errors.ts';
import { compare } from '../report/comparison.ts';
import { comparisonNumbers } from '../report/comparisonNumbers.ts';
import { contentId } from '../sweep/cells.ts';
import { type JournalRecord, readJournal } from '../tracking/journal.ts';
import { readExperiment } from '../tracking/results.ts';
import { type Media, writePicture, writeTable } from './media.ts';
import { endOf, RecordLogReader } from './recordLog.ts';
import { createRunFolder, findRunFolder, findRunFolders, type LoggedMode, type RunFolder } from './runFolder.ts';
import { cellIdentity, comparisonIdentity, type SweepIdentity, type TrackedCell } from './runIdentity.ts';
import { RunLog } from './runLog.ts';

/** Logs of cells that are finished. */
export class PastRuns {
  readonly #sweep: SweepIdentity;
  readonly #parent: string;
  readonly #byRunId = new Map<string, RunFolder>();
  /** Of runs that `wandb agent` has named. */
  readonly #byCell = new Map<unknown, RunFolder>();

  /** @param parent the folder `wandb` */
  constructor(sweep: SweepIdentity, parent: string) {
    this.#sweep = sweep;
    this.#parent = parent;
    for (const folder of findRunFolders(parent)) {
      this.#byRunId.set(folder.runId, folder);
      if (folder.runId.startsWith(`${sweep.experiment}-`) || !isOf(sweep.experiment, folder)) continue;
      this.#byCell.set(configured(folder, 'cell'), folder);
    }
  }

  /**
   * The log of a finished cell, made from its journal: all of it if there is none, because the cell was computed without
   * W&B; the rest of it if its writer was cut off; all of it anew if it is of an earlier attempt that failed.
   *
   * @param journal path of a whole journal
   */
  async logOf(cell: TrackedCell, journal: string): Promise<RunFolder> {
    const own = cellIdentity(this.#sweep, cell);
    const ofAgent = this.#sweep.runId === undefined ? this.#byCell.get(cell.id) : undefined;
    const known = this.#byRunId.get(own.runId) ?? ofAgent;
    const end = known && endOf(known.log);
    if (known && end?.exitCode === 0) return known;
    const identity = { ...own, runId: known?.runId ?? own.runId };
    const records = readJournal(journal);
    const folder =
      known && !end ? known : createRunFolder(this.#parent, identity.runId, modeOf(this.#sweep), startOf(records));
    const log = new RunLog(identity, folder);
    for (const record of records) await log.take(record);
    log.finish(0);
    this.#byRunId.set(identity.runId, folder);
    return folder;
  }
}

/** Whether a run belongs to an experiment: others may share the folder `wandb`. */
export function isOf(experiment: string, folder: RunFolder): boolean {
  return configured(folder, 'experiment') === experiment;
}

/** A value of the configuration that a run began with. */
function configured({ log }: RunFolder, name: string): unknown {
  const reader = new RecordLogReader(log);
  try {
    for (const { run } of reader.read()) {
      const value = run?.config?.update?.find(({ key }) => key === name)?.value_json;
      if (run) return value === undefined ? undefined : JSON.parse(value);
    }
    return undefined;
  } catch (error) {
    // A file that is no log tells nothing; it is reported when it is to be uploaded.
    if (error instanceof UserError) return undefined;
    throw error;
  } finally {
    reader.close();
  }
}

/**
 * The log of a run that holds what is about the whole sweep: its table, and the picture of gain against drift. Made anew if
 * it is another one than before; undefined as long as no cell is finished.
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
  const contents = contentId(comparison);
  const known = findRunFolder(parent, identity.runId);
  if (known && endOf(known.log) && configured(known, 'contents') === contents) return known;
  const startedAt = clock();
  const folder = createRunFolder(parent, identity.runId, modeOf(sweep), startedAt);
  const log = new RunLog(identity, folder);
  const { experiment } = sweep;
  log.begin({ startedAt, config: { experiment, kind: 'comparison', point: identity.point, contents } });
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
