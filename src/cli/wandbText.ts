import type { WandbSettings } from '../wandb/settings.ts';
import type { TrackerReport } from '../wandb/trackerProtocol.ts';
import { count } from './count.ts';

/** `W&B: online, project contrafit at https://api.wandb.ai (an API key is there)` */
export function wandbLine({ mode, because, baseUrl, entity, project }: WandbSettings): string {
  if (mode === 'disabled') return `W&B: disabled (${because})`;
  const place = entity === undefined ? project : `${entity}/${project}`;
  return `W&B: ${mode}, project ${place}${mode === 'online' ? ` at ${baseUrl}` : ''} (${because})`;
}

/**
 * What became of the runs.
 *
 * @param report undefined if the process that was to tell it is gone
 * @param sync the command that uploads them
 * @param interrupted whether the user did not want to wait
 */
export function wandbOutcome(
  settings: WandbSettings,
  report: TrackerReport | undefined,
  sync: string,
  interrupted: boolean,
): string {
  if (!report && interrupted) return `! W&B: not waited for. Upload what has not arrived: ${sync}`;
  if (!report) return `! W&B: its process ended before it could tell what has arrived. Upload what has not: ${sync}`;
  const { runs, incomplete, missingRows, reason, url, folder } = report;
  if (settings.mode === 'offline' && runs > 0) return `W&B:     ${count(runs, 'run')} in ${folder}; upload: ${sync}`;
  if (runs === 0) return `! W&B: nothing could be logged; upload: ${sync}`;
  if (incomplete === 0) return `W&B:     ${count(runs, 'run')}${url === undefined ? ' on the server' : ` at ${url}`}`;
  const lost = `${incomplete} of ${count(runs, 'run')} not complete on the server, ${count(missingRows, 'row')} missing`;
  return `! W&B: ${lost}${reason === undefined ? '' : ` (${reason})`}. They are kept in ${folder}; upload: ${sync}`;
}
