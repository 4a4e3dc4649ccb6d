import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { architectureOf } from '../encoders/architecture.ts';
import type { EncoderConfig } from '../encoders/config.ts';
import { drop } from '../encoders/dropout.ts';
import type { Encoder } from '../encoders/encoder.ts';
import { isFloat, toFloat32 } from '../encoders/safetensors.ts';
import type { RandomStream } from '../random.ts';
import type { ClassificationHead } from './classificationHead.ts';
import { type LinearLayer, linearLayerOf } from './linearLayer.ts';

/** Standard deviation of new weights: `initializer_range` of BERT, RoBERTa and DistilBERT. */
const initialDeviation = 0.02;

const activations = { tanh: tf.tanh, relu: tf.relu } as const;

interface SequenceClassificationOptions {
  readonly classes: number;
  /** Whether the output layer of the encoder's files is taken, which has to be one of these classes. */
  readonly takesOutput: boolean;
  /** Of what starts new. */
  readonly random: RandomStream;
}

/**
 * The head of an architecture's `ForSequenceClassification` in `transformers`, with the names that its parameters have
 * there. The dense layer is taken over where the encoder's files hold it, as BERT's pooler, and the output layer where it is
 * wanted; what is not there starts as in `transformers`, normal with a standard deviation of .02 and biases of 0.
 */
export function createSequenceClassificationHead(
  { config, source }: Pick<Encoder, 'config' | 'source'>,
  { classes, takesOutput, random }: SequenceClassificationOptions,
): ClassificationHead {
  const { prefix, sequenceClassifier: shape } = architectureOf(config);
  const width = config.hiddenSize;
  const stored = layerNames(config, source.prefix);
  const names = layerNames(config, prefix);
  const ofOutput = takesOutput ? source.otherTensors : new Map();
  const hidden = layerOf(source.otherTensors, stored.hidden, width, width, random);
  const output = layerOf(ofOutput, stored.output, classes, width, random);
  const activation = activations[shape.activation];
  return {
    kind: 'sequenceClassification',
    tasks: [classes],
    variables: new Map<string, tf.Variable>([...named(names.hidden, hidden), ...named(names.output, output)]),
    logits: (h, dropout) =>
      tf.tidy(() => {
        const dropped = (x: tf.Tensor2D) => (dropout ? drop(x, dropout()) : x);
        const inner = activation(hidden.apply(shape.dropsInput ? dropped(h) : h));
        return output.apply(dropped(inner));
      }),
  };
}

/** Names of the classes in a `config.json`, by their numbers; undefined where it names none. */
export function labelNamesOf(configFile: Readonly<Record<string, unknown>>): string[] | undefined {
  const parsed = z.looseObject({ id2label: z.record(z.string(), z.string()) }).safeParse(configFile);
  if (!parsed.success) return undefined;
  const { id2label } = parsed.data;
  const names = Object.keys(id2label).map((_, i) => id2label[i]);
  return names.every((name) => name !== undefined) ? names : undefined;
}

/** Names of the head's layers in files whose encoder has this prefix. */
export function layerNames(
  config: EncoderConfig,
  prefix: string,
): { readonly hidden: string; readonly output: string } {
  const { hidden, isOfEncoder, output } = architectureOf(config).sequenceClassifier;
  return { hidden: isOfEncoder ? prefix + hidden : hidden, output };
}

function layerOf(
  tensors: Encoder['source']['otherTensors'],
  name: string,
  outputs: number,
  inputs: number,
  random: RandomStream,
): LinearLayer {
  const saved = (part: string, ...shape: number[]): Float32Array | undefined => {
    const tensor = tensors.get(`${name}.${part}`);
    return tensor && isFloat(tensor.dtype) && tensor.shape.join() === shape.join() ? toFloat32(tensor) : undefined;
  };
  const normal = () => Float32Array.from({ length: outputs * inputs }, () => initialDeviation * random.normal());
  return linearLayerOf(
    saved('weight', outputs, inputs) ?? normal(),
    saved('bias', outputs) ?? new Float32Array(outputs),
  );
}

function named(name: string, { weight, bias }: LinearLayer): [string, tf.Variable][] {
  return [
    [`${name}.weight`, weight],
    [`${name}.bias`, bias],
  ];
}
