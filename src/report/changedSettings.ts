import { settingsSchema } from '../sweep/experiment.ts';
import { settingAt, withSetting } from '../sweep/plan.ts';
import { flattenSettings } from './settings.ts';

/**
 * The settings of a run that someone chose: those that would be different, or missing, if they were left out. All of
 * them if the settings are those of another version of the code.
 *
 * @param settings complete settings, as a journal holds them
 */
export function changedSettings(settings: Readonly<Record<string, unknown>>): Map<string, unknown> {
  const changed = new Map<string, unknown>();
  for (const key of Object.keys(settings)) collect(settings, key, changed);
  return changed;
}

function collect(settings: unknown, path: string, changed: Map<string, unknown>): void {
  const value = settingAt(settings, path);
  const without = settingsSchema.safeParse(withSetting(settings, path, undefined));
  if (without.success && JSON.stringify(settingAt(without.data, path)) === JSON.stringify(value)) return;
  const leaves = flattenSettings(value);
  if (leaves.has('')) changed.set(path, value);
  else for (const key of new Set([...leaves.keys()].map((leaf) => leaf.split('.')[0]))) collect(settings, `${path}.${key}`, changed);
}
