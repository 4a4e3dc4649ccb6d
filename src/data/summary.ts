import { quantileSeq } from 'mathjs/number';
import type { Tokeniser } from '../text/tokeniser.ts';
import { lengthOf } from '../text/tokenSequences.ts';
import type { Corpus } from './corpus.ts';
import { mapSplits, type SplitName } from './source.ts';

/** What is to be known of a corpus before it is used. */
export interface CorpusSummary {
  readonly name: string;
  readonly provenance: string;
  readonly licence: string;
  /** SHA-256 of its contents, by which runs know it. */
  readonly hash: string;
  readonly texts: Readonly<Record<SplitName, number>>;
  /** Texts of each class. */
  readonly classes: readonly { readonly label: string; readonly texts: Readonly<Record<SplitName, number>> }[];
  /** Whether every text has a context. */
  readonly withContext: boolean;
  readonly notes: readonly string[];
}

export function summariseCorpus(corpus: Corpus): CorpusSummary {
  const { name, provenance, licence, hash, labelNames, notes } = corpus;
  const counts = mapSplits((split) => {
    const own = new Int32Array(labelNames.length);
    for (const label of corpus[split].labels) own[label] = (own[label] as number) + 1;
    return own;
  });
  return {
    name,
    provenance,
    licence,
    hash,
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
}

export function tokenLengths(corpus: Corpus, tokeniser: Tokeniser, limit: number): TokenLengths {
  const lengths = Object.values(mapSplits((split) => corpus[split].texts)).flatMap((texts) => {
    const tokens = tokeniser.encode(texts, Number.MAX_SAFE_INTEGER);
    return Array.from({ length: tokens.size }, (_, i) => lengthOf(tokens, i));
  });
  const [median = 0, p95 = 0, p99 = 0, longest = 0] = quantileSeq(lengths, [0.5, 0.95, 0.99, 1]) as number[];
  return { median, p95, p99, longest, cut: lengths.filter((length) => length > limit).length };
}
