import pc from 'picocolors';

/** What a report needs to know of the stream it is written to; any Node stream will do. */
export interface ReportStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  /** Node's terminals look at TERM, NO_COLOR and FORCE_COLOR here. */
  hasColors?(): boolean;
}

export type Colours = Pick<typeof pc, 'bold' | 'dim' | 'green' | 'red' | 'yellow' | 'cyan'>;

/** Leaves text as it is. */
export const noColours: Colours = pc.createColors(false);

/** Colours for a terminal that wants them, none for files, pipes and NO_COLOR. */
export function coloursOf(stream: ReportStream): Colours {
  return stream.isTTY && stream.hasColors?.() ? pc.createColors(true) : noColours;
}

/** Columns that a report may fill: the terminal's, and 120 where there is none or it does not know. */
export function widthOf(stream: ReportStream): number {
  return stream.columns || 120;
}
