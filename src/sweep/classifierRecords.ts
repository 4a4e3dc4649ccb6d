import type { Corpus } from '../data/corpus.ts';
import { embedTexts } from '../encoders/embed.ts';
import type { Encoder } from '../encoders/encoder.ts';
import { type Classified, classify } from '../evaluation/classify.ts';
import { decide } from '../evaluation/multiLabel.ts';
import type { Probabilities } from '../evaluation/probabilities.ts';
import type { JudgedTexts, TrainedHeads } from '../evaluation/trainedHeads.ts';
import type { ExamplesRecord, PredictionsRecord } from '../tracking/journal.ts';
import type { Settings } from './experiment.ts';

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
