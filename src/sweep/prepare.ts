import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { availableParallelism, freemem } from 'node:os';
import { join } from 'node:path';
import { createSampler } from '../../samplers/index.ts';
import { type Corpus, sources } from '../data/corpus.ts';
import { type EngineInfo, type EngineName, fastestPrecision } from '../engine/engine.ts';
import { type Problem, throwIfAny, UserError } from '../errors.ts';
import { weightedSum } from '../objectives/weightedSum.ts';
import { cacheOf } from '../tracking/results.ts';
import { checkTensorBoard } from '../tracking/tensorBoard.ts';
import { validates } from '../training/options.ts';
import { Cache } from './cache.ts';
import { type Cell, originalCell, retrofitCell } from './cells.ts';
import type { SweepEnvironment } from './environment.ts';
import { type Expectation, expectationOf } from './expectation.ts';
import type { Experiment, Settings } from './experiment.ts';
import { Materials, type Places, taskSettings } from './materials.ts';
import { workersThatFit } from './memory.ts';
import { type GridPoint, type Plan, type PlanOverrides, planExperiment } from './plan.ts';
import type { WorkerSetup } from './protocol.ts';
import { classProblems, settingProblems } from './settingProblems.ts';
import { smokePlan } from './smoke.ts';
import { WorkerPool } from './workerPool.ts';
import type { WorkerProcess } from './workerProcess.ts';
import { type Workload, workloadOf } from './workload.ts';

export interface SweepRequest {
  readonly experiment: Experiment;
  readonly overrides: PlanOverrides;
  readonly engine: EngineName | 'auto';
  /**
   * Worker processes; default: one a core, but never more than there are cells, and one on a GPU. Where that is measured
   * to be clearly faster, one with all cores' threads.
   */
  readonly workers?: number;
  /** The results folder. */
  readonly out: string;
  readonly places: Places;
  /** Shrinks the experiment to seconds: few texts, steps, points and one seed. */
  readonly smoke: boolean;
  /** Writes event files for TensorBoard, of the cells that are computed; their ids and numbers stay the same. */
  readonly tensorBoard: boolean;
  /** A process that waits for its set-up, as the first worker. */
  readonly worker?: WorkerProcess;
  /** For the journals. */
  readonly environment: SweepEnvironment;
}

/** A cell and what it needs before and beside it. */
export interface PlannedCell {
  readonly cell: Cell;
  /** Id of the original encoder's cell that it is compared with; null for an original. */
  readonly original: string | null;
  readonly workload: Workload;
  readonly expectation: Expectation;
}

/** The cells of one precision, which share worker processes. */
export interface CellGroup {
  readonly pool: WorkerPool;
  /** Whether the user has chosen their number. */
  readonly workersAreGiven: boolean;
  readonly engine: EngineInfo;
  /** Originals first. */
  readonly cells: readonly PlannedCell[];
}

export interface PreparedSweep {
  readonly plan: Plan;
  /** The experiment's folder. */
  readonly folder: string;
  readonly materials: Materials;
  readonly cache: Cache;
  readonly groups: readonly CellGroup[];
  /** What the data reports of itself, a line each. */
  readonly notes: readonly string[];
}

/**
 * Everything before the first computation: the plan, the data, the encoders, one started worker for each precision,
 * and the cells with their ids. All mistakes that can be found without computing are found here, together.
 *
 * @throws UserError with every problem of the plan, or else of data, encoders and samplers
 */
export async function prepareSweep(
  request: SweepRequest,
  onDownload?: (name: string, done: number, total: number) => void,
): Promise<PreparedSweep> {
  const autoPrecision = fastestPrecision(request.engine);
  const full = planExperiment(request.experiment, { autoPrecision, ...request.overrides });
  const plan = request.smoke ? smokePlan(full) : full;
  const folder = join(request.out, plan.name);
  const cacheFolder = cacheOf(request.out);
  const cache = new Cache(cacheFolder);
  const materials = new Materials(request.places, cache);
  const setup = (precision: GridPoint['settings']['precision'], threads: number): WorkerSetup => ({
    engine: { engine: request.engine, precision, threads },
    places: request.places,
    folder,
    cacheFolder,
    experiment: plan.name,
    tensorBoard: request.tensorBoard,
    environment: request.environment,
  });
  const isNew = !existsSync(folder);
  const started = [...new Set(plan.points.map((point) => point.settings.precision))].map((precision, i) => {
    const points = plan.points.filter((point) => point.settings.precision === precision);
    const workers = request.workers ?? Math.min(availableParallelism(), points.length * plan.seeds.length);
    const threads = Math.max(1, Math.floor(availableParallelism() / workers));
    return { points, pool: new WorkerPool(setup(precision, threads), workers, i === 0 ? request.worker : undefined) };
  });
  const groups: CellGroup[] = [];
  const notes: string[] = [];
  let checked: Checked;
  try {
    // An engine takes its time to start; what is checked meanwhile comes first all the same.
    const free = freemem();
    const engines = started.map(({ pool }) => pool.start());
    for (const engine of engines) engine.catch(() => {});
    checked = await check(plan, materials, onDownload);
    for (const [i, { points, pool }] of started.entries()) {
      const engine = (await engines[i]) as EngineInfo;
      if (request.tensorBoard) checkTensorBoard(engine.name);
      const given = request.workers !== undefined;
      if (!given && engine.device === 'cuda') await pool.resize(1);
      notes.push(...(await fitIntoMemory(pool, points, checked.known, { given, free })));
      const cells = await cellsOf(points, plan.seeds, engine, materials, checked.known);
      groups.push({ pool, workersAreGiven: request.workers !== undefined, engine, cells });
    }
  } catch (error) {
    await Promise.all(started.map(({ pool }) => pool.stop()));
    // A command that is refused leaves nothing behind, not even the workers' logs; where that cannot be removed, what was
    // refused matters more.
    if (isNew) await rm(folder, { recursive: true, force: true }).catch(() => {});
    throw error;
  }
  return {
    plan,
    folder,
    materials,
    cache,
    groups,
    notes: [...notes, ...checked.notes, ...repeatedNotes(plan, groups)],
  };
}

