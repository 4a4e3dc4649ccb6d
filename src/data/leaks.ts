import { type Example, mapSplits, type SplitName, splitNames } from './source.ts';

/** How often texts recur, compared character by character. */
export interface LeakReport {
  /** Texts that are a repetition of an earlier one in the same split. */
  readonly repeated: Readonly<Record<SplitName, number>>;
  /** Distinct texts that carry different labels within the same split. */
  readonly conflicting: Readonly<Record<SplitName, number>>;
  /** Texts of the first split, repetitions included, that the second split holds too. */
  readonly shared: readonly { readonly of: SplitName; readonly in: SplitName; readonly texts: number }[];
}

/** Counts repetitions, contradictions and leaks. Nothing is removed: whether that is right, the researcher decides. */
export function leakReport(splits: Readonly<Record<SplitName, readonly Example[]>>): LeakReport {
  const labelsOfTexts = mapSplits((split) => {
    const labels = new Map<string, Set<string>>();
    for (const { text, label, strengths } of splits[split]) {
      const classes = strengths ? Object.keys(strengths).sort().join('\n') : label;
      const known = labels.get(text);
      if (known) known.add(classes);
      else labels.set(text, new Set([classes]));
    }
    return labels;
  });
  const pairs = [
    { of: 'validation', in: 'train' },
    { of: 'test', in: 'train' },
    { of: 'test', in: 'validation' },
  ] as const;
  return {
    repeated: mapSplits((split) => splits[split].length - labelsOfTexts[split].size),
    conflicting: mapSplits((split) => [...labelsOfTexts[split].values()].filter(({ size }) => size > 1).length),
    shared: pairs.map((pair) => ({
      ...pair,
      texts: splits[pair.of].filter(({ text }) => labelsOfTexts[pair.in].has(text)).length,
    })),
  };
}

/** The report in a line for each split and pair of splits that has something to report. */
export function describeLeaks({ repeated, conflicting, shared }: LeakReport): string[] {
  return [
    ...splitNames
      .filter((split) => repeated[split] > 0)
      .map(
        (split) => `${split}: repeated texts ${repeated[split]}, texts with conflicting labels ${conflicting[split]}`,
      ),
    ...shared
      .filter(({ texts }) => texts > 0)
      .map((leak) => `${leak.of}: texts that are also in ${leak.in} ${leak.texts}`),
  ];
}
