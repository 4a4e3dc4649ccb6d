import type { WandbSettings } from '../wandb/settings.ts';
import type { TrackerReport } from '../wandb/trackerProtocol.ts';

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
 */
export function wandbOutcome(settings: WandbSettings, report: TrackerReport | undefined, sync: string): string {
  if (!report) return `! W&B: its process ended before it could tell what has arrived. Upload what has not: ${sync}`;
  const { runs, incomplete, missingRows, reason, url, folder } = report;
  if (settings.mode === 'offline') return `W&B:     ${count(runs, 'run')} in ${folder}; upload: ${sync}`;
  if (incomplete === 0) return `W&B:     ${count(runs, 'run')} at ${url}`;
  const lost = `${incomplete} of ${count(runs, 'run')} not complete on the server, ${count(missingRows, 'row')} missing`;
  return `! W&B: ${lost}${reason === undefined ? '' : ` (${reason})`}. They are kept in ${folder}; upload: ${sync}`;
}

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`;
}
