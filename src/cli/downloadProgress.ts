import process from 'node:process';
import { createLogUpdate } from 'log-update';

const barWidth = 30;

/** Shows a download's progress on a terminal's standard error while `work` runs; nothing elsewhere. */
export async function withDownloadProgress<T>(
  name: string,
  work: (onBytes: (done: number, total: number) => void) => Promise<T>,
): Promise<T> {
  const update = process.stderr.isTTY ? createLogUpdate(process.stderr) : undefined;
  try {
    return await work((done, total) => {
      const filled = Math.min(barWidth, Math.round((barWidth * done) / total));
      const bar = `${'█'.repeat(filled)}${'░'.repeat(barWidth - filled)}`;
      update?.(`${name} ${bar} ${megabytes(done)} of ${megabytes(total)}`);
    });
  } finally {
    update?.clear();
  }
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
