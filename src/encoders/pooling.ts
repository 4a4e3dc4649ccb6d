import { z } from 'zod';

/** How a text's token vectors become one vector: the first token's ([CLS]), or the mean over the real tokens. */
export const poolingSchema = z.enum(['cls', 'mean']);

export type Pooling = z.output<typeof poolingSchema>;
