import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import * as tf from '@tensorflow/tfjs-core';
import { createSampler } from '../../samplers/index.ts';
import type { Coverage } from '../../samplers/sampler.ts';
import type { Corpus } from '../data/corpus.ts';
import { targetsOf } from '../data/targets.ts';
import { embedLayers, embedTexts } from '../encoders/embed.ts';
import type { Encoder } from '../encoders/encoder.ts';
import { withLora } from '../encoders/lora.ts';
import type { Pooling } from '../encoders/pooling.ts';
import type { EngineInfo } from '../engine/engine.ts';
import type { DownstreamTask } from '../evaluation/downstream.ts';
import { driftByText } from '../evaluation/driftByText.ts';
import type { OnPredicted } from '../evaluation/evaluator.ts';
import { type FineTuningCorpora, fineTuneOnTasks } from '../evaluation/fineTuning.ts';
import { evaluate } from '../evaluation/index.ts';
import { layerDrift } from '../evaluation/layerDrift.ts';
import { type Matrix, rowRange, selectRows } from '../evaluation/matrix.ts';
import { evaluateHeads } from '../evaluation/trainedHeads.ts';
import { createHeads } from '../heads/heads.ts';
import { countClasses } from '../objectives/objective.ts';
import { weightedSum } from '../objectives/weightedSum.ts';
import { joinTexts, selectTexts } from '../text/batch.ts';
import type { TokenSequences } from '../text/tokenSequences.ts';
import type { EndRecord, EventRecord, LayersRecord } from '../tracking/journal.ts';
import { RunRecorder } from '../tracking/runRecorder.ts';
import { validates } from '../training/options.ts';
import { type TrainingOutcome, train as trainEncoder } from '../training/trainer.ts';
import { type Cell, folderAtWork } from './cells.ts';
import { examplesRecord, headPredictions } from './classifierRecords.ts';
import { codeVersion } from './environment.ts';
import type { Settings } from './experiment.ts';
import { judgedTexts, thresholdsOf, trainedHeads } from './judgement.ts';
import { type Materials, sampleIndices, taskSettings } from './materials.ts';
import type { JobProgress } from './progress.ts';
import type { JobResult, WorkerSetup } from './protocol.ts';
import { saveModel } from './saveModel.ts';
import { validate } from './validate.ts';

export interface CellContext {
  readonly setup: WorkerSetup;
  readonly engine: EngineInfo;
  readonly materials: Materials;
  /** Now, in milliseconds since 1970; only ever written under a journal's `wall`. */
  readonly clock: () => number;
  readonly onProgress: (progress: Omit<JobProgress, 'id' | 'label'>) => void;
}

/**
 * Runs one cell and leaves its folder `cells/<id>`: journal and, if wanted, the retrofitted encoder and TensorBoard's event
 * file. Everything is written beside it first and claimed by one rename, so that the folder is there whole or not at all.
 */
export async function runCell(cell: Cell, context: CellContext): Promise<Omit<JobResult, 'job'>> {
  const { folder } = context.setup;
  const temporary = folderAtWork(folder, cell.id, process.pid);
  const failed = join(folder, 'failed', cell.id);
  await rm(temporary, { recursive: true, force: true });
  await rm(failed, { recursive: true, force: true });
  await mkdir(temporary, { recursive: true });
  try {
    const recorder = new RunRecorder(temporary, context.setup);
    let end: EndRecord;
    try {
      end = await (cell.kind === 'original' ? runOriginal : runRetrofit)(cell, context, recorder, temporary);
      recorder.record(end);
    } finally {
      recorder.close();
    }
    await replaceFolder(temporary, join(folder, 'cells', cell.id));
    return { end, ...(recorder.warning !== undefined && { warning: recorder.warning }) };
  } catch (error) {
    await keepJournal(temporary, failed);
    await rm(temporary, { recursive: true, force: true });
    throw error;
  }
}

/** How far a failed cell got; best effort, since the disk may be what failed. */
async function keepJournal(from: string, to: string): Promise<void> {
  try {
    await mkdir(to, { recursive: true });
    await rename(join(from, 'journal.jsonl'), join(to, 'journal.jsonl'));
  } catch {
    // The failure itself is reported; its journal is a help, not a result.
  }
}

async function replaceFolder(from: string, to: string): Promise<void> {
  await rm(to, { recursive: true, force: true });
  await rename(from, to);
}

