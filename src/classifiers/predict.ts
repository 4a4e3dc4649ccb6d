import { embedTexts } from '../encoders/embed.ts';
import { UserError } from '../errors.ts';
import { classify } from '../evaluation/classify.ts';
import { decide } from '../evaluation/multiLabel.ts';
import { softVote, type Voter } from '../evaluation/softVoting.ts';
import type { Classifier } from './classifier.ts';

/** A text to be classified. */
export interface Classifiable {
  readonly text: string;
  /** What precedes it, for classifiers that were trained with contexts. */
  readonly context?: string;
}

/** What classifiers say of a text. */
export interface Prediction {
  /** The most likely class; of equally likely ones the first. */
  readonly label: string;
  /** Of each class by its name: shares that add up to 1, or of a multi-label classifier each by itself. */
  readonly probabilities: Readonly<Record<string, number>>;
  /** All classes that are at least as likely as their thresholds, where texts may have several. */
  readonly labels?: readonly string[];
}

export interface Predictions {
  /** In the order of the texts. */
  readonly predictions: readonly Prediction[];
  /** How many texts were too long for a classifier, and were cut. */
  readonly cut: number;
}

/**
 * The predictions of a classifier, or the mean probabilities of several.
 *
 * @param classifiers at least one, of the same classes in the same order
 * @param maxLength longest text in tokens; default: what it was trained on, or what the encoder has positions for
 * @throws UserError CLASSIFIERS_DIFFER
 */
export async function predict(
  classifiers: readonly Classifier[],
  texts: readonly Classifiable[],
  maxLength?: number,
): Promise<Predictions> {
  const [first] = classifiers;
  if (!first) throw new RangeError('expected a classifier');
  for (const other of classifiers) requireAlike(first, other);
  const { labelNames } = first;
  const voters: Voter[] = [];
  let cut = 0;
  const [plain, contexts] = [texts.map(({ text }) => text), texts.map(({ context }) => context)];
  for (const { encoder, head, activation, maxLength: own, segments, thresholds } of classifiers) {
    const length = Math.min(maxLength ?? own ?? Number.POSITIVE_INFINITY, encoder.config.maxLength);
    const tokens = encoder.tokeniser.encode(plain, length, contexts, segments);
    cut = Math.max(cut, tokens.truncated);
    const { probabilities } = await classify(head, await embedTexts(encoder, tokens, { pooling: 'cls' }), activation);
    voters.push({ probabilities, thresholds });
  }
  const { probabilities, predicted, thresholds } = softVote(voters);
  const given = decide(probabilities, thresholds);
  const named = (label: number) => labelNames[label] as string;
  const predictions = texts.map((_, text) => ({
    label: named(predicted[text] as number),
    probabilities: Object.fromEntries(
      labelNames.map((name, label) => [name, probabilities.values[text * labelNames.length + label] as number]),
    ),
    ...(first.activation === 'sigmoid' && { labels: given[text]?.map(named) ?? [] }),
  }));
  return { predictions, cut };
}

function requireAlike(one: Classifier, other: Classifier): void {
  if (one.activation === other.activation && one.labelNames.join('\n') === other.labelNames.join('\n')) return;
  throw new UserError({
    code: 'CLASSIFIERS_DIFFER',
    given: `${described(one)} and ${described(other)}`,
    expected: 'classifiers of the same classes, one a text or several, whose probabilities have a mean',
    remedy: 'Ask them one after the other.',
  });
}

function described({ encoder, labelNames, activation }: Classifier): string {
  return `${encoder.name} (${labelNames.join(', ')}; ${activation === 'softmax' ? 'one' : 'several'} a text)`;
}
