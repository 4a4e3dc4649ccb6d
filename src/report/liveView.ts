import { createLogUpdate } from 'log-update';
import type { JobProgress, SweepProgress, SweepView } from '../sweep/progress.ts';
import { formatMetric } from './metrics.ts';
import { cellCounts, shareDone, times } from './progressText.ts';
import { type Colours, coloursOf, type ReportStream, widthOf } from './terminal.ts';

const secondsBetweenFrames = 0.1;

/**
 * A sweep on a terminal: below the lines that stay, the overall state, and a line for each running job. It never takes
 * more than the terminal's width and height, so that nothing wraps or scrolls.
 */
export class LiveView implements SweepView {
  readonly #stream: ReportStream;
  readonly #colours: Colours;
  readonly #render: ReturnType<typeof createLogUpdate>;
  #frame = '';
  #drawnAt = Number.NEGATIVE_INFINITY;

  constructor(stream: NodeJS.WritableStream & ReportStream) {
    this.#stream = stream;
    this.#colours = coloursOf(stream);
    this.#render = createLogUpdate(stream);
  }

  /** Every message of every worker comes here; most of them need not be drawn. */
  update(progress: SweepProgress): void {
    if (progress.elapsedSeconds < this.#drawnAt + secondsBetweenFrames) return;
    this.#drawnAt = progress.elapsedSeconds;
    this.#frame = this.#draw(progress);
    this.#render(this.#frame);
  }

  line(text: string): void {
    this.#render.persist(text);
    if (this.#frame !== '') this.#render(this.#frame);
  }

  stop(): void {
    this.#frame = '';
    this.#render.clear();
    this.#render.done();
  }

  #draw(progress: SweepProgress): string {
    // The last column stays free: some terminals wrap when it is filled.
    const width = widthOf(this.#stream) - 1;
    const room = Math.max(1, (this.#stream.rows ?? 24) - 3);
    const jobs = progress.running.slice(0, progress.running.length > room ? room - 1 : room);
    const hidden = progress.running.length - jobs.length;
    const labelWidth = Math.max(0, ...jobs.map(({ label }) => label.length));
    return [
      this.#header(progress, width),
      ...jobs.map((job) => this.#job(job, labelWidth, width)),
      ...(hidden > 0 ? [`  … and ${hidden} more`] : []),
    ].join('\n');
  }

  #header(progress: SweepProgress, width: number): string {
    const text = `${cellCounts(progress)} · ${times(progress)}`;
    const barWidth = Math.min(24, width - text.length - 2);
    if (barWidth < 4) return cut(text, width);
    return `${this.#colours.cyan(bar(shareDone(progress), barWidth))}  ${text}`;
  }

  #job({ label, phase, done, total, terms }: JobProgress, labelWidth: number, width: number): string {
    const figures = Object.entries(terms).map(([name, value]) => `${name} ${formatMetric(name, value)}`);
    const share = total > 0 ? done / total : 0;
    const count = total > 1 ? `${done}/${total}` : '';
    const head = `  ${label.padEnd(labelWidth)}  ${phase.padEnd(11)} `;
    const tail = ` ${count.padStart(9)}  ${figures.join('  ')}`;
    const progress = bar(share, 12);
    if (head.length + progress.length + 10 > width) return cut(`  ${label}  ${phase} ${count}`, width);
    const visibleTail = cut(tail, width - head.length - progress.length);
    return `${head}${this.#colours.cyan(progress)}${this.#colours.dim(visibleTail)}`;
  }
}

function bar(share: number, width: number): string {
  const filled = Math.round(Math.min(1, Math.max(0, share)) * width);
  return '█'.repeat(filled) + '░'.repeat(width - filled);
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}