async function runOriginal(cell: Cell, context: CellContext, recorder: RunRecorder): Promise<EndRecord> {
  const { engine, materials } = context;
  const started = performance.now();
  const corpus = await materials.corpus(cell.settings);
  await writeStart(cell, context, recorder, corpus, corpus.notes);
  const begin = eventWriter(recorder, started);
  begin('evaluating');
  context.onProgress({ phase: 'evaluating', done: 0, total: 1, terms: {} });
  const test = await materials.frozen(cell.settings, engine, 'test');
  const train = await materials.frozen(cell.settings, engine, 'train');
  const references = sampleIndices('references', train.rows, cell.settings.evaluation.references);
  const tasks: DownstreamTask[] = [];
  for (const settings of taskSettings(cell.settings)) {
    const own = await materials.corpus(settings);
    const embeddings = await materials.frozen(settings, engine, 'test');
    tasks.push({
      name: own.name,
      train: { embeddings: await materials.frozen(settings, engine, 'train'), labels: own.train.labels },
      test: { embeddings, labels: own.test.labels },
      original: { test: embeddings },
    });
  }
  const predictions = await predictionsWriter(cell, materials, recorder);
  const metrics = await measure(
    cell,
    corpus,
    { train: selectRows(train, references), references, test, original: test, tasks },
    predictions,
  );
  if (fineTunes(cell)) {
    begin('fineTuning', { detail: taskNames(cell) });
    const encoder = await materials.trainable(cell.settings);
    try {
      Object.assign(metrics, await fineTune(cell, encoder, context, predictions));
    } finally {
      encoder.dispose();
    }
  }
  return { type: 'end', status: 'completed', steps: 0, metrics, wall: { seconds: secondsSince(started) } };
}

/** What a downstream task is judged with. */
interface TaskMaterials {
  readonly corpus: Corpus;
  readonly train: TokenSequences;
  readonly test: TokenSequences;
  readonly original: Matrix;
}

