import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type Problem, UserError } from '../errors.ts';
import { asWriteError } from '../sweep/writeErrors.ts';
import { type ExperimentResults, journalOf } from '../tracking/results.ts';
import type { Patience } from './api.ts';
import { Connection } from './connection.ts';
import { isOf, logOfComparison, PastRuns } from './pastRuns.ts';
import { contentOf } from './recordLog.ts';
import { findRunFolders, isSynced, markSynced, type RunFolder, syncMark, wandbFolder } from './runFolder.ts';
import { trackedCell } from './runIdentity.ts';
import type { WandbSettings } from './settings.ts';
import type { SyncClient } from './syncClients.ts';
import { uploadRun } from './upload.ts';
import { hasBegun, saveProgress } from './uploadProgress.ts';

/** Somebody is waiting to be told that nothing can be reached; an upload that has begun is worth some minutes. */
const firstPatience: Patience = { retries: 2, requestTimeout: 10_000 };
const uploadPatience: Patience = { retries: 8, requestTimeout: 60_000 };
/** W&B's client tries for days. Milliseconds. */
const clientDeadline = 10 * 60_000;
/** Milliseconds. */
const countPause = 1000;

export interface SyncOptions {
  readonly client: SyncClient;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** Is told of each run that was uploaded or could not be. */
  readonly onRun: (runId: string, problem?: Problem) => void;
}

export interface SyncOutcome {
  readonly uploaded: number;
  /** Had arrived before. */
  readonly complete: number;
  readonly failed: number;
  readonly url: string | undefined;
}

/**
 * Brings all runs of an experiment to the server that are not there: those of `--wandb offline`, what a live run has not
 * delivered, and finished cells that were computed without W&B, from their journals.
 *
 * @throws UserError WANDB_UNREACHABLE, WANDB_REFUSED, WANDB_NOT_TAKEN before anything is uploaded; WANDB_CLIENT_MISSING
 */
export async function syncRuns(
  results: ExperimentResults,
  settings: WandbSettings,
  { client, clock, onRun }: SyncOptions,
): Promise<SyncOutcome> {
  const first = new Connection(settings, firstPatience);
  // Asked in any case, to know whether the server takes the key.
  const ownEntity = await first.api().defaultEntity();
  const official = client === 'contrafit' ? false : await clientIsInstalled();
  if (client === 'wandb' && !official) throw clientMissing();

  let failed = 0;
  const folders = await writeLogs(results, settings, clock, (cell, problem) => {
    failed++;
    onRun(cell, problem);
  });
  const missing = folders.filter((folder) => !isSynced(folder));
  const connection = new Connection(settings, uploadPatience);
  let uploaded = 0;
  let gone: Problem | undefined;
  for (const folder of missing) {
    const upload = async () => {
      // Only this project knows how far its own uploads have got.
      if (official && !hasBegun(folder)) await syncByClient(folder, connection, ownEntity);
      else await uploadRun(connection, folder);
    };
    const problem = gone ?? (await problemOf(upload, folder.folder));
    if (problem) failed++;
    else uploaded++;
    // Each of the others would be tried for minutes, too.
    if (problem?.code === 'WANDB_UNREACHABLE') gone = problem;
    onRun(folder.runId, problem);
  }
  return {
    uploaded,
    complete: folders.length - missing.length,
    failed,
    url: connection.url,
  };
}

/** Completes the logs of an experiment; gives all that there are. One that cannot be written does not stop the others. */
async function writeLogs(
  results: ExperimentResults,
  settings: WandbSettings,
  clock: () => number,
  onFailed: (cell: string, problem: Problem) => void,
): Promise<RunFolder[]> {
  const { experiment, folder, cells } = results;
  const parent = wandbFolder(settings.folder ?? folder);
  const sweep = { settings, experiment: experiment.name };
  const past = new PastRuns(sweep, parent);
  for (const { cell, outcome } of cells) {
    if (outcome.state !== 'finished') continue;
    const { start, folder: ofCell } = outcome.run;
    const problem = await problemOf(async () => {
      const contents = { encoder: start.encoder.name, data: start.data.name };
      await past.logOf(trackedCell(cell, contents), journalOf(ofCell));
    }, parent);
    if (problem) onFailed(cell.id, problem);
  }
  const problem = await problemOf(() => logOfComparison(sweep, parent, folder, clock), parent);
  if (problem) onFailed('comparison', problem);
  return findRunFolders(parent).filter((found) => isOf(experiment.name, found));
}

/** @param folder where it writes */
async function problemOf(work: () => Promise<unknown>, folder: string): Promise<Problem | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    const known = asWriteError(error, folder);
    if (known instanceof UserError) return known.problems[0];
    throw known;
  }
}

async function clientIsInstalled(): Promise<boolean> {
  try {
    await promisify(execFile)('wandb', ['--version'], { timeout: 60_000, killSignal: 'SIGKILL' });
    return true;
  } catch {
    return false;
  }
}

/** W&B's own client reports success whatever becomes of an upload: the server is asked. */
async function syncByClient(folder: RunFolder, connection: Connection, ownEntity: string | undefined): Promise<void> {
  const { run, rows } = contentOf(folder.log);
  const { baseUrl, apiKey, entity = run?.entity || ownEntity } = connection.settings;
  const named = entity === undefined ? [] : ['--entity', entity];
  // In its modes `offline` and `disabled` the client would upload nothing.
  const environment = { ...process.env, WANDB_BASE_URL: baseUrl, WANDB_API_KEY: apiKey, WANDB_MODE: 'online' };
  const printed = await promisify(execFile)('wandb', ['sync', '--include-online', ...named, folder.folder], {
    env: environment,
    timeout: clientDeadline,
    killSignal: 'SIGKILL',
  }).then(
    ({ stdout, stderr }) => stdout + stderr,
    (error: Error) => error.message,
  );
  // Its mark counts only once the server has said so.
  const isMarked = isSynced(folder);
  rmSync(syncMark(folder), { force: true });
  const address = { entity: entity ?? '', project: run?.project ?? '', runId: folder.runId };
  let there = await connection.api().historyRows(address);
  if (isMarked && there < rows) {
    // The server may count what it has taken only a little later.
    await setTimeout(countPause);
    there = await connection.api().historyRows(address);
  }
  if (!isMarked || there < rows) {
    throw new UserError({
      code: 'WANDB_NOT_ARRIVED',
      given: `${folder.runId}: ${there} of ${rows} rows are on the server after wandb sync (${lastLine(printed)})`,
      expected: 'all rows of its history',
      remedy: 'Try again, or upload without that client: yarn runs sync --client contrafit.',
    });
  }
  const arrived = { history: rows, events: 0, output: 0, files: [] };
  saveProgress(folder, { baseUrl, ...address, ...arrived, ...(run?.sweep_id && { sweep: run.sweep_id }) });
  markSynced(folder);
  connection.took(address);
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1)?.slice(0, 200) ?? '';
}

function clientMissing(): UserError {
  return new UserError({
    code: 'WANDB_CLIENT_MISSING',
    given: '--client wandb',
    expected: 'the command wandb on the PATH',
    remedy: 'Install it with: pip install wandb. Or leave the flag out.',
  });
}
