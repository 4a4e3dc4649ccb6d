import type { z } from 'zod';
import type { Prompt } from '../prompt.ts';

/** The stages in their order, by the names that counts and calls go by. */
export const stageNames = ['characters', 'utterances', 'labels', 'context', 'clean', 'rewrite'] as const;
export type StageName = (typeof stageNames)[number];

/** A step of the synthesis: one question, asked once for each input. A new one is a file like `characters.ts`. */
export interface Stage<Input, Answer> {
  readonly name: StageName;
  readonly prompt: Prompt;
  /** The variables of the prompt. */
  variables(input: Input): Readonly<Record<string, unknown>>;
  /**
   * What an answer has to be. What JSON Schema cannot say is a refinement; one with `params: { reason }` is counted by
   * that reason.
   */
  readonly schema: z.ZodType<Answer>;
}
