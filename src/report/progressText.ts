import type { SweepProgress } from '../sweep/progress.ts';
import { formatDuration } from './duration.ts';

/** `12 of 27 cells · 4 of them from before · 2 running · 1 failed` */
export function cellCounts({ total, reused, done, failed, running }: SweepProgress): string {
  return [
    `${reused + done} of ${total} ${total === 1 ? 'cell' : 'cells'}`,
    ...(reused > 0 ? [`${reused} of them from before`] : []),
    ...(running.length > 0 ? [`${running.length} running`] : []),
    ...(failed > 0 ? [`${failed} failed`] : []),
  ].join(' · ');
}

/** `1 min 05 s, about 2 min 10 s left` */
export function times({ elapsedSeconds, remainingSeconds }: SweepProgress): string {
  const elapsed = formatDuration(Math.round(elapsedSeconds));
  return remainingSeconds === undefined
    ? elapsed
    : `${elapsed}, about ${formatDuration(Math.round(remainingSeconds))} left`;
}

/** Share of the sweep that is done, 0–1: cells from before count at once, the rest by the time that it takes. */
export function shareDone({ total, reused, done, failed, elapsedSeconds, remainingSeconds }: SweepProgress): number {
  if (total === 0) return 1;
  if (remainingSeconds === undefined) return (reused + done + failed) / total;
  const duration = elapsedSeconds + remainingSeconds;
  const shareOfTime = duration === 0 ? 1 : elapsedSeconds / duration;
  return (reused + (total - reused) * shareOfTime) / total;
}
