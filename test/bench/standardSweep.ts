import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import goemotions from '../../experiments/goemotions.ts';
import retrofit from '../../experiments/retrofit.ts';
import { places } from '../../src/cli/environment.ts';
import { loadCorpus } from '../../src/data/corpus.ts';
import { resolveEncoder } from '../../src/encoders/resolveEncoder.ts';
import type { Experiment, Settings } from '../../src/sweep/experiment.ts';
import { planExperiment } from '../../src/sweep/plan.ts';
import { output } from './contenders.ts';

const temperatures = [0.1, 0.3];
const weights = [0, 10];
const seeds = [1, 2];
const tasks = ['sst2', 'emotion', 'tweeteval-irony', 'mustard'];

/** What is swept: the real thing where its data are, otherwise what comes with the project. */
interface StandardSweep {
  readonly name: string;
  /** The experiment's. */
  readonly file: string;
  readonly settings: Settings;
  /** The encoder's folder. */
  readonly encoder: string;
  readonly tasks: readonly string[];
}

/** all-MiniLM-L6-v2 on GoEmotions with all downstream tasks if they are here, or else mini on the embedded corpus. */
export async function standardSweep(): Promise<StandardSweep> {
  const { dataFolder, encoders } = places(process.env);
  const names = new Set<string>(await readdir(dataFolder).catch(() => []));
  const offline = { ...encoders, offline: true };
  const real = await resolveEncoder('all-MiniLM-L6-v2', offline).catch(() => undefined);
  if (real !== undefined && ['goemotions', ...tasks].every((name) => names.has(name))) {
    const name = 'all-MiniLM-L6-v2, goemotions and four downstream tasks';
    return { name, file: 'experiments/goemotions.ts', settings: settingsOf(goemotions), encoder: real, tasks };
  }
  const encoder = await resolveEncoder('mini', offline);
  const name = 'mini, embedded corpus';
  return { name, file: 'experiments/retrofit.ts', settings: settingsOf(retrofit), encoder, tasks: [] };
}

function settingsOf(experiment: Experiment): Settings {
  const [point] = planExperiment(experiment).points;
  if (!point) throw new RangeError('an experiment without points');
  return point.settings;
}

export const cellsOfStandardSweep = temperatures.length * weights.length * seeds.length;

/** Seconds from the command to its end. */
export async function runOurs({ file, tasks: names }: StandardSweep, out: string): Promise<number> {
  const set = [
    `objective.supCon.temperature=${JSON.stringify(temperatures)}`,
    `objective.vectorSpacePreservation.weight=${JSON.stringify(weights)}`,
    `evaluation.downstream.tasks=${JSON.stringify(names)}`,
    'evaluation.references=null',
  ];
  const args = [file, '--out', out, '--seeds', seeds.join(), ...set.flatMap((one) => ['--set', one])];
  return secondsOf(() => output([process.execPath, '--import', 'tsx', 'src/cli/sweep.ts', ...args]));
}

/** The same cells by the usual script, a process each, in seconds. */
export async function runPeer(python: string, sweep: StandardSweep, folder: string): Promise<number> {
  const where = places(process.env);
  const corpusOf = async (source: string) => {
    const { train, test } = await loadCorpus({ source, exclude: [] }, where);
    const side = ({ texts, labels }: typeof train) => ({ texts, labels: [...labels] });
    return { name: source, train: side(train), test: side(test) };
  };
  const { encoder, settings } = sweep;
  const { data, pooling, maxLength, sampler, training } = settings;
  const { train, test } = await corpusOf(data.source);
  const ofTasks = await Promise.all(sweep.tasks.map(corpusOf));
  const { steps, learningRate } = training;
  if (sampler.kind !== 'mPerClass') throw new RangeError('the peer draws its batches M per class');
  const { batchSize, m } = sampler;
  const same = { encoder, pooling, maxLength, steps, learningRate, batchSize, m, train, test, tasks: ofTasks };
  await mkdir(folder, { recursive: true });
  const file = join(folder, 'cell.json');
  let seconds = 0;
  for (const temperature of temperatures) {
    for (const weight of weights) {
      for (const seed of seeds) {
        await writeFile(file, JSON.stringify({ ...same, temperature, weight, seed }));
        seconds += await secondsOf(() => output([python, 'test/bench/peerCell.py', file]));
      }
    }
  }
  return seconds;
}

async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await work();
  return (performance.now() - begin) / 1000;
}
