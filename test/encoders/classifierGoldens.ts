import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { goldenFolder } from './goldens.ts';

/** Tiny random classifiers that golden/classifiers/make.py wrote with `transformers`. */
export const tinyClassifiers = ['bert', 'roberta', 'xlmRoberta', 'distilBert', 'bertMultiLabel'] as const;

export const classifiersFolder = join(goldenFolder, 'classifiers');
export const adaptersFolder = join(goldenFolder, 'lora');

interface Input {
  readonly text: string;
  readonly ids: readonly number[];
  readonly types: readonly number[];
  readonly logits: readonly number[];
}

/** What `transformers` makes of texts and of pairs. */
export interface ClassifierReference {
  readonly labels: readonly string[];
  readonly maxLength: number;
  readonly texts: readonly Input[];
  readonly pairs: readonly (Input & { readonly context: string })[];
}

/** Mean cross-entropy of a few texts without dropout, in float64. */
export interface GradientReference {
  readonly maxLength: number;
  readonly texts: readonly string[];
  readonly labels: readonly number[];
  readonly loss: number;
  readonly gradients: Readonly<
    Record<string, { readonly shape: readonly number[]; readonly values: readonly number[] }>
  >;
}

/** What PEFT makes of its adapters. */
export interface AdapterReference {
  readonly maxLength: number;
  readonly texts: readonly string[];
  readonly logits: Readonly<Record<'base' | 'adapted' | 'merged', readonly (readonly number[])[]>>;
}

export function readGolden<T>(folder: string, file: string): T {
  return JSON.parse(readFileSync(join(folder, file), 'utf8')) as T;
}

/** The largest absolute difference of two matrices. */
export function furthest(actual: readonly (readonly number[])[], expected: readonly (readonly number[])[]): number {
  return Math.max(
    ...expected.flatMap((row, i) => row.map((value, k) => Math.abs(value - (actual[i]?.[k] ?? Number.NaN)))),
  );
}
