import { isCounted } from '../../report/overSeeds.ts';
import { experimentName, source, sweep } from './store.ts';

/** Runs of different settings that tell what is logged. */
const asked = 6;

/** Metrics that runs log on their way, e.g. `train/loss`. */
export async function loggedMetrics(): Promise<readonly string[]> {
  const points = sweep.value?.points.filter(({ kind }) => kind === 'retrofit') ?? [];
  const begun = points.flatMap(({ runs }) =>
    runs.filter(({ status }) => isCounted(status) || status === 'running').slice(0, 1),
  );
  const step = Math.max(1, Math.floor(begun.length / asked));
  const some = begun.filter((_, i) => i % step === 0).slice(0, asked);
  if (some.length === 0) return [];
  const { metrics } = await source.courses(
    experimentName.value,
    '',
    some.map(({ id }) => id),
  );
  return metrics;
}