/** Axes that change no number, two names of the same folder for one, give the same cells. */
function repeatedNotes({ points, seeds }: Plan, groups: readonly CellGroup[]): string[] {
  const planned = points.length * seeds.length;
  const cells = groups.flatMap((group) => group.cells).filter(({ original }) => original !== null).length;
  return cells < planned
    ? [`${planned - cells} of ${planned} cells repeat another one (their settings mean the same) and run once`]
    : [];
}

/** What is known of a point before anything runs. */
interface Known {
  readonly batchesPerEpoch: number;
  readonly expectation: Expectation;
}

interface Checked {
  readonly notes: readonly string[];
  readonly known: ReadonlyMap<GridPoint, Known>;
}

/** No more workers than fit into memory, unless the user has said how many. Gives what there is to say of it. */
async function fitIntoMemory(
  pool: WorkerPool,
  points: readonly GridPoint[],
  known: ReadonlyMap<GridPoint, Known>,
  { given, free }: { readonly given: boolean; readonly free: number },
): Promise<string[]> {
  const { size } = pool;
  const bytes = Math.max(...points.map((point) => known.get(point)?.expectation.workerBytes ?? 0));
  const fit = workersThatFit(size, bytes, free);
  if (fit === size) return [];
  const each = `${(bytes / 1e9).toFixed(1)} GB each`;
  if (given) return [`! ${size} workers of about ${each} may not fit into memory`];
  await pool.resize(fit);
  return [`${fit} of ${size} workers, of about ${each}: the free memory is not enough for more`];
}

async function check(
  plan: Plan,
  materials: Materials,
  onDownload?: (name: string, done: number, total: number) => void,
): Promise<Checked> {
  const problems = new Map<string, Problem>();
  const notes = new Set<string>();
  const known = new Map<GridPoint, Known>();
  const collect = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      for (const problem of error.problems) problems.set(`${problem.code} ${problem.given}`, problem);
      return undefined;
    }
  };
  for (const point of plan.points) {
    const { settings } = point;
    const config = await collect(async () => {
      const { encoder, maxLength } = settings;
      const { config } = await materials.encoder(encoder, (done, total) => onDownload?.(encoder, done, total));
      const { layers } = settings.training.freeze;
      throwIfAny([
        ...(maxLength > config.maxLength ? [tooLong(encoder, maxLength, config.maxLength)] : []),
        ...(layers >= config.layers ? [allFrozen(encoder, layers, config.layers)] : []),
        ...(settings.segments === 'two' && config.tokenTypes === 0 ? [withoutTokenTypes(encoder)] : []),
      ]);
      return config;
    });
    for (const problem of settingProblems(settings)) problems.set(`${problem.code} ${problem.given}`, problem);
    const tasks = new Map<string, string>();
    const corpora: Corpus[] = [];
    for (const task of taskSettings(settings)) {
      const corpus = await collect(() => singleLabel(materials.corpus(task)));
      if (corpus) corpora.push(corpus);
      for (const note of corpus?.notes ?? []) notes.add(`${corpus?.name}: ${note}`);
      const other = corpus && tasks.get(corpus.name);
      if (other !== undefined) await collect(() => Promise.reject(sameName(other, task.data.source)));
      if (corpus) tasks.set(corpus.name, task.data.source);
    }
    const loading = () => materials.corpus(settings);
    const corpus = await collect(() => (learnsSeveral(settings) ? loading() : singleLabel(loading())));
    for (const note of corpus?.notes ?? []) notes.add(`${corpus?.name}: ${note}`);
    if (corpus) {
      for (const problem of classProblems(settings, corpus)) problems.set(`${problem.code} ${problem.given}`, problem);
      await collect(async () => {
        if (corpus.validation.texts.length === 0) requireNoValidation(settings, corpus);
        const sampler = createSampler(settings.sampler, corpus.train.labels, 0, corpus.labelNames);
        if (!config) return;
        const expectation = expectationOf(config, settings, [corpus, ...corpora]);
        known.set(point, { batchesPerEpoch: sampler.batchesPerEpoch, expectation });
      });
    }
  }
  throwIfAny([...problems.values()]);
  return { notes: [...notes], known };
}

