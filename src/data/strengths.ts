/** How strong a text's classes are by their names, above 0 and up to 1; at least one. */
export type Strengths = Readonly<Record<string, number>>;

/** From this strength on a class counts as one of the text's, as in Emo Pillars (arXiv 2504.16856). */
export const expressed = 0.3;

/** The strengths under other names; of classes that get one name the greatest. */
export function renamed(strengths: Strengths, nameOf: (name: string) => string): Strengths {
  const greatest = new Map<string, number>();
  for (const [name, strength] of Object.entries(strengths)) {
    greatest.set(nameOf(name), Math.max(strength, greatest.get(nameOf(name)) ?? 0));
  }
  return Object.fromEntries(greatest);
}

/** The strongest class, of equally strong ones the first of the taxonomy. */
export function strongestOf(strengths: Strengths, labelNames: readonly string[]): string {
  const own = labelNames.filter((name) => Object.hasOwn(strengths, name));
  return own.reduce((most, name) => ((strengths[name] as number) > (strengths[most] as number) ? name : most));
}

/** The label and the classes of at least this strength, each with 1. */
export function decided(strengths: Strengths, label: string, threshold: number): Strengths {
  const kept = Object.keys(strengths).filter((name) => name === label || (strengths[name] as number) >= threshold);
  return Object.fromEntries(kept.map((name) => [name, 1]));
}
