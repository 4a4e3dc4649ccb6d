import type { Emotion } from './emotion.ts';

/** An utterance that went through all stages. */
export interface SynthesisedExample {
  /** `<narrative>-<character>-<utterance>`, the latter two numbered from 1. */
  readonly id: string;
  /** Id of the narrative. */
  readonly narrative: string;
  /** Name of the speaker. */
  readonly character: string;
  /** Clear by itself. */
  readonly utterance: string;
  /** Rewritten, so that it takes the context to know what is felt. */
  readonly ambiguous: string;
  readonly context: string;
  /** At most five with their expressiveness, above 0 and up to 1; the strongest first. */
  readonly emotions: readonly (readonly [Emotion, number])[];
}

/** The strongest emotion; of equally strong ones the first of the taxonomy. */
export function labelOf({ emotions }: Pick<SynthesisedExample, 'emotions'>): Emotion {
  const [strongest] = emotions;
  if (!strongest) throw new RangeError('an example without emotions');
  return strongest[0];
}
