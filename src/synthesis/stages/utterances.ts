import { z } from 'zod';
import { emotions } from '../../data/emotions.ts';
import type { Narrative } from '../narratives.ts';
import { readPrompt } from '../prompt.ts';
import type { Steering } from '../quota.ts';
import type { Character } from './characters.ts';
import type { Stage } from './stage.ts';
import { text } from './text.ts';

/** Utterances with an emotion and without one that a character has, as in Emo Pillars. */
const emotional = 8;
const neutral = 2;

/** Utterances that are asked for of each character. */
export const utterancesEach = emotional + neutral;

/** How many different emotions make the eight varied. The prompt asks for eight. */
const leastVariety = 5;

const varied = (list: readonly { readonly emotion: string }[]) =>
  new Set(list.map(({ emotion }) => emotion.toLowerCase())).size >= leastVariety;

/**
 * Stage 2: eight utterances of a character with varied emotions and two neutral ones. The emotions named here only make
 * them varied; stage 3 rates what came out.
 */
export const utterancesStage: Stage<
  { readonly narrative: Narrative; readonly character: Character; readonly steering: Steering },
  { readonly emotional: readonly { readonly text: string }[]; readonly neutral: readonly string[] }
> = {
  name: 'utterances',
  prompt: readPrompt('utterances', 1),
  variables: ({ narrative: { title, text: plot }, character, steering }) => ({
    title,
    plot,
    character,
    emotions: emotions.filter((emotion) => emotion !== 'neutral'),
    scarce: steering.scarce,
    full: steering.full,
  }),
  schema: z.object({
    emotional: z
      .array(z.object({ emotion: text, text }))
      .length(emotional)
      .refine(varied, { error: 'eight utterances of different emotions', params: { reason: 'not varied' } }),
    neutral: z.array(text).length(neutral),
  }),
};
