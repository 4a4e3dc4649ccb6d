import { charactersStage } from './characters.ts';
import { cleanStage } from './clean.ts';
import { contextStage } from './context.ts';
import { labelsStage } from './labels.ts';
import { rewriteStage } from './rewrite.ts';
import { utterancesStage } from './utterances.ts';

/** The six stages in their order. */
export const stages = [charactersStage, utterancesStage, labelsStage, contextStage, cleanStage, rewriteStage] as const;
