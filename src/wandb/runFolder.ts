import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { WandbMode } from './settings.ts';

export type LoggedMode = Exclude<WandbMode, 'disabled'>;

/** A run's folder as W&B's own client lays it out, which `wandb sync` takes. */
export interface RunFolder {
  readonly folder: string;
  readonly runId: string;
  /** `run-<id>.wandb` */
  readonly log: string;
  /** Holds the files that the log names. */
  readonly files: string;
}

const prefixes = { online: 'run', offline: 'offline-run' } as const;
const folderName = /^(?:offline-)?run-\d{8}_\d{6}-(.+)$/;

/**
 * Makes the folder of a run, anew: what an earlier attempt at it has left is removed.
 *
 * @param parent the folder `wandb`
 * @param started milliseconds since 1970
 */
export function createRunFolder(parent: string, runId: string, mode: LoggedMode, started: number): RunFolder {
  for (const old of findRunFolders(parent)) {
    if (old.runId === runId) rmSync(old.folder, { recursive: true, force: true });
  }
  const [date = '', time = ''] = new Date(started).toISOString().split(/[T.]/);
  const stamp = `${date.replaceAll('-', '')}_${time.replaceAll(':', '')}`;
  const folder = runFolder(join(parent, `${prefixes[mode]}-${stamp}-${runId}`), runId);
  mkdirSync(folder.files, { recursive: true });
  mkdirSync(join(folder.folder, 'logs'), { recursive: true });
  return folder;
}

/** The folders of all runs, by their names. */
export function findRunFolders(parent: string): RunFolder[] {
  if (!existsSync(parent)) return [];
  return readdirSync(parent)
    .sort()
    .flatMap((name) => {
      const [, runId] = folderName.exec(name) ?? [];
      return runId === undefined ? [] : [runFolder(join(parent, name), runId)];
    })
    .filter(({ log }) => existsSync(log));
}

export function findRunFolder(parent: string, runId: string): RunFolder | undefined {
  return findRunFolders(parent).findLast((folder) => folder.runId === runId);
}

/** Whether all of a run has arrived: W&B's own client leaves the same mark. */
export function isSynced({ log }: Pick<RunFolder, 'log'>): boolean {
  return existsSync(syncMark({ log }));
}

export function markSynced(folder: RunFolder): void {
  writeFileSync(syncMark(folder), '');
}

export function syncMark({ log }: Pick<RunFolder, 'log'>): string {
  return `${log}.synced`;
}

/** Where W&B's clients look for runs below a folder. */
export function wandbFolder(parent: string): string {
  return join(parent, 'wandb');
}

function runFolder(folder: string, runId: string): RunFolder {
  return { folder, runId, log: join(folder, `run-${runId}.wandb`), files: join(folder, 'files') };
}
