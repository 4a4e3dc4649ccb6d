import { computed } from '@preact/signals';
import { costMetric } from '../../../report/metrics.ts';
import { gainShown } from '../../../report/tradeOff.ts';
import type { Point, Run } from '../model/sweep.ts';
import { picked, sweep, visiblePoints } from '../store.ts';

/** A run whose encoder can be looked at. */
export interface EncoderRun {
  readonly run: Run;
  readonly label: string;
}

/** Finished runs with an encoder of their own, those of the setting that gained most first. */
export const encoderRuns = computed((): readonly EncoderRun[] => {
  const model = sweep.value;
  if (!model) return [];
  const metric = gainShown(model.head.columns);
  const gain = (point: Point) => model.gain(point, metric)?.mean ?? -(model.summary(point, costMetric)?.mean ?? 0);
  return visiblePoints.value
    .toSorted((a, b) => gain(b) - gain(a))
    .flatMap((point) => point.counted.map((run) => ({ run, label: `${point.label} · seed ${run.seed}` })));
});

/** One of each setting that is picked, and the runs that are; or else the one that gained most. */
export const chosenEncoders = computed((): readonly EncoderRun[] => {
  const model = sweep.value;
  const ids = picked.value.map((id) => (id.startsWith('p') ? model?.point(id.slice(1))?.counted[0]?.id : id));
  const chosen = ids.flatMap((id) => encoderRuns.value.find(({ run }) => run.id === id) ?? []);
  return chosen.length > 0 ? chosen : encoderRuns.value.slice(0, 1);
});
