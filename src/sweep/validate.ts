import type { Corpus } from '../data/corpus.ts';
import { embedTexts } from '../encoders/embed.ts';
import type { Encoder } from '../encoders/encoder.ts';
import { deltaMse } from '../evaluation/drift.ts';
import type { Matrix } from '../evaluation/matrix.ts';
import { measureOf } from '../evaluation/measures.ts';
import { leaveOneOut } from '../evaluation/neighbours.ts';
import { evaluateHeads, type TrainedHeads } from '../evaluation/trainedHeads.ts';
import type { TokenSequences } from '../text/tokenSequences.ts';
import type { ValidationResult } from '../training/trainer.ts';
import type { Settings } from './experiment.ts';
import { judgedTexts } from './judgement.ts';

/** What is told of trained heads while they are trained. */
const validated =
  /^(classifier\.(logLoss|accuracy|macroF1|weightedF1|contradictionRate)|affect\.(valence|intensity)Error)$/;

/**
 * kNN within the validation texts, each left out of its own references, the drift of their embeddings, and what the
 * classification head makes of them, if there is one.
 */
export async function validate(
  settings: Settings,
  corpus: Corpus,
  { encoder, heads }: { readonly encoder: Encoder; readonly heads: TrainedHeads },
  texts: TokenSequences,
  original: Matrix,
): Promise<ValidationResult> {
  const { pooling, evaluation, training } = settings;
  const embeddings = await embedTexts(encoder, texts, { pooling });
  const scores = await leaveOneOut(embeddings, corpus.validation.labels, evaluation.knn);
  const deltaEmb = deltaMse(embeddings, original);
  const { metrics: ofHeads } = await evaluateHeads(heads, judgedTexts(corpus, 'validation', embeddings));
  const metrics: Record<string, number> = {
    'knn.accuracy': scores.accuracy,
    'knn.macroF1': scores.macroF1,
    'drift.deltaEmb': deltaEmb,
    ...Object.fromEntries(Object.entries(ofHeads).filter(([metric]) => validated.test(metric))),
  };
  const score = metrics[training.monitor] as number;
  return { score: measureOf(training.monitor)?.direction === 'lower' ? -score : score, deltaEmb, metrics };
}
