import { z } from 'zod';
import { readPrompt } from '../prompt.ts';
import type { Character } from './characters.ts';
import type { Stage } from './stage.ts';
import { text } from './text.ts';

/** Stage 6: the utterance, so that its emotions are ambiguous without the context. */
export const rewriteStage: Stage<
  { readonly character: Character; readonly context: string; readonly utterance: string },
  { readonly utterance: string }
> = {
  name: 'rewrite',
  prompt: readPrompt('rewrite', 1),
  variables: ({ character, context, utterance }) => ({ character, context, utterance }),
  schema: z.object({ utterance: text }),
};
