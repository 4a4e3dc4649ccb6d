import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadExperiment } from '../../src/cli/loadExperiment.ts';
import type { Comparison } from '../../src/report/comparison.ts';
import { planExperiment } from '../../src/sweep/plan.ts';
import { type Run, readExperiment, readRun } from '../../src/tracking/results.ts';
import { scratchFolder, sweep } from '../cli/command.ts';
import { schemaProblems } from '../tracking/journalSchema.ts';

const file = fileURLToPath(new URL('../../experiments/cmhl.ts', import.meta.url));
const scratch = scratchFolder();
const terms = ['valence', 'intensity', 'contradiction'] as const;
const affectMetrics = ['valence', 'intensity'].flatMap((dimension) => [
  `affect.${dimension}Error`,
  `affect.${dimension}Correlation`,
]);

/** Runs it as --smoke: its first grid point, with no term but cross-entropy, and its last, with all of them. */
async function smoke(out: string, ...more: string[]): Promise<{ comparison: Comparison; runs: readonly Run[] }> {
  const flags = ['--smoke', '--out', out, '--json', ...more];
  const { code, stdout, stderr } = await sweep([file, ...flags]);
  expect(code, stderr).toBe(0);
  const folder = join(out, 'cmhl-smoke');
  const cells = readExperiment(folder).cells.filter(({ cell }) => cell.kind === 'retrofit');
  const folders = cells.map(({ cell }) => join(folder, 'cells', cell.id));
  for (const own of folders) expect(schemaProblems(join(own, 'journal.jsonl'))).toEqual([]);
  return { comparison: JSON.parse(stdout) as Comparison, runs: folders.map((own) => readRun(own)) };
}

it('needs nothing that does not come with the project', async () => {
  for (const { settings } of planExperiment(await loadExperiment(file)).points) {
    expect(settings.encoder).toBe('mini');
    expect(settings.data.source).toMatch(/^embedded/);
    expect(settings.evaluation.downstream.tasks).toEqual([]);
  }
});

it('has its terms in all combinations', async () => {
  const { points } = planExperiment(await loadExperiment(file));
  const combinations = points.map(({ settings: { objective } }) =>
    terms.map((term) => ((objective[term]?.weight ?? 0) > 0 ? term : '-')).join(' '),
  );
  expect(combinations).toEqual([
    '- - -',
    '- - contradiction',
    '- intensity -',
    '- intensity contradiction',
    'valence - -',
    'valence - contradiction',
    'valence intensity -',
    'valence intensity contradiction',
  ]);
  for (const { settings } of points) expect(settings.objective.crossEntropy?.weight).toBe(1);
});

describe('as --smoke', { timeout: 300_000 }, () => {
  let comparison: Comparison;
  let runs: readonly Run[];
  beforeAll(async () => {
    ({ comparison, runs } = await smoke(join(scratch, 'fixed')));
  }, 300_000);

  it('measures what its table shows, of the affect head what it was trained on', async () => {
    const { columns, points, warnings } = comparison;
    expect(warnings).toEqual([]);
    expect(columns).toEqual(planExperiment(await loadExperiment(file)).columns);
    const [without, all] = points.map(({ metrics }) => Object.keys(metrics));
    expect(all).toEqual(expect.arrayContaining([...columns, ...affectMetrics]));
    const ofClassifier = columns.filter((column) => column.startsWith('classifier.'));
    expect(ofClassifier).toHaveLength(3);
    expect(without).toEqual(expect.arrayContaining(ofClassifier));
    expect(without?.filter((metric) => metric.startsWith('affect.'))).toEqual([]);
  });

  it('logs every term, and the scores of the heads in validations', () => {
    expect(runs).toHaveLength(2);
    for (const { steps, validations } of runs) {
      for (const step of steps) {
        expect(Object.keys(step.terms)).toEqual(['crossEntropy', ...terms]);
        expect(Object.keys(step.counts).filter((name) => name.startsWith('balance.'))).toEqual([]);
      }
      expect(validations.length).toBeGreaterThan(0);
      for (const { metrics } of validations) {
        expect(Object.keys(metrics)).toEqual(
          expect.arrayContaining(['classifier.macroF1', 'classifier.contradictionRate']),
        );
      }
    }
    const withAffect = runs.map(({ validations }) => 'affect.valenceError' in (validations[0]?.metrics ?? {}));
    expect(withAffect.sort()).toEqual([false, true]);
  });
});

it('takes sigmoids, pairs and places from the command line', { timeout: 300_000 }, async () => {
  const objective = ['crossEntropy=null', 'binaryCrossEntropy={}', 'contradiction.pairs=[["positive","negative",2]]'];
  const places = ['valence', 'intensity'].map((term) => `${term}.values={"positive":0.7,"ambiguous":0.1}`);
  const { comparison, runs } = await smoke(
    join(scratch, 'sigmoids'),
    ...[...objective, ...places].flatMap((setting) => ['--set', `objective.${setting}`]),
  );
  expect(comparison.warnings).toEqual([]);
  for (const { steps, start } of runs) {
    for (const step of steps) expect(Object.keys(step.terms).sort()).toEqual(['binaryCrossEntropy', ...terms].sort());
    expect(start.settings.objective).toMatchObject({
      crossEntropy: null,
      contradiction: { pairs: [['positive', 'negative', 2]] },
      valence: { values: { positive: 0.7, ambiguous: 0.1 } },
    });
  }
});

it('runs with weights that are learned, and logs those of the terms that are on', { timeout: 300_000 }, async () => {
  const { comparison, runs } = await smoke(join(scratch, 'learned'), '--set', 'balancing=uncertainty');
  expect(comparison.warnings).toEqual([]);
  expect(runs).toHaveLength(2);
  const learned = runs.map(({ steps }) => {
    const balances = steps.map(({ counts }) =>
      Object.fromEntries(Object.entries(counts).filter(([name]) => name.startsWith('balance.'))),
    );
    expect(new Set(balances.map((own) => JSON.stringify(own))).size).toBeGreaterThan(1);
    for (const weight of balances.flatMap((own) => Object.values(own))) expect(weight).toBeGreaterThan(0);
    return Object.keys(balances[0] ?? {});
  });
  expect(learned.sort((a, b) => a.length - b.length)).toEqual([
    ['balance.crossEntropy'],
    ['crossEntropy', ...terms].map((term) => `balance.${term}`),
  ]);
});
