import type { Cell } from './cells.ts';

/** How a cell ended, for those who watch. */
export interface CellEnd {
  /** 0 for a run that has its numbers, diverged ones included. */
  readonly exitCode: number;
  /** What the sweep prints of it. */
  readonly line: string;
  /** Where the journal is by now, if there is one. */
  readonly journal: string;
}

/** Is told what becomes of the cells of a sweep, as an experiment tracker needs it. Observers never decide anything. */
export interface SweepObserver {
  /** A cell that was finished before. */
  found(cell: Cell, journal: string): void;
  /** A cell is at work in the process `pid`, which will write the journal. */
  started(cell: Cell, journal: string, pid: number): void;
  /** What that process prints. */
  printed(cell: Cell, text: string): void;
  ended(cell: Cell, end: CellEnd): void;
}
