import { basename } from 'node:path';
import type { Cell } from '../sweep/cells.ts';
import { labelOf } from '../sweep/labels.ts';
import type { WandbSettings } from './settings.ts';

/** What W&B shows a run as. */
export interface RunIdentity {
  readonly runId: string;
  readonly entity?: string;
  readonly project: string;
  readonly group: string;
  /** The place on the axes, by which seeds belong together. */
  readonly point: string;
  readonly jobType: string;
  readonly name: string;
  readonly notes?: string;
  readonly tags: readonly string[];
  readonly sweepId?: string;
}

/** What the runs of a sweep have in common. */
export interface SweepIdentity {
  readonly settings: WandbSettings;
  readonly experiment: string;
  /** The sweep on the server that the runs belong to. */
  readonly sweepId?: string;
  /** What the run is called on the server, where `wandb agent` has said so. */
  readonly runId?: string;
}

/** A cell as W&B needs it. */
export interface TrackedCell {
  readonly id: string;
  readonly kind: 'original' | 'retrofit';
  /** e.g. `temperature 0.1 · weight 10 · seed 2` */
  readonly label: string;
  /** The same without the seed; empty without axes. */
  readonly point: string;
  readonly encoder: string;
  readonly data: string;
}

/** A cell as W&B needs it. */
export function trackedCell(
  { id, kind, axes, seed }: Pick<Cell, 'id' | 'kind' | 'axes' | 'seed'>,
  contents: Pick<TrackedCell, 'encoder' | 'data'>,
): TrackedCell {
  const label = labelOf({ kind, axes, seed });
  return { id, kind, label, point: labelOf({ kind, axes, seed: null }), ...contents };
}

/** What W&B takes of a name and of a tag. */
const [longestName, longestTag] = [128, 64];

/** A cell as a run; the seeds of a point are a group, unless the user has named one. */
export function cellIdentity(
  sweep: SweepIdentity,
  { id, kind, label, point, encoder, data }: TrackedCell,
): RunIdentity {
  const { experiment, sweepId, runId } = sweep;
  const isRetrofit = kind === 'retrofit';
  return {
    ...common(sweep, label || experiment, point, [basename(data), basename(encoder)]),
    runId: (isRetrofit && runId) || runIdOf(experiment, id),
    jobType: kind,
    ...(isRetrofit && sweepId !== undefined && { sweepId }),
  };
}

/** The run that holds what is about a whole sweep. */
export function comparisonIdentity(sweep: SweepIdentity): RunIdentity {
  const { experiment } = sweep;
  return {
    ...common(sweep, `${experiment}: comparison`, 'comparison', []),
    runId: runIdOf(experiment, 'comparison'),
    jobType: 'comparison',
  };
}

function common(
  { settings, experiment }: SweepIdentity,
  name: string,
  point: string,
  tags: readonly string[],
): Omit<RunIdentity, 'runId' | 'jobType'> {
  const allTags = [experiment, ...tags, ...settings.tags].map((tag) => cut(tag, longestTag));
  return {
    ...(settings.entity !== undefined && { entity: settings.entity }),
    project: settings.project,
    group: cut(settings.group ?? [experiment, point].filter(Boolean).join(' · '), longestName),
    point,
    name: cut(settings.name === undefined ? name : `${settings.name} · ${name}`, longestName),
    ...(settings.notes !== undefined && { notes: settings.notes }),
    tags: [...new Set(allTags)],
  };
}

/** No half of a character is left at the end, which would make a log unreadable. */
function cut(text: string, longest: number): string {
  return text.slice(0, longest).replace(/[\ud800-\udbff]$/, '');
}

/** Letters, digits, `-`, `.` and `_`, at most 128. */
function runIdOf(experiment: string, part: string): string {
  return `${experiment.slice(0, longestName - 1 - part.length)}-${part}`;
}