async function runRetrofit(
  cell: Cell,
  context: CellContext,
  recorder: RunRecorder,
  folder: string,
): Promise<EndRecord> {
  const { settings } = cell;
  const { engine, materials } = context;
  const seed = cell.seed ?? 0;
  const started = performance.now();
  const corpus = await materials.corpus(settings);
  const texts = {
    train: await materials.tokens(settings, 'train'),
    validation: await materials.tokens(settings, 'validation'),
    test: await materials.tokens(settings, 'test'),
  };
  const encoder = await materials.trainable(settings);
  const objective = weightedSum(settings.objective, settings.balancing);
  const heads = createHeads(objective.needs, {
    projection: settings.head,
    classification: { ...settings.classifier, tasks: [corpus.labelNames.length], labelNames: corpus.labelNames },
    encoder,
    seed,
  });
  const { lora } = settings.training;
  const adapted = lora && withLora(encoder, lora, seed);
  // What is trained and judged; where it is adapters, the encoder itself stays as it is until they are merged into it.
  const trained = adapted ?? encoder;
  const judged = trainedHeads(settings, heads, corpus, objective.activation);
  try {
    const sampler = createSampler(settings.sampler, corpus.train.labels, seed, corpus.labelNames);
    const originalValidation = validates(settings.training)
      ? await materials.frozen(settings, engine, 'validation')
      : undefined;
    await writeStart(cell, context, recorder, corpus, [
      ...corpus.notes,
      ...truncationNotes(texts.train.truncated + texts.validation.truncated + texts.test.truncated, settings.maxLength),
      ...coverageNotes(sampler.coverage),
    ]);

    const begin = eventWriter(recorder, started);
    begin('training');
    let latest = performance.now();
    const outcome = await trainEncoder({
      encoder: trained,
      heads,
      pooling: settings.pooling,
      objective,
      sampler,
      texts: texts.train,
      labels: corpus.train.labels,
      classes: countClasses(corpus.labelNames, corpus.train.labels),
      targets: objective.needs.has('targets') ? targetsOf(corpus) : null,
      frozen: objective.needs.has('frozen') ? await materials.frozen(settings, engine, 'train') : null,
      options: settings.training,
      seed,
      ...(originalValidation && {
        validate: () =>
          validate(settings, corpus, { encoder: trained, heads: judged }, texts.validation, originalValidation),
      }),
      onStep: (report) => {
        const seconds = secondsSince(latest);
        latest = performance.now();
        const { totalSteps, ...rest } = report;
        recorder.record({ type: 'step', ...rest, wall: { seconds } });
        context.onProgress({ phase: 'training', done: report.step, total: totalSteps, terms: report.terms });
      },
      onValidation: (step, { metrics }) => {
        recorder.record({ type: 'validation', step, metrics, wall: { seconds: secondsSince(latest) } });
        latest = performance.now();
      },
    });
    const trainSeconds = secondsSince(started);
    begin('evaluating', { step: outcome.keptStep });

    const references = sampleIndices('references', texts.train.size, settings.evaluation.references);
    const tasks: TaskMaterials[] = [];
    // One after the other: they may need the frozen encoder, of which there is one.
    for (const task of taskSettings(settings)) {
      tasks.push({
        corpus: await materials.corpus(task),
        train: await materials.tokens(task, 'train'),
        test: await materials.tokens(task, 'test'),
        original: await materials.frozen(task, engine, 'test'),
      });
    }
    // All at once: texts that are in several of them are embedded once.
    const [test, train, ...ofTasks] = await embedAll(
      [texts.test, selectTexts(texts.train, references), ...tasks.flatMap((task) => [task.train, task.test])],
      trained,
      context,
      settings.pooling,
    );
    const measured = {
      train: train as Matrix,
      references,
      test: test as Matrix,
      original: await materials.frozen(settings, engine, 'test'),
      tasks: tasks.map(({ corpus: { name, train, test: held }, original }, i) => ({
        name,
        train: { embeddings: ofTasks[2 * i] as Matrix, labels: train.labels },
        test: { embeddings: ofTasks[2 * i + 1] as Matrix, labels: held.labels },
        original: { test: original },
      })),
    };
    const predictions = await predictionsWriter(cell, materials, recorder);
    const metrics = await measure(cell, corpus, measured, predictions);
    const thresholds = await thresholdsOf(settings, corpus, { encoder: trained, heads: judged }, texts.validation);
    const held = judgedTexts(corpus, 'test', measured.test);
    const { metrics: ofHeads, classified } = await evaluateHeads(judged, held, thresholds);
    Object.assign(metrics, ofHeads);
    if (classified) recorder.record(headPredictions(corpus, held, classified, thresholds));
    const examples = await examplesRecord(settings, judged, trained);
    if (examples) recorder.record(examples);
    if (context.setup.tensorBoard) {
      const { deltaEmb, deltaCos } = driftByText(measured.test, measured.original);
      recorder.histogram('drift/deltaEmbByText', deltaEmb, outcome.keptStep);
      recorder.histogram('drift/deltaCosByText', deltaCos, outcome.keptStep);
    }
    if (settings.evaluation.layerTexts > 0) recorder.record(await layersRecord(cell, context, trained, texts.test));
    if (settings.training.save) {
      begin('saving');
      await saveModel({ encoder, adapted }, { ...judged, thresholds }, settings, folder);
    } else adapted?.merge();
    if (fineTunes(cell)) {
      begin('fineTuning', { detail: taskNames(cell) });
      Object.assign(metrics, await fineTune(cell, encoder, context, predictions));
    }
    return endOf(outcome, metrics, {
      seconds: secondsSince(started),
      trainSeconds,
      peakMemoryMegabytes: Math.round(process.resourceUsage().maxRSS / 1024),
    });
  } finally {
    adapted?.dispose();
    encoder.dispose();
    heads.dispose();
    tf.dispose([...objective.variables.values()]);
  }
}

async function layersRecord(
  { settings }: Cell,
  { materials, engine }: CellContext,
  encoder: Encoder,
  test: TokenSequences,
): Promise<LayersRecord> {
  const sample = sampleIndices('layers', test.size, settings.evaluation.layerTexts);
  const states = await embedLayers(encoder, selectTexts(test, sample), { pooling: settings.pooling });
  const drift = await layerDrift(states, await materials.frozenLayers(settings, engine, sample));
  return { type: 'layers', texts: sample.length, drift, wall: {} };
}

/** Writes what classifiers predict into the journal, beside the truth of the corpus that they belong to. */
async function predictionsWriter(
  { settings }: Cell,
  materials: Materials,
  recorder: RunRecorder,
): Promise<OnPredicted> {
  const own = await materials.corpus(settings);
  const tasks = new Map<string, Corpus>();
  for (const task of taskSettings(settings)) {
    const corpus = await materials.corpus(task);
    tasks.set(corpus.name, corpus);
  }
  return (classifier, predicted) => {
    const { labelNames, test } = tasks.get(classifier.split('.').slice(0, -1).join('.')) ?? own;
    recorder.record({
      type: 'predictions',
      classifier,
      labelNames: [...labelNames],
      truth: [...test.labels],
      predicted: [...predicted],
      wall: {},
    });
  };
}

function fineTunes({ settings }: Cell): boolean {
  const { fineTuning, fewShot, multiTask } = settings.evaluation.downstream;
  return fineTuning !== null || fewShot !== null || multiTask !== null;
}

function taskNames({ settings }: Cell): string {
  return settings.evaluation.downstream.tasks.join(', ');
}

