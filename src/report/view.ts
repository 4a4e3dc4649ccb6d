import type { SweepView } from '../sweep/progress.ts';
import { LiveView } from './liveView.ts';
import { PlainView } from './plainView.ts';
import type { ReportStream } from './terminal.ts';

/** How a sweep is shown: redrawn in place on a terminal, line by line anywhere else. */
export function createView(
  stream: NodeJS.WritableStream & ReportStream,
  { isTerminal }: { readonly isTerminal: boolean },
): SweepView {
  // Some pseudo-terminals, such as those of containers, have no size: nothing can be drawn on them.
  const hasSize = Boolean(stream.columns && stream.rows);
  return isTerminal && hasSize ? new LiveView(stream) : new PlainView(stream);
}