async function singleLabel(loading: Promise<Corpus>): Promise<Corpus> {
  const corpus = await loading;
  if (corpus.labelling === 'single') return corpus;
  const named = corpus.name.replace(/-(multi|soft)(?=[-+]|$)/, '');
  throw new UserError({
    code: 'DATA_NOT_SINGLE_LABEL',
    given: `${corpus.name}, whose texts have several classes`,
    expected: 'a corpus with one class a text, by which texts belong together or apart',
    remedy: !Object.hasOwn(sources, named.replace(/\+.*$/, ''))
      ? 'Use --set data.own.labelling=single, or --set \'objective={"binaryCrossEntropy":{}}\'.'
      : `Use ${named}.`,
  });
}

/** Whether an objective learns from all classes of a text. */
function learnsSeveral({ objective }: Settings): boolean {
  return !weightedSum(objective).needs.has('labels');
}

function tooLong(encoder: string, maxLength: number, longest: number): Problem {
  return {
    code: 'MAX_LENGTH_TOO_LONG',
    given: `maxLength ${maxLength} with encoder ${encoder}`,
    expected: `at most ${longest}, the positions that the encoder has`,
    remedy: `Use --set maxLength=${longest} or less.`,
  };
}

function sameName(one: string, other: string): UserError {
  return new UserError({
    code: 'DOWNSTREAM_SAME_NAME',
    given: `the downstream tasks ${one} and ${other}`,
    expected: 'folders of different names, by which their metrics are told apart',
    remedy: 'Rename one of the folders.',
  });
}

/** @throws UserError DATA_NO_VALIDATION, THRESHOLD_WITHOUT_VALIDATION */
function requireNoValidation({ training, evaluation, objective }: Settings, { name, labelling }: Corpus): void {
  const classifies = weightedSum(objective).needs.has('logits');
  throwIfAny([
    ...(validates(training)
      ? [
          {
            code: 'DATA_NO_VALIDATION',
            given: `training.validateEvery or checkpoint best on ${name}, which has no validation texts`,
            expected: 'a corpus with a validation split',
            remedy: 'Use --set training.validateEvery=0 --set training.checkpoint=last, or another corpus.',
          },
        ]
      : []),
    ...(classifies && labelling !== 'single' && typeof evaluation.classifier.threshold === 'string'
      ? [
          {
            code: 'THRESHOLD_WITHOUT_VALIDATION',
            given: `evaluation.classifier.threshold ${evaluation.classifier.threshold} on ${name}, which has no validation texts`,
            expected: 'a corpus with a validation split, on which thresholds are chosen',
            remedy: 'Use --set evaluation.classifier.threshold=0.5, or another corpus.',
          },
        ]
      : []),
  ]);
}

function withoutTokenTypes(encoder: string): Problem {
  return {
    code: 'ENCODER_WITHOUT_TOKEN_TYPES',
    given: `segments two with encoder ${encoder}, which has no token types`,
    expected: 'an encoder with a table of token types, as BERT and RoBERTa have',
    remedy: 'Use --set segments=own: it tells segments apart by the token between them.',
  };
}

function allFrozen(encoder: string, frozen: number, layers: number): Problem {
  return {
    code: 'FREEZE_ALL_LAYERS',
    given: `training.freeze.layers ${frozen} with encoder ${encoder}`,
    expected: `less than ${layers}, the layers that the encoder has`,
    remedy: `Use --set training.freeze.layers=${layers - 1} or less.`,
  };
}

async function cellsOf(
  points: readonly GridPoint[],
  seeds: readonly number[],
  engine: EngineInfo,
  materials: Materials,
  known: ReadonlyMap<GridPoint, Known>,
): Promise<PlannedCell[]> {
  const originals = new Map<string, PlannedCell>();
  const cells = new Map<string, PlannedCell>();
  for (const point of points) {
    const corpus = await materials.corpus(point.settings);
    const encoder = await materials.encoder(point.settings.encoder);
    const tasks = await Promise.all(taskSettings(point.settings).map((settings) => materials.corpus(settings)));
    const contents = {
      dataHash: corpus.hash,
      taskHashes: tasks.map(({ hash }) => hash),
      encoderHash: encoder.hash,
      engine: arithmeticOf(engine),
    };
    const { batchesPerEpoch, expectation } = known.get(point) as Known;
    const plan = (cell: Cell, original: string | null): PlannedCell => ({
      cell,
      original,
      workload: workloadOf(cell, corpus, batchesPerEpoch, tasks),
      expectation,
    });
    const original = originalCell(point, contents);
    originals.set(original.id, plan(original, null));
    for (const seed of seeds) {
      const cell = retrofitCell(point, seed, contents);
      cells.set(cell.id, plan(cell, original.id));
    }
  }
  return [...originals.values(), ...cells.values()];
}

/** Numbers of the native engine differ with fused ops and without, in their last digits and in dropout's masks. */
function arithmeticOf({ name, device, unfused }: EngineInfo): string {
  return name === 'tensorflow' && device === 'cpu' && !unfused ? `${name} with fused ops` : name;
}
