import { join } from 'node:path';
import { UserError } from '../errors.ts';
import { isFolder } from './isFolder.ts';
import type { DataPlaces, PublicDataset } from './source.ts';

/**
 * The folder of a public dataset.
 *
 * @throws UserError DATA_NOT_INSTALLED if there is none
 */
export async function installedFolder({ dataFolder }: DataPlaces, dataset: PublicDataset): Promise<string> {
  const { folder, title, files, publishedAt, downloads } = dataset;
  const path = join(dataFolder, folder);
  if (await isFolder(path)) return path;
  throw new UserError({
    code: 'DATA_NOT_INSTALLED',
    given: `no folder ${path}`,
    expected: `${title} in it (${files.join(', ')})`,
    remedy: `${downloads ? `Run: yarn data get ${folder}. Or put` : 'Put'} these files there from ${publishedAt}, or choose --data embedded.`,
  });
}
