import type { Run } from '../model/sweep.ts';

const marks = {
  completed: '●',
  stopped: '●',
  running: '◐',
  waiting: '○',
  interrupted: '◌',
  diverged: '✕',
  failed: '✕',
  broken: '✕',
} as const;

/** One sign for several runs: what needs attention first. */
export function statusMark(runs: readonly Run[]): string {
  const order = ['failed', 'broken', 'diverged', 'interrupted', 'running', 'waiting', 'stopped', 'completed'] as const;
  const worst = order.find((status) => runs.some((run) => run.status === status)) ?? 'waiting';
  return marks[worst];
}
