import { createLogUpdate } from 'log-update';
import { formatDuration } from '../report/duration.ts';
import { type ReportStream, widthOf } from '../report/terminal.ts';
import type { SynthesisProgress, SynthesisView } from './progress.ts';

const secondsBetweenFrames = 0.1;
const secondsBetweenLines = 10;

/** Shows a synthesis: one line redrawn in place on a terminal, now and then a line anywhere else. */
export function createSynthesisView(stream: NodeJS.WritableStream & ReportStream): SynthesisView {
  return stream.isTTY && stream.columns ? liveView(stream) : plainView(stream);
}

function liveView(stream: NodeJS.WritableStream & ReportStream): SynthesisView {
  const render = createLogUpdate(stream);
  let drawnAt = Number.NEGATIVE_INFINITY;
  return {
    update(progress) {
      if (progress.elapsedSeconds < drawnAt + secondsBetweenFrames) return;
      drawnAt = progress.elapsedSeconds;
      // The last column stays free: some terminals wrap when it is filled.
      render(progressText(progress).slice(0, widthOf(stream) - 1));
    },
    stop() {
      render.clear();
      render.done();
    },
  };
}

function plainView(stream: ReportStream): SynthesisView {
  let nextLineAt = secondsBetweenLines;
  return {
    update(progress) {
      if (progress.elapsedSeconds < nextLineAt) return;
      nextLineAt = progress.elapsedSeconds + secondsBetweenLines;
      stream.write(`  ${progressText(progress)}\n`);
    },
    stop: () => {},
  };
}

/** `round 2 of 11 · 345 of about 1,900 answers · 120 from before · 88 utterances · 1 min 05 s, about 4 min 00 s left` */
export function progressText(progress: SynthesisProgress): string {
  const { round, rounds, answers, expected, kept, accepted, retries, retryReason } = progress;
  const { elapsedSeconds, remainingSeconds } = progress;
  const left = remainingSeconds === undefined ? '' : `, about ${formatDuration(remainingSeconds)} left`;
  return [
    `round ${round} of ${rounds}`,
    `${shown(answers)} of about ${shown(expected)} answers`,
    ...(kept > 0 ? [`${shown(kept)} from before`] : []),
    `${shown(accepted)} utterances`,
    `${formatDuration(elapsedSeconds)}${left}`,
    ...(retries > 0 ? [`${shown(retries)} tried again (${retryReason})`] : []),
  ].join(' · ');
}

function shown(n: number): string {
  return n.toLocaleString('en');
}
