import type { SweepView } from '../sweep/progress.ts';
import { LiveView } from './liveView.ts';
import { PlainView } from './plainView.ts';
import type { ReportStream } from './terminal.ts';

/** How a sweep is shown: redrawn in place on a terminal, line by line anywhere else. */
export function createView(
  stream: NodeJS.WritableStream & ReportStream,
  { isTerminal }: { readonly isTerminal: boolean },
): SweepView {
  return isTerminal ? new LiveView(stream) : new PlainView(stream);
}
