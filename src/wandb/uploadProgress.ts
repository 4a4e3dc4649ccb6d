import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { parseJson } from '../parseJson.ts';
import { projectUrl } from './connection.ts';
import { contentOf } from './recordLog.ts';
import type { RunFolder } from './runFolder.ts';

/** How much of a run has arrived where, kept beside its log, so that an upload that was cut off goes on. */
const progressSchema = z.object({
  baseUrl: z.string(),
  entity: z.string(),
  project: z.string(),
  /** Lines of each file of the stream. */
  history: z.int(),
  events: z.int(),
  output: z.int(),
  files: z.array(z.string()),
  /** The sweep that it belongs to. */
  sweep: z.string().optional(),
});
export type UploadProgress = z.output<typeof progressSchema>;

/** Rows of a run's history that have not arrived anywhere yet. */
export function missingRows(folder: RunFolder): number {
  return contentOf(folder.log).rows - (savedProgress(folder)?.history ?? 0);
}

/** Where this project has uploaded a run to, as a page to look at. */
export function uploadedTo(folder: RunFolder): string | undefined {
  const known = savedProgress(folder);
  return known && projectUrl(known.baseUrl, known.entity, known.project);
}

/** Whether some of a run may have arrived. */
export function hasBegun(folder: RunFolder): boolean {
  return savedProgress(folder) !== undefined;
}

function progressPath({ folder }: RunFolder): string {
  return join(folder, 'upload.json');
}

/** What is known of an earlier upload to the same place. */
export function readProgress(
  folder: RunFolder,
  place: Pick<UploadProgress, 'baseUrl' | 'entity' | 'project'>,
): UploadProgress {
  const known = savedProgress(folder);
  const isSame = known?.baseUrl === place.baseUrl && known.entity === place.entity && known.project === place.project;
  return known && isSame ? known : { ...place, history: 0, events: 0, output: 0, files: [] };
}

export function saveProgress(folder: RunFolder, progress: UploadProgress): void {
  const path = progressPath(folder);
  writeFileSync(`${path}.new`, JSON.stringify(progress));
  renameSync(`${path}.new`, path);
}

/** What is known of an upload, to wherever it went. */
export function savedProgress(folder: RunFolder): UploadProgress | undefined {
  const path = progressPath(folder);
  if (!existsSync(path)) return undefined;
  return progressSchema.safeParse(parseJson(readFileSync(path, 'utf8'))).data;
}
