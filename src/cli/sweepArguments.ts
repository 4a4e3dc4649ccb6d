import type { EngineRequest } from '../engine/engine.ts';
import type { WandbMode } from '../wandb/settings.ts';

/** The command line of `yarn sweep`, as yargs gives it. */
export interface SweepArguments {
  readonly file: string;
  readonly set?: readonly (string | number)[] | undefined;
  readonly seeds?: string | undefined;
  readonly encoder?: string | undefined;
  readonly data?: string | undefined;
  readonly tasks?: string | undefined;
  readonly precision?: string | undefined;
  readonly engine: EngineRequest['engine'];
  readonly workers?: number | undefined;
  readonly out: string;
  readonly smoke: boolean;
  readonly dryRun: boolean;
  readonly fresh: boolean;
  readonly stopOnFailure: boolean;
  readonly wandb?: WandbMode | undefined;
  readonly wandbSweep: boolean;
  readonly agent?: string | undefined;
  readonly tensorboard: boolean;
  readonly json: boolean;
}
