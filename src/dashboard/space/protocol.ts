import type { Precision } from '../../engine/engine.ts';
import type { Problem } from '../../errors.ts';
import type { Places } from '../../sweep/materials.ts';
import type { MapMethod, ProbeAnswer, SpaceMap } from '../wire.ts';

/** What the process that works with encoders is started with. */
export interface SpaceSetup {
  readonly places: Places;
  /** That of the sweeps, in which the untouched encoders' embeddings lie. */
  readonly cacheFolder: string;
  readonly precision: Precision;
}

export type Question =
  | { readonly kind: 'map'; readonly run: string; readonly method: MapMethod }
  | { readonly kind: 'probe'; readonly runs: readonly string[]; readonly text: string };

export type Answer = SpaceMap | ProbeAnswer;

export type ToSpace =
  | { readonly type: 'setup'; readonly setup: SpaceSetup }
  | { readonly type: 'question'; readonly id: number; readonly question: Question };

export type FromSpace =
  | { readonly type: 'answer'; readonly id: number; readonly answer: Answer }
  | { readonly type: 'problem'; readonly id: number; readonly message: string; readonly problems?: readonly Problem[] };
