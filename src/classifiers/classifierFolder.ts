import { z } from 'zod';
import { architectureOf } from '../encoders/architecture.ts';
import type { EncoderConfig } from '../encoders/config.ts';
import type { Encoder } from '../encoders/encoder.ts';
import { loadEncoder, saveEncoder, storedVariables } from '../encoders/huggingFaceFolder.ts';
import { UserError } from '../errors.ts';
import { createSequenceClassificationHead, labelNamesOf, layerNames } from '../heads/sequenceClassificationHead.ts';
import { stream } from '../random.ts';
import type { Classifier } from './classifier.ts';

const problemTypes = { softmax: 'single_label_classification', sigmoid: 'multi_label_classification' } as const;

/** A field of config.json that `transformers` keeps and does not use. */
const thresholdsField = 'decision_thresholds';

const problemField = z.looseObject({ problem_type: z.string().nullish().catch(undefined) });

/**
 * Loads a folder that `transformers` has saved, or {@link saveClassifier}: BertForSequenceClassification and the like.
 *
 * @param name what it was asked for by
 * @throws UserError those of {@link loadEncoder} and {@link classifierOf}
 */
export async function loadClassifier(folder: string, name: string): Promise<Classifier> {
  const encoder = await loadEncoder(folder, name);
  try {
    return classifierOf(folder, encoder);
  } catch (error) {
    encoder.dispose();
    throw error;
  }
}

/**
 * The classifier of an encoder whose files have a head. They do not say how texts with contexts were encoded in training: that
 * is taken to be with segments `two` for a RoBERTa or XLM-RoBERTa with two token types or more, since as published they have
 * one, and with `own` for the rest.
 *
 * @param folder that the files are in
 * @throws UserError CLASSIFIER_HEAD_MISSING, CLASSIFIER_PROBLEM_UNSUPPORTED, CLASSIFIER_LABEL_REPEATED
 */
export function classifierOf(folder: string, encoder: Encoder): Classifier {
  const { problem_type: problem } = problemField.parse(encoder.source.configFile);
  const labelNames = labelNamesIn(folder, encoder);
  const thresholds = thresholdsIn(encoder.source.configFile, labelNames);
  if (problem === 'regression' || labelNames.length < 2) throw unsupported(folder, labelNames.length);
  const repeated = labelNames.find((name, i) => labelNames.indexOf(name) !== i);
  if (repeated !== undefined) throw ofOneName(folder, repeated);
  return {
    encoder,
    head: createSequenceClassificationHead(encoder, {
      classes: labelNames.length,
      takesOutput: true,
      // Nothing is drawn, since the files hold all of it.
      random: stream(0, 'classifier'),
    }),
    labelNames,
    activation: problem === problemTypes.sigmoid ? 'sigmoid' : 'softmax',
    ...(thresholds && { thresholds }),
    ...(hasAddedTokenTypes(encoder.config) && { segments: 'two' as const }),
  };
}

function hasAddedTokenTypes({ modelType, tokenTypes }: EncoderConfig): boolean {
  return (modelType === 'roberta' || modelType === 'xlm-roberta') && tokenTypes >= 2;
}

/**
 * Writes a classifier so that `transformers` loads it as its `ForSequenceClassification`, and as an encoder like
 * {@link saveEncoder}, which says what is written.
 */
export async function saveClassifier(classifier: Classifier, folder: string): Promise<void> {
  const { encoder, head } = classifier;
  const { prefix } = architectureOf(encoder.config);
  const { source } = encoder;
  const variables = new Map(
    [...encoder.variables].map(([name, variable]) => [prefix + name.slice(source.prefix.length), variable] as const),
  );
  const otherTensors = await storedVariables(head.variables);
  const own = { ...source, prefix, otherTensors, configFile: classifierConfig(classifier) };
  await saveEncoder({ ...encoder, variables, source: own }, folder, 'cls');
}

