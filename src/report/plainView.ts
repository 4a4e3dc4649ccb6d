import type { SweepProgress, SweepView } from '../sweep/progress.ts';
import { cellCounts, times } from './progressText.ts';
import type { ReportStream } from './terminal.ts';

const secondsBetweenLines = 10;

/** A sweep for logs and pipes: a line for each finished cell, and now and then one with the progress. */
export class PlainView implements SweepView {
  readonly #stream: ReportStream;
  #nextLineAt = secondsBetweenLines;
  #estimated = false;

  constructor(stream: ReportStream) {
    this.#stream = stream;
  }

  update(progress: SweepProgress): void {
    // The first estimate is worth a line at once.
    const firstEstimate = !this.#estimated && progress.remainingSeconds !== undefined;
    if (!firstEstimate && progress.elapsedSeconds < this.#nextLineAt) return;
    this.#estimated ||= firstEstimate;
    this.#nextLineAt = progress.elapsedSeconds + secondsBetweenLines;
    this.line(`  ${cellCounts(progress)} · ${times(progress)}`);
  }

  line(text: string): void {
    this.#stream.write(`${text}\n`);
  }

  stop(): void {}
}
