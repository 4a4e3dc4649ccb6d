/** The leaves of nested settings by dotted path; a list is a leaf. */
export function flattenSettings(settings: unknown, path = ''): Map<string, unknown> {
  if (!isNested(settings)) return new Map([[path, settings]]);
  const leaves = new Map<string, unknown>();
  for (const [key, value] of Object.entries(settings)) {
    for (const leaf of flattenSettings(value, path === '' ? key : `${path}.${key}`)) leaves.set(...leaf);
  }
  return leaves;
}

/** A setting that two runs do not share; undefined where a run does not have it. */
export interface SettingDifference {
  readonly path: string;
  readonly a: unknown;
  readonly b: unknown;
}

/** The settings in which `a` and `b` differ, in the order of `a`. */
export function differingSettings(a: unknown, b: unknown): SettingDifference[] {
  const ofA = flattenSettings(a);
  const ofB = flattenSettings(b);
  return [...new Set([...ofA.keys(), ...ofB.keys()])]
    .map((path) => ({ path, a: ofA.get(path), b: ofB.get(path) }))
    .filter((setting) => JSON.stringify(setting.a) !== JSON.stringify(setting.b));
}

export function isNested(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
