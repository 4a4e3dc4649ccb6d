import { z } from 'zod';
import type { Narrative } from '../narratives.ts';
import { readPrompt } from '../prompt.ts';
import type { Character } from './characters.ts';
import type { Stage } from './stage.ts';
import { text } from './text.ts';

const rating = z.object({ emotion: text, expressiveness: z.number().min(0).max(1) });

/** An emotion as the model calls it, which may be no name of the taxonomy, and how strongly it is expressed, 0–1. */
export type Rating = z.output<typeof rating>;

/** What is asked of an utterance. */
export interface UtteranceInput {
  readonly narrative: Narrative;
  readonly character: Character;
  readonly utterance: string;
}

/**
 * Stage 3: the emotions of an utterance with their expressiveness. Names are free here and come to the taxonomy
 * afterwards, so that the ones outside of it are seen.
 */
export const labelsStage: Stage<UtteranceInput, { readonly emotions: readonly Rating[] }> = {
  name: 'labels',
  prompt: readPrompt('labels', 1),
  variables: ({ narrative: { title, text: plot }, character, utterance }) => ({ title, plot, character, utterance }),
  schema: z.object({ emotions: z.array(rating).min(1) }),
};
