import { existsSync, realpathSync, statSync } from 'node:fs';
import { join, sep } from 'node:path';
import { formatProblem } from '../../errors.ts';
import { columnMetrics, unknownColumns } from '../../report/columns.ts';
import { axesOf, warningsOf } from '../../report/comparison.ts';
import { timesOf } from '../../report/experimentList.ts';
import { cellAtWork } from '../../sweep/cells.ts';
import { isLocked } from '../../sweep/lock.ts';
import {
  type CellOutcome,
  type CellResult,
  cellFolders,
  cellOutcome,
  type ExperimentCell,
  type ExperimentFile,
  failedFolder,
  finishedFolder,
  journalOf,
  readExperimentFile,
} from '../../tracking/results.ts';
import type { RunRow, RunTable, Sweep, SweepHead, SweepUpdate } from '../wire.ts';
import { CellAtWork } from './cellAtWork.ts';

interface KnownCell {
  readonly outcome: CellOutcome;
  /** Of the journal that it was read from. */
  readonly stamp: string;
}

/** An experiment's results folder, which changes while a sweep is at work. What has not changed is not read again. */
export class SweepFolder {
  readonly folder: string;
  #experiment: ExperimentFile | undefined;
  #planStamp = '';
  #foldersStamp = '';
  #isRunning = false;
  #toldRunning = false;
  readonly #known = new Map<string, KnownCell>();
  readonly #atWork = new Map<string, CellAtWork>();
  #finished: readonly string[] = [];
  /** Cells whose rows have changed since they were last told. */
  readonly #changed = new Set<string>();

  constructor(folder: string) {
    this.folder = folder;
  }

