import type { emotions } from './emotions.ts';

type Emotion = (typeof emotions)[number];

/**
 * Coarser classes of the GoEmotions taxonomy, as its authors group it: by sentiment, and by the six emotions of Ekman
 * (Demszky et al. 2020, section 5 and the mappings published with the data). Neutral is a group of its own in both.
 */
export const groupings = {
  sentiment: {
    positive: [
      ...([
        'admiration',
        'amusement',
        'approval',
        'caring',
        'desire',
        'excitement',
        'gratitude',
        'joy',
        'love',
      ] as const),
      ...(['optimism', 'pride', 'relief'] as const),
    ],
    negative: [
      ...([
        'anger',
        'annoyance',
        'disappointment',
        'disapproval',
        'disgust',
        'embarrassment',
        'fear',
        'grief',
      ] as const),
      ...(['nervousness', 'remorse', 'sadness'] as const),
    ],
    ambiguous: ['confusion', 'curiosity', 'realization', 'surprise'],
    neutral: ['neutral'],
  },
  ekman: {
    anger: ['anger', 'annoyance', 'disapproval'],
    disgust: ['disgust'],
    fear: ['fear', 'nervousness'],
    joy: [
      ...([
        'admiration',
        'amusement',
        'approval',
        'caring',
        'desire',
        'excitement',
        'gratitude',
        'joy',
        'love',
      ] as const),
      ...(['optimism', 'pride', 'relief'] as const),
    ],
    sadness: ['disappointment', 'embarrassment', 'grief', 'remorse', 'sadness'],
    surprise: ['confusion', 'curiosity', 'realization', 'surprise'],
    neutral: ['neutral'],
  },
} as const satisfies Record<string, Record<string, readonly Emotion[]>>;

export type GroupingName = keyof typeof groupings;

/** The groups in the order that numbers them, and the group of each emotion. */
export function groupingOf(name: GroupingName): { groups: string[]; groupOf: ReadonlyMap<string, string> } {
  const entries = Object.entries(groupings[name] as Record<string, readonly string[]>);
  return {
    groups: entries.map(([group]) => group),
    groupOf: new Map(entries.flatMap(([group, members]) => members.map((member) => [member, group] as const))),
  };
}
