import { z } from 'zod';
import type { Narrative } from '../narratives.ts';
import { readPrompt } from '../prompt.ts';
import type { Stage } from './stage.ts';
import { text } from './text.ts';

const character = z.object({ name: text, description: text });

/** Who can speak in a narrative. */
export type Character = z.output<typeof character>;

/** Stage 1: the characters of a narrative, the most important first. */
export const charactersStage: Stage<
  { readonly narrative: Narrative; readonly most: number },
  { readonly characters: readonly Character[] }
> = {
  name: 'characters',
  prompt: readPrompt('characters', 1),
  variables: ({ narrative: { title, text: plot }, most }) => ({ title, plot, most }),
  schema: z.object({ characters: z.array(character).min(1) }),
};
