import { z } from 'zod';
import { readPrompt } from '../prompt.ts';
import type { UtteranceInput } from './labels.ts';
import type { Stage } from './stage.ts';
import { text } from './text.ts';

/**
 * Stage 4: what happened up to an utterance. Neither this prompt nor a later one has the labels, so that another label
 * map leaves the calls as they were.
 */
export const contextStage: Stage<UtteranceInput, { readonly context: string }> = {
  name: 'context',
  prompt: readPrompt('context', 1),
  variables: ({ narrative: { title, text: plot }, character, utterance }) => ({ title, plot, character, utterance }),
  schema: z.object({ context: text }),
};