  /**
   * All of it.
   *
   * @throws UserError EXPERIMENT_FILE_MISSING, EXPERIMENT_FILE_MALFORMED, RESULTS_UNREADABLE
   */
  async read(): Promise<Sweep> {
    const experiment = await this.#refresh();
    return { head: this.#head(experiment), table: this.#table(experiment.cells) };
  }

  /**
   * What has changed since the last call; undefined if nothing has.
   *
   * @throws UserError as {@link read}
   */
  async changes(): Promise<SweepUpdate | undefined> {
    const experiment = await this.#refresh();
    if (this.#changed.size === 0 && this.#isRunning === this.#toldRunning) return undefined;
    this.#toldRunning = this.#isRunning;
    const table = this.#table(experiment.cells.filter(({ id }) => this.#changed.has(id)));
    this.#changed.clear();
    return { head: this.#head(experiment), table, cells: experiment.cells.map(({ id }) => id) };
  }

  /** Forgets what has changed: nobody has the state from before. */
  forgetChanges(): void {
    this.#changed.clear();
    this.#toldRunning = this.#isRunning;
  }

  /** The folder of a planned cell's finished run, or of its run at work; undefined if it has neither. */
  runFolder(cell: string): string | undefined {
    const atWork = this.#atWork.get(cell);
    if (atWork) return atWork.folder;
    return this.#known.get(cell)?.outcome.state === 'finished' ? finishedFolder(this.folder, cell) : undefined;
  }

  async #refresh(): Promise<ExperimentFile> {
    const planStamp = stampOf(join(this.folder, 'experiment.json'));
    const isNewPlan = planStamp !== this.#planStamp || this.#experiment === undefined;
    const experiment = isNewPlan ? readExperimentFile(this.folder) : (this.#experiment as ExperimentFile);
    this.#experiment = experiment;
    this.#planStamp = planStamp;
    const isRunning = await isLocked(this.folder);
    const foldersStamp = ['cells', 'failed'].map((name) => stampOf(join(this.folder, name))).join();
    if (isNewPlan || foldersStamp !== this.#foldersStamp || isRunning !== this.#isRunning) {
      this.#foldersStamp = foldersStamp;
      this.#isRunning = isRunning;
      this.#readCells(experiment);
      if (isNewPlan) for (const { id } of experiment.cells) this.#changed.add(id);
    }
    for (const [id, cell] of this.#atWork) if (cell.follow()) this.#changed.add(id);
    return experiment;
  }

  #readCells({ cells }: ExperimentFile): void {
    const names = cellFolders(this.folder);
    this.#finished = names.filter((name) => !name.startsWith('.'));
    const atWork = new Map(names.map((name) => [cellAtWork(name), join(this.folder, 'cells', name)]));
    for (const { id } of cells) {
      const stamp = stampOf(journalOf(finishedFolder(this.folder, id))) + stampOf(failedFolder(this.folder, id));
      if (this.#known.get(id)?.stamp !== stamp) {
        this.#known.set(id, { outcome: this.#outcomeOf(id), stamp });
        this.#changed.add(id);
      }
      const folder = atWork.get(id);
      const before = this.#atWork.get(id);
      if (before?.folder === folder && (!before || before.isRunning === this.#isRunning)) continue;
      before?.close();
      if (folder === undefined) this.#atWork.delete(id);
      else this.#atWork.set(id, new CellAtWork(folder, this.#isRunning));
      this.#changed.add(id);
    }
  }

  /** Results may come from elsewhere: what they link to outside of their folder is not read. */
  #outcomeOf(id: string): CellOutcome {
    const root = realpathSync(this.folder);
    const places = [journalOf(finishedFolder(this.folder, id)), join(failedFolder(this.folder, id), 'error.txt')];
    const outside = places.find((path) => existsSync(path) && !realpathSync(path).startsWith(join(root, sep)));
    if (outside === undefined) return cellOutcome(this.folder, id);
    return {
      state: 'broken',
      problems: [
        {
          code: 'OUTSIDE_RESULTS',
          given: `${outside}, a link to elsewhere`,
          expected: `files in ${this.folder}`,
          remedy: 'Put the files there in the place of the link.',
        },
      ],
    };
  }

  #head(experiment: ExperimentFile): SweepHead {
    const planned = new Set(experiment.cells.map(({ id }) => id));
    const cells = experiment.cells.map((cell): CellResult => ({ cell, outcome: this.#outcome(cell) }));
    const { name, command, engine, seeds, columns } = experiment;
    const measured = new Set(
      cells.flatMap(({ outcome }) => (outcome.state === 'finished' ? Object.keys(outcome.run.end.metrics) : [])),
    );
    return {
      name,
      command,
      engines: engine.map((info) => `${info.name} (${info.detail}), ${info.precision}`),
      axes: axesOf(experiment),
      seeds,
      columns: columnMetrics(columns, [...measured]),
      warnings: [
        ...warningsOf({
          folder: this.folder,
          experiment,
          // What a sweep at work has not come to yet is not missing.
          cells: this.#isRunning ? cells.filter(({ outcome }) => outcome.state !== 'missing') : cells,
          unplanned: this.#finished.filter((id) => !planned.has(id)),
        }),
        ...unknownColumns(columns, [...measured]),
      ],
      isRunning: this.#isRunning,
    };
  }

  #outcome({ id }: ExperimentCell): CellOutcome {
    return this.#known.get(id)?.outcome ?? { state: 'missing' };
  }

  #table(cells: readonly ExperimentCell[]): RunTable {
    const places = new Map<string, number>();
    const measured = cells.map((cell) => {
      const outcome = this.#outcome(cell);
      const metrics = outcome.state === 'finished' && !this.#atWork.has(cell.id) ? outcome.run.end.metrics : {};
      for (const metric of Object.keys(metrics)) if (!places.has(metric)) places.set(metric, places.size);
      return { cell, outcome, metrics };
    });
    const names = [...places.keys()];
    return {
      metrics: names,
      runs: measured.map(({ cell, outcome, metrics }) => ({
        ...cell,
        ...this.#state(cell, outcome),
        values: (Object.keys(metrics).length > 0 ? names.map((name) => metrics[name] ?? null) : []) as RunRow['values'],
      })),
    };
  }

  #state({ id }: ExperimentCell, outcome: CellOutcome): Omit<RunRow, keyof ExperimentCell | 'values'> {
    const atWork = this.#atWork.get(id);
    if (atWork) return atWork.state;
    switch (outcome.state) {
      case 'finished': {
        const { status, reason } = outcome.run.end;
        return { status, ...(reason !== undefined && { reason }), ...timesOf(outcome.run) };
      }
      case 'failed':
        return { status: 'failed', reason: outcome.message };
      case 'broken':
        return { status: 'broken', reason: outcome.problems.map(formatProblem).join(' ') };
      case 'missing':
        return { status: 'waiting' };
    }
  }
}

/** Changes whenever a file or folder is written or replaced; empty if it is not there. */
function stampOf(path: string): string {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats ? `${stats.ino} ${stats.mtimeMs} ${stats.size};` : '';
}