/** Fine-tunes an encoder on the downstream tasks; it is as before afterwards. */
async function fineTune(
  { settings }: Cell,
  encoder: Encoder,
  { materials, onProgress }: CellContext,
  onPredicted: OnPredicted,
) {
  const load = async (own: Settings) => {
    const { name, labelNames, train, test } = await materials.corpus(own);
    return {
      name,
      labelNames,
      train: { texts: await materials.tokens(own, 'train'), labels: train.labels },
      test: { texts: await materials.tokens(own, 'test'), labels: test.labels },
    };
  };
  const corpora: FineTuningCorpora = {
    tasks: await Promise.all(taskSettings(settings).map(load)),
    beside: await load(settings),
  };
  const options = { ...settings.evaluation.downstream, pooling: settings.pooling };
  return fineTuneOnTasks(encoder, corpora, options, {
    onProgress: (done, total) => onProgress({ phase: 'fine-tuning', done, total, terms: {} }),
    onPredicted,
  });
}

/** The embeddings of several lists of texts, computed as one. */
async function embedAll(
  lists: readonly TokenSequences[],
  encoder: Encoder,
  { onProgress }: CellContext,
  pooling: Pooling,
): Promise<Matrix[]> {
  const all = await embedTexts(encoder, joinTexts(lists), {
    pooling,
    onProgress: (done, total) => onProgress({ phase: 'evaluating', done, total, terms: {} }),
  });
  let from = 0;
  return lists.map(({ size }) => {
    const own = rowRange(all, { from, to: from + size });
    from += size;
    return own;
  });
}

interface Measured {
  readonly train: Matrix;
  /** The training items that the rows of `train` belong to. */
  readonly references: Int32Array;
  readonly test: Matrix;
  readonly original: Matrix;
  readonly tasks: readonly DownstreamTask[];
}

/** All evaluators on a finished encoder; metrics are named `evaluator.metric`. */
function measure(
  cell: Cell,
  corpus: Corpus,
  { train, references, test, original, tasks }: Measured,
  onPredicted: OnPredicted,
) {
  const context = {
    train: { embeddings: train, labels: Int32Array.from(references, (i) => corpus.train.labels[i] as number) },
    test: { embeddings: test, labels: corpus.test.labels },
    original: { test: original },
    seed: cell.seed ?? 0,
  };
  return evaluate(cell.settings.evaluation, context, tasks, onPredicted);
}

function truncationNotes(truncated: number, maxLength: number): string[] {
  return truncated > 0 ? [`${truncated} texts cut to ${maxLength} tokens`] : [];
}

function coverageNotes({ items, perEpoch, dropped, droppedLabels, epochsToCover }: Coverage): string[] {
  const notes = [`an epoch shows ${perEpoch} of ${items} training texts; all are shown within ${epochsToCover} epochs`];
  if (dropped > 0) notes.push(`${dropped} training texts are never shown (${droppedLabels.join(', ')})`);
  return notes;
}

async function writeStart(
  cell: Cell,
  { setup, engine, materials, clock }: CellContext,
  recorder: RunRecorder,
  corpus: Corpus,
  notes: readonly string[],
): Promise<void> {
  const { hash } = await materials.encoder(cell.settings.encoder);
  recorder.record({
    type: 'start',
    format: 1,
    cell: cell.id,
    kind: cell.kind,
    experiment: setup.experiment,
    axes: { ...cell.axes },
    seed: cell.seed,
    settings: { ...cell.settings },
    data: { name: corpus.name, hash: corpus.hash },
    encoder: { name: cell.settings.encoder, hash },
    engine: { name: engine.name, detail: engine.detail, device: engine.device, precision: engine.precision },
    code: codeVersion(setup.environment),
    notes: [...notes],
    wall: {
      at: new Date(clock()).toISOString(),
      environment: { ...setup.environment, threads: engine.threads },
    },
  });
}

/** Writes that a phase begins; `started` is when the run began. */
function eventWriter(recorder: RunRecorder, started: number) {
  return (event: EventRecord['event'], more: Pick<EventRecord, 'step' | 'detail'> = {}) =>
    recorder.record({ type: 'event', event, ...more, wall: { seconds: secondsSince(started) } });
}

function endOf(outcome: TrainingOutcome, metrics: Record<string, number>, wall: Record<string, number>): EndRecord {
  return {
    type: 'end',
    status: outcome.status,
    ...(outcome.reason !== undefined && { reason: outcome.reason }),
    steps: outcome.steps,
    evaluatedStep: outcome.keptStep,
    metrics,
    wall,
  };
}

function secondsSince(start: number): number {
  return (performance.now() - start) / 1000;
}
