import { basename } from 'node:path';
import { formatProblem, type Problem } from '../errors.ts';
import { labelOf } from '../sweep/labels.ts';
import type { BrokenExperiment, CellResult, ExperimentResults, RunSummary } from '../tracking/results.ts';
import { compare, type PointRow } from './comparison.ts';
import { formatDuration } from './duration.ts';
import { costMetric, formatDifference, formatMetric, formatSummary, gainMetric, metricTitle } from './metrics.ts';
import { isReadable } from './selection.ts';
import { showTime } from './showTime.ts';
import type { Colours } from './terminal.ts';
import { textTable } from './textTable.ts';

/** A cell in a list. */
export interface CellEntry {
  readonly id: string;
  /** Place on the axes and seed. */
  readonly label: string;
  /** How the run ended, or what else became of the cell. */
  readonly status: RunSummary['end']['status'] | 'failed' | 'missing' | 'broken';
  /** Why, unless it completed or is missing. */
  readonly reason?: string;
  /** ISO 8601. */
  readonly started?: string;
  readonly seconds?: number;
  readonly metrics: Readonly<Record<string, number>>;
}

/** An experiment in a list. */
export interface ExperimentEntry {
  readonly name: string;
  readonly folder: string;
  readonly file: string;
  readonly command: string;
  readonly engines: readonly string[];
  /** When its latest run started, ISO 8601. */
  readonly latest?: string;
  /** Cells by status. */
  readonly counts: Readonly<Record<string, number>>;
  /** The point that gained most macro F1. */
  readonly best?: { readonly label: string } & Pick<PointRow, 'metrics' | 'differences'>;
  readonly cells: readonly CellEntry[];
}

export interface BrokenEntry {
  readonly name: string;
  readonly folder: string;
  readonly problems: readonly Problem[];
}

/** What `runs list` tells of a results folder. */
export function listEntry(experiment: ExperimentResults | BrokenExperiment): ExperimentEntry | BrokenEntry {
  const { folder } = experiment;
  if (!isReadable(experiment)) return { name: basename(folder), folder, problems: experiment.problems };
  const { name, file, command, engine } = experiment.experiment;
  const cells = experiment.cells.map(cellEntry);
  const counts: Record<string, number> = {};
  for (const { status } of cells) counts[status] = (counts[status] ?? 0) + 1;
  const latest = cells
    .flatMap(({ started }) => started ?? [])
    .sort()
    .at(-1);
  const best = bestPoint(experiment);
  return {
    name,
    folder,
    file,
    command,
    engines: engine.map((info) => `${info.name} (${info.detail})`),
    ...(latest !== undefined && { latest }),
    counts,
    ...(best && { best }),
    cells,
  };
}

/** The list for a terminal. `brief`: without the cells. */
export function experimentList(
  entries: readonly (ExperimentEntry | BrokenEntry)[],
  { brief, colours }: { readonly brief: boolean; readonly colours: Colours },
): string {
  return entries
    .map((entry) => {
      if ('problems' in entry) {
        return [
          colours.bold(entry.name),
          ...entry.problems.map((problem) => `  ${colours.red('✗')} ${formatProblem(problem)}`),
        ];
      }
      return [
        `${colours.bold(entry.name)}  ${summaryLine(entry)}`,
        ...(entry.best ? [`  most gained: ${bestLine(entry.best)}`] : []),
        ...(brief ? [] : ['', indent(cellTable(entry.cells, colours))]),
      ];
    })
    .map((lines) => lines.join('\n'))
    .join('\n\n');
}

/** When a run started (ISO 8601) and how many seconds it took, if its journal says so. */
export function timesOf({ start, end }: RunSummary): { started?: string; seconds?: number } {
  const { at } = start.wall;
  const { seconds } = end.wall;
  return {
    ...(typeof at === 'string' && { started: at }),
    ...(typeof seconds === 'number' && { seconds }),
  };
}

function shortId(id: string): string {
  return id.slice(0, 8);
}

function cellEntry({ cell, outcome }: CellResult): CellEntry {
  const entry = { id: cell.id, label: labelOf(cell), metrics: {} };
  switch (outcome.state) {
    case 'finished': {
      const { status, reason, metrics } = outcome.run.end;
      return { ...entry, status, ...(reason !== undefined && { reason }), ...timesOf(outcome.run), metrics };
    }
    case 'failed':
      return { ...entry, status: 'failed', reason: outcome.message };
    case 'broken':
      return { ...entry, status: 'broken', reason: outcome.problems.map(formatProblem).join(' ') };
    case 'missing':
      return { ...entry, status: 'missing' };
  }
}

function bestPoint(results: ExperimentResults): ExperimentEntry['best'] {
  const gain = (point: PointRow) => point.differences[gainMetric]?.mean ?? Number.NEGATIVE_INFINITY;
  const [best] = compare(results).points.toSorted((a, b) => gain(b) - gain(a));
  if (!best || !Number.isFinite(gain(best))) return undefined;
  const { axes, metrics, differences } = best;
  return { label: labelOf({ kind: 'retrofit', axes, seed: null }), metrics, differences };
}

function summaryLine({ counts, latest, engines }: ExperimentEntry): string {
  const cells = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const byStatus = Object.entries(counts).map(([status, count]) => `${count} ${status}`);
  return [
    `${cells} ${cells === 1 ? 'cell' : 'cells'}: ${byStatus.join(', ')}`,
    ...(latest === undefined ? [] : [`${showTime(latest)} UTC`]),
    ...engines,
  ].join(' · ');
}

function bestLine({ label, metrics, differences }: NonNullable<ExperimentEntry['best']>): string {
  const [value, difference, cost] = [metrics[gainMetric], differences[gainMetric], metrics[costMetric]];
  const figures = [
    ...(value && difference
      ? [`${metricTitle(gainMetric)} ${formatSummary(gainMetric, value)} (${formatDifference(gainMetric, difference)})`]
      : []),
    ...(cost ? [`${metricTitle(costMetric)} ${formatSummary(costMetric, cost)}`] : []),
  ];
  return [label || 'the only point', ...figures].join(' · ');
}

const listedMetrics = [costMetric, 'knn.accuracy', gainMetric];

function cellTable(cells: readonly CellEntry[], colours: Colours): string {
  const titles = ['cell', 'place', 'status', ...listedMetrics.map(metricTitle), 'took', 'started (UTC)'];
  const isText = new Set(['cell', 'place', 'status', 'started (UTC)']);
  return textTable(
    titles.map((title) => ({ title, align: isText.has(title) ? 'left' : 'right' })),
    cells.map(({ id, label, status, metrics, seconds, started }) => [
      shortId(id),
      label || 'the only point',
      status === 'completed' ? status : colours.yellow(status),
      ...listedMetrics.map((metric) => {
        const value = metrics[metric];
        return value === undefined ? '–' : formatMetric(metric, value);
      }),
      seconds === undefined ? '' : formatDuration(seconds),
      showTime(started),
    ]),
    colours,
  );
}

function indent(text: string): string {
  return text.replace(/^(?=.)/gm, '  ');
}
