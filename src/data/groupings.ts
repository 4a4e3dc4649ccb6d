import { emotions } from './emotions.ts';

type Emotion = (typeof emotions)[number];

/** By sentiment, and what Ekman's joy stands for. */
const positive = [
  'admiration',
  'amusement',
  'approval',
  'caring',
  'desire',
  'excitement',
  'gratitude',
  'joy',
  'love',
  'optimism',
  'pride',
  'relief',
] as const;

/**
 * Coarser classes of the GoEmotions taxonomy, as its authors group it: by sentiment, and by the six emotions of Ekman
 * (Demszky et al. 2020, section 5 and the mappings published with the data). Neutral is a group of its own in both.
 */
export const groupings = {
  sentiment: {
    positive,
    negative: [
      'anger',
      'annoyance',
      'disappointment',
      'disapproval',
      'disgust',
      'embarrassment',
      'fear',
      'grief',
      'nervousness',
      'remorse',
      'sadness',
    ],
    ambiguous: ['confusion', 'curiosity', 'realization', 'surprise'],
    neutral: ['neutral'],
  },
  ekman: {
    anger: ['anger', 'annoyance', 'disapproval'],
    disgust: ['disgust'],
    fear: ['fear', 'nervousness'],
    joy: positive,
    sadness: ['disappointment', 'embarrassment', 'grief', 'remorse', 'sadness'],
    surprise: ['confusion', 'curiosity', 'realization', 'surprise'],
    neutral: ['neutral'],
  },
} as const satisfies Record<string, Record<string, readonly Emotion[]>>;

export type GroupingName = keyof typeof groupings;

/**
 * The groups in the order that numbers them, and the group of each emotion.
 *
 * @param name none: each of `labelNames` is a group of its own
 */
export function groupingOf(
  name: GroupingName | undefined,
  labelNames: readonly string[] = emotions,
): { readonly groups: readonly string[]; readonly groupOf: ReadonlyMap<string, string> } {
  if (name === undefined) return { groups: labelNames, groupOf: new Map(labelNames.map((label) => [label, label])) };
  const entries = Object.entries(groupings[name] as Record<string, readonly string[]>);
  return {
    groups: entries.map(([group]) => group),
    groupOf: new Map(entries.flatMap(([group, members]) => members.map((member) => [member, group] as const))),
  };
}
