import type { emotions } from '../data/emotions.ts';

/** One of the taxonomy's names. */
export type Emotion = (typeof emotions)[number];
