import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { defineHead } from './headKind.ts';
import { createLinearLayer } from './linearLayer.ts';

/** d → d → ReLU → out, the head of Khosla et al. 2020. */
export const mlp = defineHead({
  schema: z.strictObject({
    kind: z.literal('mlp'),
    /** Dimensions of the projection. */
    out: z.int().positive().default(64),
  }),
  create({ out }, inputSize, random) {
    const hidden = createLinearLayer(inputSize, inputSize, random);
    const output = createLinearLayer(inputSize, out, random);
    return {
      variables: new Map<string, tf.Variable>([
        ['head.0.weight', hidden.weight],
        ['head.0.bias', hidden.bias],
        ['head.2.weight', output.weight],
        ['head.2.bias', output.bias],
      ]),
      forward: (h) => output.apply(tf.relu(hidden.apply(h))),
    };
  },
});
