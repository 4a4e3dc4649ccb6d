import { settingsSchema } from '../sweep/experiment.ts';
import { isNested } from './settings.ts';

/**
 * The settings of a run that someone chose, by dotted path: those that would be different, or missing, if they were
 * left out. All of them if the settings are those of another version of the code.
 *
 * @param settings complete settings, as a journal holds them
 * @param axes dotted paths that are listed whatever their value
 */
export function changedSettings(
  settings: Readonly<Record<string, unknown>>,
  axes: readonly string[] = [],
): Map<string, unknown> {
  const changed = new Map<string, unknown>();
  for (const [key, value] of Object.entries(settings)) {
    const place: Place = {
      path: key,
      replace: (inner) => ({ ...settings, [key]: inner }),
      at: (all) => inside(all, key),
    };
    collect(value, place, axes, changed);
  }
  return changed;
}

/** Where a setting stands in the whole. */
interface Place {
  readonly path: string;
  /** All settings with this one replaced. */
  replace(value: unknown): unknown;
  /** This one out of all settings. */
  at(settings: unknown): unknown;
}

function collect(value: unknown, place: Place, axes: readonly string[], changed: Map<string, unknown>): void {
  const holdsAxis = axes.some((axis) => axis === place.path || axis.startsWith(`${place.path}.`));
  const without = settingsSchema.safeParse(place.replace(undefined));
  if (!holdsAxis && without.success && JSON.stringify(place.at(without.data)) === JSON.stringify(value)) return;
  const before = changed.size;
  for (const [key, inner] of isNested(value) ? Object.entries(value) : []) {
    const innerPlace: Place = {
      path: `${place.path}.${key}`,
      replace: (replacement) => place.replace({ ...(value as object), [key]: replacement }),
      at: (settings) => inside(place.at(settings), key),
    };
    collect(inner, innerPlace, axes, changed);
  }
  // A group of defaults that was chosen as a whole, such as an objective's term, or a single setting.
  if (changed.size === before) changed.set(place.path, value);
}

function inside(settings: unknown, key: string): unknown {
  return isNested(settings) ? settings[key] : undefined;
}
