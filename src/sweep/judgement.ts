import { contradictionsOf, placesOf } from '../data/circumplex.ts';
import type { Corpus } from '../data/corpus.ts';
import { expressed } from '../data/strengths.ts';
import { embedTexts } from '../encoders/embed.ts';
import type { Encoder } from '../encoders/encoder.ts';
import type { Matrix } from '../evaluation/matrix.ts';
import { evaluateHeads, type JudgedTexts, type TrainedHeads } from '../evaluation/trainedHeads.ts';
import type { Heads } from '../heads/heads.ts';
import type { Activation } from '../objectives/objective.ts';
import type { TokenSequences } from '../text/tokenSequences.ts';
import type { Settings } from './experiment.ts';

/**
 * The texts of a split as trained heads are judged by them. Where texts may have several classes of different strength,
 * those are true that have at least {@link expressed}, whatever the training takes for its targets.
 *
 * @param embeddings of the split's texts
 */
export function judgedTexts(corpus: Corpus, split: 'validation' | 'test', embeddings: Matrix): JudgedTexts {
  const { labels, strengths, kinds } = corpus[split];
  return {
    embeddings,
    labels,
    truths: strengths && Uint8Array.from(strengths, (strength) => Number(strength >= Math.fround(expressed))),
    // Scores by kind are told of the finished run alone.
    ...(split === 'test' && { kinds }),
  };
}

/** The heads of a run, and what their evaluation goes by. */
export function trainedHeads(
  { objective, evaluation }: Settings,
  { classification, affect }: Heads,
  { labelNames }: Corpus,
  activation: Activation,
): TrainedHeads {
  const places = placesOf(labelNames, {
    valence: objective.valence?.values,
    intensity: objective.intensity?.values,
  });
  const untrained = labelNames.map(() => Number.NaN);
  return {
    classification,
    affect,
    activation,
    labelNames,
    contradictions: contradictionsOf(labelNames, evaluation.classifier.contradictions),
    threshold: evaluation.classifier.threshold,
    sureAbove: evaluation.classifier.sureAbove,
    places: {
      valence: (objective.valence?.weight ?? 0) > 0 ? places.valence : untrained,
      intensity: (objective.intensity?.weight ?? 0) > 0 ? places.intensity : untrained,
    },
  };
}

/**
 * How likely a class has to be to be given, where texts may have several: the number that the settings say, or what is best on
 * the validation texts.
 */
export async function thresholdsOf(
  settings: Settings,
  corpus: Corpus,
  { encoder, heads }: { readonly encoder: Encoder; readonly heads: TrainedHeads },
  validation: TokenSequences,
): Promise<readonly number[] | null> {
  if (!heads.classification || corpus.labelling === 'single') return null;
  const { threshold } = heads;
  if (typeof threshold === 'number') return corpus.labelNames.map(() => threshold);
  const embeddings = await embedTexts(encoder, validation, { pooling: settings.pooling });
  return (await evaluateHeads(heads, judgedTexts(corpus, 'validation', embeddings))).thresholds;
}
