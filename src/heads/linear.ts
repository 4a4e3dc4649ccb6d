import type * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { defineHead } from './headKind.ts';
import { createLinearLayer } from './linearLayer.ts';

/** d → out, one affine map. */
export const linear = defineHead({
  schema: z.strictObject({
    kind: z.literal('linear'),
    /** Dimensions of the projection. */
    out: z.int().positive().default(64),
  }),
  create({ out }, inputSize, random) {
    const layer = createLinearLayer(inputSize, out, random);
    return {
      variables: new Map<string, tf.Variable>([
        ['head.weight', layer.weight],
        ['head.bias', layer.bias],
      ]),
      forward: layer.apply,
    };
  },
});
