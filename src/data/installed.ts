import { join } from 'node:path';
import { UserError } from '../errors.ts';
import { isFolder } from './isFolder.ts';
import type { DataPlaces } from './source.ts';

/** A public dataset that its user puts into the data folder. */
export interface PublicDataset {
  /** Of its folder in the data folder. */
  readonly folder: string;
  readonly title: string;
  readonly files: readonly string[];
  /** Where its publisher keeps it. */
  readonly publishedAt: string;
}

/**
 * The folder of a public dataset.
 *
 * @throws UserError DATA_NOT_INSTALLED if there is none
 */
export async function installedFolder({ dataFolder }: DataPlaces, dataset: PublicDataset): Promise<string> {
  const { folder, title, files, publishedAt } = dataset;
  const path = join(dataFolder, folder);
  if (await isFolder(path)) return path;
  throw new UserError({
    code: 'DATA_NOT_INSTALLED',
    given: `no folder ${path}`,
    expected: `${title} in it (${files.join(', ')})`,
    remedy: `Put these files there from ${publishedAt}, or choose --data embedded.`,
  });
}
