import { z } from 'zod';
import { emotions } from '../../data/emotions.ts';
import { readPrompt } from '../prompt.ts';
import type { Stage } from './stage.ts';
import { text } from './text.ts';

/** Lower-case only, since Joy and Grace are names too. */
const named = new RegExp(`\\b(${emotions.filter((emotion) => emotion !== 'neutral').join('|')})\\b`);

/** Stage 5: a context without talk of emotions. One that still names an emotion of the taxonomy is refused. */
export const cleanStage: Stage<{ readonly context: string }, { readonly context: string }> = {
  name: 'clean',
  prompt: readPrompt('clean', 1),
  variables: ({ context }) => ({ context }),
  schema: z.object({
    context: text.refine((context) => !named.test(context), {
      error: ({ input }) => `a text that names no emotion, not "${named.exec(String(input))?.[0]}"`,
      params: { reason: 'emotion named' },
    }),
  }),
};
