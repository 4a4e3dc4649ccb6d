import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { didYouMean } from '../didYouMean.ts';
import { UserError } from '../errors.ts';
import { labelOf, shortNames, showValue } from '../sweep/labels.ts';
import {
  type BrokenExperiment,
  type CellResult,
  type ExperimentResults,
  listExperiments,
  readExperiment,
  readRunSummary,
} from '../tracking/results.ts';
import { pointsOf } from './comparison.ts';

/** A cell and the experiment that it belongs to. */
export interface SelectedCell {
  readonly results: ExperimentResults;
  readonly result: CellResult;
}

/** A grid point, as the cells of its seeds. */
export interface SelectedPoint {
  readonly results: ExperimentResults;
  readonly point: readonly CellResult[];
}

export type Selection =
  | { readonly kind: 'experiment'; readonly results: ExperimentResults }
  | ({ readonly kind: 'cell' } & SelectedCell);

/**
 * What a person names: an experiment or a cell's id, as far as it takes to tell it apart; `experiment/cell`; or the
 * folder of either.
 *
 * @throws UserError RUN_NOT_FOUND, RUN_AMBIGUOUS, or what is wrong with the experiment of that name
 */
export function select(resultsFolder: string, given: string): Selection {
  const path = given.replace(/\/+$/, '');
  if (existsSync(join(path, 'experiment.json'))) return { kind: 'experiment', results: readExperiment(path) };
  const ofCell = basename(dirname(path)) === 'cells' ? dirname(dirname(path)) : undefined;
  const name = ofCell === undefined ? path : `${basename(ofCell)}/${basename(path)}`;
  const candidates = listExperiments(ofCell ?? resultsFolder).flatMap(candidatesOf);
  const exact = candidates.filter((candidate) => candidate.name === name || candidate.fullName === name);
  const found =
    exact.length > 0
      ? exact
      : candidates.filter((candidate) => (name.includes('/') ? candidate.fullName : candidate.name).startsWith(name));
  const [match, ...others] = found;
  if (match && others.length === 0) return match.open();
  if (match) {
    const names = found.map(({ fullName }) => fullName);
    throw ambiguous('RUN_AMBIGUOUS', given, names, 'Write more of it, or experiment/cell.');
  }
  const known = candidates.map((candidate) => candidate.name);
  throw new UserError({
    code: 'RUN_NOT_FOUND',
    given,
    expected: `an experiment or a cell in ${resultsFolder}`,
    remedy: `See them with: yarn runs list ${resultsFolder}.${didYouMean(name, known)}`,
  });
}

interface Candidate {
  readonly name: string;
  /** `experiment`, or `experiment/cell`. */
  readonly fullName: string;
  open(): Selection;
}

function candidatesOf(experiment: ExperimentResults | BrokenExperiment): Candidate[] {
  const name = basename(experiment.folder);
  const ids = isReadable(experiment) ? [...experiment.cells.map(({ cell }) => cell.id), ...experiment.unplanned] : [];
  return [
    { name, fullName: name, open: () => ({ kind: 'experiment', results: requireReadable(experiment) }) },
    ...ids.map((id) => ({
      name: id,
      fullName: `${name}/${id}`,
      open: () => openCell(requireReadable(experiment), id),
    })),
  ];
}

function openCell(results: ExperimentResults, id: string): Selection {
  const planned = results.cells.find(({ cell }) => cell.id === id);
  if (planned) return { kind: 'cell', results, result: planned };
  const run = readRunSummary(join(results.folder, 'cells', id));
  const { kind, axes, seed } = run.start;
  const cell = { id, kind, axes, seed, original: null };
  return { kind: 'cell', results, result: { cell, outcome: { state: 'finished', run } } };
}

/**
 * The grid point that `temperature=0.1,weight=1` names, with axes by any ending that tells them apart. Axes that leave
 * only one point may be left out.
 *
 * @param experiment name or folder of its experiment; may be left out where only one has such a point
 * @throws UserError POINT_NOT_FOUND, POINT_AMBIGUOUS
 */
export function selectPoint(resultsFolder: string, given: string, experiment?: string): SelectedPoint {
  const wanted = given.split(/,(?=[\w.]+=)/).map((part) => {
    const at = part.indexOf('=');
    return { axis: part.slice(0, at).trim(), value: part.slice(at + 1).trim() };
  });
  const experiments = readableExperiments(resultsFolder, experiment);
  const found = experiments.flatMap((results) =>
    pointsOf(results)
      .filter(([first]) => first !== undefined && wanted.every(({ axis, value }) => isAt(first, axis, value)))
      .map((point) => ({ results, point })),
  );
  const [match, ...others] = found;
  if (match && others.length === 0) return match;
  if (match) {
    const places = found.map(({ results, point }) => `${results.experiment.name}: ${pointName(point)}`);
    throw ambiguous('POINT_AMBIGUOUS', given, places, 'Name further axes, or the experiment with --experiment.');
  }
  const axes = new Set(
    experiments.flatMap((results) => results.experiment.points.flatMap((point) => Object.keys(point.axes))),
  );
  const names = [...shortNames([...axes]).values()];
  throw new UserError({
    code: 'POINT_NOT_FOUND',
    given,
    expected: `a point on the axes ${names.join(', ') || '(there are none)'}`,
    remedy: `See them with: yarn runs show <experiment>.${wanted.map(({ axis }) => (names.includes(axis) ? '' : didYouMean(axis, names))).join('')}`,
  });
}

/** `temperature 0.1 · weight 1` */
export function pointName(point: readonly CellResult[]): string {
  const [first] = point;
  return first ? labelOf({ ...first.cell, seed: null }) : '';
}

/**
 * All experiments of a results folder that can be read, or the one of that name or folder.
 *
 * @throws UserError EXPERIMENT_NOT_FOUND, or what `select` says of the name
 */
export function readableExperiments(resultsFolder: string, name?: string): ExperimentResults[] {
  return name === undefined
    ? listExperiments(resultsFolder).filter(isReadable)
    : [selectExperiment(resultsFolder, name)];
}

/**
 * The experiment of a name or folder.
 *
 * @throws UserError EXPERIMENT_NOT_FOUND, or what `select` says of the name
 */
export function selectExperiment(resultsFolder: string, name: string): ExperimentResults {
  const selection = select(resultsFolder, name);
  if (selection.kind === 'experiment') return selection.results;
  throw new UserError({
    code: 'EXPERIMENT_NOT_FOUND',
    given: `${name}, a cell`,
    expected: `an experiment in ${resultsFolder}`,
    remedy: `See them with: yarn runs list ${resultsFolder}.`,
  });
}

function isAt({ cell: { axes } }: CellResult, axis: string, value: string): boolean {
  const paths = Object.keys(axes).filter((path) => path === axis || path.endsWith(`.${axis}`));
  const [path] = paths;
  if (path === undefined || paths.length > 1) return false;
  const there = axes[path];
  return showValue(there) === value || (typeof there === 'number' && value !== '' && Number(value) === there);
}

export function isReadable(experiment: ExperimentResults | BrokenExperiment): experiment is ExperimentResults {
  return 'cells' in experiment;
}

function requireReadable(experiment: ExperimentResults | BrokenExperiment): ExperimentResults {
  if (isReadable(experiment)) return experiment;
  throw new UserError(experiment.problems);
}

function ambiguous(code: string, given: string, found: readonly string[], remedy: string): UserError {
  const shown = found.slice(0, 5).join('; ');
  return new UserError({
    code,
    given,
    expected: `one of ${found.length > 5 ? `${shown}; and ${found.length - 5} more` : shown}`,
    remedy,
  });
}
