import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { disposeClassifier } from '../../src/classifiers/classifier.ts';
import { findClassifier } from '../../src/classifiers/findClassifier.ts';
import { predict } from '../../src/classifiers/predict.ts';
import { loadExperiment } from '../../src/cli/loadExperiment.ts';
import { loadCorpus } from '../../src/data/corpus.ts';
import type { Comparison } from '../../src/report/comparison.ts';
import { planExperiment } from '../../src/sweep/plan.ts';
import { readJournal, withoutWall } from '../../src/tracking/journal.ts';
import { readExperiment, readRun } from '../../src/tracking/results.ts';
import { scratchFolder, stampsIn, sweep } from '../cli/command.ts';
import { useEngine } from '../engine/engines.ts';
import { schemaProblems } from '../tracking/journalSchema.ts';

const file = fileURLToPath(new URL('../../experiments/classify.ts', import.meta.url));
const plan = planExperiment(await loadExperiment(file));
const { data, maxLength } = (plan.points[0] as (typeof plan.points)[number]).settings;
const { labelNames } = await loadCorpus(data, { dataFolder: '' });
const scratch = scratchFolder();

async function smoke(out: string, ...more: string[]): Promise<Comparison> {
  const flags = ['--smoke', '--precision', 'float32', '--out', out, '--json', ...more];
  const { code, stdout, stderr } = await sweep([file, ...flags]);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout) as Comparison;
}

/** Folders of the trained cells, those without adapters first. */
function trainedIn(out: string): string[] {
  const folder = join(out, 'classify-smoke');
  const cells = readExperiment(folder).cells.filter(({ cell }) => cell.kind === 'retrofit');
  return cells.map(({ cell }) => join(folder, 'cells', cell.id));
}

/** Whether a saved model says of the experiment's sentences what it said after its training. */
async function expectSameExamples(run: string): Promise<void> {
  const { examples } = readRun(run);
  expect(examples?.texts).toHaveLength(3);
  await useEngine('wasm');
  const classifier = await findClassifier(run, { hubCache: scratch, offline: true });
  expect(classifier.labelNames).toEqual(labelNames);
  const texts = (examples?.texts ?? []).map((text) => ({ text }));
  const { predictions } = await predict([classifier], texts, maxLength);
  for (const [i, { probabilities }] of predictions.entries()) {
    for (const [label, name] of labelNames.entries()) {
      expect(probabilities[name]).toBeCloseTo(examples?.probabilities[i]?.[label] as number, 4);
    }
  }
  disposeClassifier(classifier);
}

it('needs nothing that does not come with the project', () => {
  expect(plan.points.length).toBeGreaterThan(1);
  for (const { settings } of plan.points) {
    expect(settings.encoder).toBe('mini');
    expect(settings.data.source).toMatch(/^embedded/);
    expect(settings.evaluation.downstream.tasks).toEqual([]);
  }
});

describe('as --smoke, twice', { timeout: 300_000 }, () => {
  const [one, two] = [join(scratch, 'one'), join(scratch, 'two')];
  let comparison: Comparison;
  beforeAll(async () => {
    comparison = await smoke(one);
    await smoke(two);
  }, 300_000);

  it('measures what its table shows', () => {
    const { columns, points, warnings } = comparison;
    expect(warnings).toEqual([]);
    expect(columns).toEqual(plan.columns);
    expect(points.map(({ axes }) => axes['training.lora'] !== null)).toEqual([false, true]);
    for (const { metrics } of points) {
      expect(Object.keys(metrics)).toEqual(expect.arrayContaining([...columns, 'drift.deltaEmb', 'knn.macroF1']));
    }
  });

  it('writes the same journals up to what was measured of the machine', () => {
    const cells = readdirSync(join(one, 'classify-smoke', 'cells')).filter((name) => !name.startsWith('.'));
    expect(cells).toHaveLength(3);
    for (const cell of cells) {
      const [journal, again] = [one, two].map((out) => join(out, 'classify-smoke', 'cells', cell, 'journal.jsonl'));
      const records = readJournal(journal as string).map(withoutWall);
      expect(readJournal(again as string).map(withoutWall)).toEqual(records);
      expect(records.length).toBeGreaterThan(2);
    }
  });

  it('journals hold validations of the classifier, its probabilities and its examples', () => {
    for (const folder of trainedIn(one)) {
      expect(schemaProblems(join(folder, 'journal.jsonl'))).toEqual([]);
      const run = readRun(folder);
      expect(run.validations.length).toBeGreaterThan(0);
      for (const { metrics } of run.validations) {
        for (const score of ['logLoss', 'accuracy', 'macroF1', 'weightedF1']) {
          expect(metrics).toHaveProperty([`classifier.${score}`]);
        }
      }
      const predictions = run.predictions.find(({ classifier }) => classifier === 'classifier');
      const { truth = [], predicted = [], probabilities = [] } = predictions ?? {};
      expect(predictions?.labelNames).toEqual(labelNames);
      expect(probabilities).toHaveLength(truth.length * labelNames.length);
      const hits = predicted.filter((label, i) => label === truth[i]).length;
      expect(run.end.metrics['classifier.accuracy']).toBeCloseTo(hits / truth.length, 12);
      for (const [i, label] of predicted.entries()) {
        const own = probabilities.slice(i * labelNames.length, (i + 1) * labelNames.length);
        expect(own.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 4);
        // They are written to six digits.
        expect(Math.max(...own) - (own[label] as number)).toBeLessThan(1e-6);
      }
    }
  });

  it('saves models that name their classes and say what they said', async () => {
    const folders = trainedIn(one);
    expect(folders).toHaveLength(2);
    for (const folder of folders) {
      expect(existsSync(join(folder, 'adapters'))).toBe(false);
      expect(JSON.parse(readFileSync(join(folder, 'encoder', 'config.json'), 'utf8'))).toMatchObject({
        id2label: Object.fromEntries(labelNames.entries()),
        label2id: Object.fromEntries(labelNames.map((name, i) => [name, i])),
        problem_type: 'single_label_classification',
      });
      await expectSameExamples(folder);
    }
  });
});

describe('with adapters that are saved alone', { timeout: 300_000 }, () => {
  const out = join(scratch, 'adapters');
  const flags = ['--set', 'training.lora={"rank":4,"save":"adapters"}'];
  beforeAll(async () => {
    await smoke(out, ...flags);
  }, 300_000);

  it('leaves them and no encoder, and they say what they said', async () => {
    const folders = trainedIn(out);
    expect(folders).toHaveLength(2);
    for (const folder of folders) {
      expect(readdirSync(folder).sort()).toEqual(['adapters', 'journal.jsonl']);
      expect(readdirSync(join(folder, 'adapters'))).toEqual(
        expect.arrayContaining(['adapter_config.json', 'adapter_model.safetensors', 'config.json', 'tokenizer.json']),
      );
      await expectSameExamples(folder);
    }
  });

  it('computes nothing again by the same command', async () => {
    const before = stampsIn(join(out, 'classify-smoke'));
    await smoke(out, ...flags);
    expect(stampsIn(join(out, 'classify-smoke'))).toEqual(before);
  });
});
