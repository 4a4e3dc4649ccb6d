import { z } from 'zod';
import { stream } from '../random.ts';
import { type Example, mapSplits, type SourceContent, type SplitName, splitNames } from './source.ts';

const share = z.number().min(0).max(1);

/** How texts are divided: shares that add up to 1, and the seed (default 0) they are drawn by. */
export function sharesSchema(defaults: Readonly<Record<SplitName, number>>) {
  return z
    .strictObject({
      train: share.default(defaults.train),
      validation: share.default(defaults.validation),
      test: share.default(defaults.test),
      seed: z.int().min(0).default(0),
    })
    .refine(({ train, validation, test }) => Math.abs(train + validation + test - 1) < 1e-9, 'shares that add up to 1');
}

export type Shares = z.output<ReturnType<typeof sharesSchema>>;

/** All texts are in train, in their order. */
export const undivided: Shares = { train: 1, validation: 0, test: 0, seed: 0 };

/**
 * Divides each class by the shares, at random but always in the same way for a seed; of several classes a text counts
 * as one of its strongest. Equal texts go with the first of them. What a class has too little of to be divided exactly
 * is made up for by the next class, so that the whole has its shares too.
 */
export function divide(examples: readonly Example[], { validation, test, seed }: Shares): Record<SplitName, Example[]> {
  const textsByLabel = new Map<string, Set<string>>();
  const seen = new Set<string>();
  for (const example of examples) {
    if (seen.has(example.text)) continue;
    seen.add(example.text);
    textsByLabel.set(example.label, (textsByLabel.get(example.label) ?? new Set()).add(example.text));
  }
  const splitOf = new Map<string, SplitName>();
  const due = { test: 0, validation: 0 };
  for (const [name, texts] of textsByLabel) {
    const order = stream(seed, 'split', name).shuffle(texts);
    due.test += test * order.length;
    due.validation += validation * order.length;
    const toTest = Math.min(order.length, Math.round(due.test));
    const toValidation = Math.min(order.length - toTest, Math.round(due.validation));
    due.test -= toTest;
    due.validation -= toValidation;
    order.forEach((own, i) => {
      splitOf.set(own, i < toTest ? 'test' : i < toTest + toValidation ? 'validation' : 'train');
    });
  }
  return mapSplits((split) => examples.filter((example) => splitOf.get(example.text) === split));
}

/**
 * The same texts, those of all splits together, divided anew. What the source keeps apart, such as speakers or
 * stories, is not kept apart any more.
 */
export function redivide(content: SourceContent, shares: Shares): SourceContent {
  const texts = splitNames.flatMap((split) => content.splits[split]);
  const { train, validation, test, seed } = shares;
  const percent = [train, validation, test].map((part) => Number((100 * part).toFixed(1))).join('/');
  return {
    ...content,
    splits: divide(texts, shares),
    withoutValidation: validation === 0,
    notes: [
      ...content.notes,
      `split anew: ${texts.length} texts ${percent} within each class, seed ${seed}, in place of the source's own splits`,
    ],
  };
}
