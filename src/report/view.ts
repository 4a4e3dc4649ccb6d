import type { SweepView } from '../sweep/progress.ts';
import { PlainView } from './plainView.ts';
import type { ReportStream } from './terminal.ts';

/** How a sweep is shown: redrawn in place on a terminal, line by line anywhere else. */
export async function createView(
  stream: NodeJS.WritableStream & ReportStream,
  { isTerminal }: { readonly isTerminal: boolean },
): Promise<SweepView> {
  // Some pseudo-terminals, such as those of containers, have no size: nothing can be drawn on them.
  const hasSize = Boolean(stream.columns && stream.rows);
  if (!isTerminal || !hasSize) return new PlainView(stream);
  const { LiveView } = await import('./liveView.ts');
  return new LiveView(stream);
}
