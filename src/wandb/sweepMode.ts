import { UserError } from '../errors.ts';
import type { WandbSettings } from './settings.ts';

/** @throws UserError WANDB_SWEEP_OFFLINE */
export function checkSweepMode({ mode, because }: WandbSettings): void {
  if (mode === 'online') return;
  throw new UserError({
    code: 'WANDB_SWEEP_OFFLINE',
    given: `--wandb-sweep with W&B ${mode} (${because})`,
    expected: 'W&B online, since its server names the sweep',
    remedy: 'Give it an API key and --wandb online, or leave the flag out: the runs are grouped by point all the same.',
  });
}