/** An encoder without the head of a classifier that it came from, which does not fit it any more. */
export function withoutHead(encoder: Encoder): Encoder {
  const { source, config } = encoder;
  const { hidden, isOfEncoder, output } = architectureOf(config).sequenceClassifier;
  const layers = isOfEncoder ? [output] : [hidden, output];
  const tensors = layers.flatMap((layer) => [`${layer}.weight`, `${layer}.bias`]);
  if (!tensors.some((tensor) => source.otherTensors.has(tensor))) return encoder;
  const otherTensors = new Map([...source.otherTensors].filter(([name]) => !tensors.includes(name)));
  const { id2label, label2id, problem_type, architectures, [thresholdsField]: _, ...configFile } = source.configFile;
  return { ...encoder, source: { ...source, otherTensors, configFile } };
}

/** config.json of a classifier: its encoder's, with the classes and what `transformers` makes of it. */
export function classifierConfig({
  encoder,
  labelNames,
  activation,
  thresholds,
}: Omit<Classifier, 'head'>): Record<string, unknown> {
  return {
    ...encoder.source.configFile,
    architectures: [architectureOf(encoder.config).sequenceClassifier.className],
    problem_type: problemTypes[activation],
    id2label: Object.fromEntries(labelNames.entries()),
    label2id: Object.fromEntries(labelNames.map((name, i) => [name, i])),
    [thresholdsField]: thresholds && Object.fromEntries(labelNames.map((name, i) => [name, thresholds[i]])),
  };
}

/** How likely each class has to be to be given, as {@link classifierConfig} writes it; undefined where that is not said. */
function thresholdsIn(
  configFile: Readonly<Record<string, unknown>>,
  labelNames: readonly string[],
): number[] | undefined {
  const { data } = z.record(z.string(), z.number()).safeParse(configFile[thresholdsField]);
  const found = labelNames.flatMap((name) => data?.[name] ?? []);
  return found.length === labelNames.length ? found : undefined;
}

/** The classes that config.json names, or where `transformers` has left out its default names, these. */
function labelNamesIn(folder: string, { config, source }: Encoder): string[] {
  const names = layerNames(config, source.prefix);
  const tensors = [names.hidden, names.output].flatMap((layer) => [`${layer}.weight`, `${layer}.bias`]);
  const missing = tensors.filter((tensor) => !source.otherTensors.has(tensor));
  const rows = source.otherTensors.get(`${names.output}.weight`)?.shape[0] ?? 0;
  const found = labelNamesOf(source.configFile) ?? Array.from({ length: rows }, (_, i) => `LABEL_${i}`);
  if (missing.length === 0 && found.length === rows) return found;
  const { className } = architectureOf(config).sequenceClassifier;
  throw new UserError({
    code: 'CLASSIFIER_HEAD_MISSING',
    given:
      missing.length > 0
        ? `${folder}: the weights have no ${missing.join(', ')}`
        : `${folder}: ${rows} scores, and ${found.length} classes in config.json`,
    expected: `a ${className} of transformers`,
    remedy:
      'Name another model, or train one whose head is saved with it: crossEntropy or binaryCrossEntropy in the objective, and --set classifier.kind=sequenceClassification --set pooling=cls, as experiments/classify.ts has it.',
  });
}

function ofOneName(folder: string, label: string): UserError {
  return new UserError({
    code: 'CLASSIFIER_LABEL_REPEATED',
    given: `${folder}: two classes with the name "${label}" in config.json`,
    expected: 'a name of its own for each class',
    remedy: 'Correct id2label and label2id.',
  });
}

function unsupported(folder: string, classes: number): UserError {
  return new UserError({
    code: 'CLASSIFIER_PROBLEM_UNSUPPORTED',
    given: `${folder}: ${classes === 1 ? 'one score' : 'problem_type regression'}`,
    expected: 'a classifier of two classes or more',
    remedy: 'Name the folder of another model.',
  });
}
