import { quantile } from 'simple-statistics';
import type { Tokeniser } from '../text/tokeniser.ts';
import { lengthOf } from '../text/tokenSequences.ts';
import type { Corpus } from './corpus.ts';
import { type Labelling, mapSplits, type SplitName, splitNames } from './source.ts';

/** What is to be known of a corpus before it is used. */
export interface CorpusSummary {
  readonly name: string;
  readonly provenance: string;
  readonly licence: string;
  /** SHA-256 of its contents, by which runs know it. */
  readonly hash: string;
  readonly texts: Readonly<Record<SplitName, number>>;
  readonly labelling: Labelling;
  /** Texts by their number of classes, over all splits; only where a text may have several. */
  readonly textsByClasses?: readonly { readonly classes: number; readonly texts: number }[];
  /** Texts of each class. */
  readonly classes: readonly { readonly label: string; readonly texts: Readonly<Record<SplitName, number>> }[];
  /** Whether every text has a context. */
  readonly withContext: boolean;
  readonly notes: readonly string[];
}

export function summariseCorpus(corpus: Corpus): CorpusSummary {
  const { name, provenance, licence, hash, labelNames, labelling, notes } = corpus;
  const classes = labelNames.length;
  const textsByClasses = new Map<number, number>();
  const counts = mapSplits((split) => {
    const own = new Int32Array(classes);
    const { labels, strengths } = corpus[split];
    for (const [i, label] of labels.entries()) {
      const strong = strengths?.subarray(i * classes, (i + 1) * classes);
      const has = strong ? Array.from(strong.keys()).filter((k) => (strong[k] as number) > 0) : [label];
      for (const each of has) own[each] = (own[each] as number) + 1;
      textsByClasses.set(has.length, (textsByClasses.get(has.length) ?? 0) + 1);
    }
    return own;
  });
  return {
    name,
    provenance,
    licence,
    hash,
    labelling,
    ...(labelling !== 'single' && {
      textsByClasses: [...textsByClasses].sort(([a], [b]) => a - b).map(([own, texts]) => ({ classes: own, texts })),
    }),
    texts: mapSplits((split) => corpus[split].texts.length),
    classes: labelNames.map((label, i) => ({ label, texts: mapSplits((split) => counts[split][i] as number) })),
    withContext: mapsAll((split) => corpus[split].contexts !== undefined || corpus[split].texts.length === 0),
    notes,
  };
}

function mapsAll(holds: (split: SplitName) => boolean): boolean {
  return Object.values(mapSplits(holds)).every(Boolean);
}

/** How long the texts are for an encoder, special tokens included, over all splits. */
export interface TokenLengths {
  readonly median: number;
  readonly p95: number;
  readonly p99: number;
  readonly longest: number;
  /** Texts of more tokens than the limit. */
  readonly cut: number;
  /** Texts of up to `upTo` tokens and more than half of it (of the first: of up to 4); powers of 2 up to the longest text. */
  readonly histogram: readonly { readonly upTo: number; readonly texts: number }[];
}

export function tokenLengths(corpus: Corpus, tokeniser: Tokeniser, limit: number): TokenLengths {
  const lengths = splitNames.flatMap((split) => {
    const { texts, contexts } = corpus[split];
    const tokens = tokeniser.encode(texts, Number.MAX_SAFE_INTEGER, corpus.contextual ? contexts : undefined);
    return Array.from({ length: tokens.size }, (_, i) => lengthOf(tokens, i));
  });
  const [median = 0, p95 = 0, p99 = 0, longest = 0] = quantile(lengths, [0.5, 0.95, 0.99, 1]);
  const binOf = (length: number) => Math.max(2, Math.ceil(Math.log2(Math.max(1, length))));
  const histogram = Array.from({ length: binOf(longest) - 1 }, (_, i) => ({
    upTo: 2 ** (i + 2),
    texts: lengths.filter((length) => binOf(length) === i + 2).length,
  }));
  return { median, p95, p99, longest, cut: lengths.filter((length) => length > limit).length, histogram };
}
