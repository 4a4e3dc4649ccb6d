import { join } from 'node:path';
import { saveAdapters } from '../classifiers/adapterFolder.ts';
import { saveClassifier, withoutHead } from '../classifiers/classifierFolder.ts';
import { contradictionsOf, placesOf } from '../data/circumplex.ts';
import type { Corpus } from '../data/corpus.ts';
import { expressed } from '../data/strengths.ts';
import { embedTexts } from '../encoders/embed.ts';
import type { Encoder } from '../encoders/encoder.ts';
import { saveEncoder } from '../encoders/huggingFaceFolder.ts';
import type { AdaptedEncoder } from '../encoders/lora.ts';
import { lastingName } from '../encoders/resolveEncoder.ts';
import { type Classified, classify } from '../evaluation/classify.ts';
import type { Matrix } from '../evaluation/matrix.ts';
import { decide } from '../evaluation/multiLabel.ts';
import type { Probabilities } from '../evaluation/probabilities.ts';
import { evaluateHeads, type JudgedTexts, type TrainedHeads } from '../evaluation/trainedHeads.ts';
import type { Heads } from '../heads/heads.ts';
import type { Activation } from '../objectives/objective.ts';
import type { TokenSequences } from '../text/tokenSequences.ts';
import type { ExamplesRecord, PredictionsRecord } from '../tracking/journal.ts';
import { savedModel } from './cells.ts';
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

/** What the classification head made of the test texts, for the journal. */
export function headPredictions(
  { labelNames }: Pick<Corpus, 'labelNames'>,
  { labels, truths }: JudgedTexts,
  { predicted, probabilities }: Classified,
  thresholds: readonly number[] | null,
): PredictionsRecord {
  return {
    type: 'predictions',
    classifier: 'classifier',
    labelNames: [...labelNames],
    truth: [...labels],
    predicted: [...predicted],
    probabilities: shortened(probabilities.values),
    ...(truths &&
      thresholds && {
        several: {
          truth: decide(
            { values: truths, classes: labelNames.length },
            labelNames.map(() => 1),
          ),
          predicted: decide(probabilities, thresholds),
          thresholds: [...thresholds],
        },
      }),
    wall: {},
  };
}

/** Writes what was trained into the cell's folder; adapters are merged into the encoder then. */
export async function saveModel(
  { encoder, adapted }: { readonly encoder: Encoder; readonly adapted: AdaptedEncoder | null },
  {
    classification,
    labelNames,
    activation,
    thresholds,
  }: TrainedHeads & { readonly thresholds: readonly number[] | null },
  settings: Settings,
  folder: string,
): Promise<void> {
  const place = join(folder, savedModel(settings));
  const head = classification?.kind === 'sequenceClassification' ? classification : null;
  const classes = { labelNames, activation, ...(thresholds && { thresholds }) };
  if (adapted?.options.save === 'adapters')
    await saveAdapters({ encoder: adapted, head, ...classes }, lastingName(settings.encoder), place);
  adapted?.merge();
  if (adapted?.options.save === 'adapters') return;
  if (head) await saveClassifier({ encoder, head, ...classes }, place);
  else await saveEncoder(withoutHead(encoder), place, settings.pooling);
}

/** What a trained head says of the sentences that the experiment asks about; none if it asks about none. */
export async function examplesRecord(
  settings: Settings,
  { classification, activation, labelNames }: TrainedHeads,
  encoder: Encoder,
): Promise<ExamplesRecord | undefined> {
  const { examples } = settings.evaluation.classifier;
  if (!classification || examples.length === 0) return undefined;
  const texts = encoder.tokeniser.encode(examples, settings.maxLength);
  const embeddings = await embedTexts(encoder, texts, { pooling: settings.pooling });
  const { probabilities } = await classify(classification, embeddings, activation);
  return {
    type: 'examples',
    labelNames: [...labelNames],
    texts: examples,
    probabilities: examples.map((_, i) => shortened(rowOf(probabilities, i))),
    wall: {},
  };
}

function rowOf({ values, classes }: Probabilities, row: number): number[] {
  return Array.from({ length: classes }, (_, label) => values[row * classes + label] as number);
}

/** To the digits that a journal has room for. */
function shortened(probabilities: ArrayLike<number>): number[] {
  return Array.from(probabilities, (value) => Number(value.toPrecision(6)));
}
