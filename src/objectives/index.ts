import { binaryCrossEntropy } from './binaryCrossEntropy.ts';
import { intensity, valence } from './circumplex.ts';
import { contradiction } from './contradiction.ts';
import { crossEntropy } from './crossEntropy.ts';
import { supCon } from './supCon.ts';
import { vectorSpacePreservation } from './vectorSpacePreservation.ts';

/** Every objective by the name that an experiment gives its term. A new one is its file and a line here. */
export const objectives = {
  supCon,
  vectorSpacePreservation,
  crossEntropy,
  binaryCrossEntropy,
  valence,
  intensity,
  contradiction,
} as const;
