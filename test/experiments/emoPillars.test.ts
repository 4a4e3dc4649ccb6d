import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadExperiment } from '../../src/cli/loadExperiment.ts';
import { dataSchema, loadCorpus } from '../../src/data/corpus.ts';
import type { Comparison } from '../../src/report/comparison.ts';
import { planExperiment } from '../../src/sweep/plan.ts';
import { type Run, readExperiment, readRun } from '../../src/tracking/results.ts';
import { scratchFolder, sweep } from '../cli/command.ts';
import { schemaProblems } from '../tracking/journalSchema.ts';

const file = fileURLToPath(new URL('../../experiments/emoPillars.ts', import.meta.url));
const synthesized = fileURLToPath(new URL('../synthesis/golden/threeNarratives', import.meta.url));
const scratch = scratchFolder();

interface Smoke {
  readonly comparison: Comparison;
  readonly runs: readonly Run[];
  readonly folders: readonly string[];
}

async function smoke(name: string, ...more: string[]): Promise<Smoke> {
  const out = join(scratch, name);
  const { code, stdout, stderr } = await sweep([
    file,
    '--smoke',
    '--precision',
    'float32',
    '--out',
    out,
    '--json',
    ...more,
  ]);
  expect(code, stderr).toBe(0);
  const folder = join(out, 'emo-pillars-smoke');
  const cells = readExperiment(folder).cells.filter(({ cell }) => cell.kind === 'retrofit');
  const folders = cells.map(({ cell }) => join(folder, 'cells', cell.id));
  for (const own of folders) expect(schemaProblems(join(own, 'journal.jsonl'))).toEqual([]);
  return { comparison: JSON.parse(stdout) as Comparison, runs: folders.map((own) => readRun(own)), folders };
}

const predictionsOf = ({ predictions }: Run) => predictions.find(({ classifier }) => classifier === 'classifier');
const sourceOf = ({ start }: Run) => (start.settings.data as { source: string }).source;

describe('on the embedded corpus, as --smoke', { timeout: 300_000 }, () => {
  let own: Smoke;
  beforeAll(async () => {
    own = await smoke('embedded', '--set', 'evaluation.classifier.threshold=tunedPerClass');
  }, 300_000);

  it('compares the same texts without and with what precedes them, and warns of nothing', async () => {
    const { points } = planExperiment(await loadExperiment(file));
    expect(points.map(({ settings }) => settings.data.source)).toEqual([
      'embedded-paired-soft-sentiment',
      'embedded-paired-soft-sentiment+context+character',
    ]);
    for (const { settings } of points) expect(settings.encoder).toBe('mini');
    expect(own.comparison.warnings).toEqual([]);
    expect(own.runs.map(sourceOf).sort()).toEqual(points.map(({ settings }) => settings.data.source));
  });

  it('scores each kind of texts, by a threshold a class', () => {
    for (const run of own.runs) {
      for (const kind of ['explicit', 'inferable', 'contextual', 'paired']) {
        expect(run.end.metrics).toHaveProperty([`classifier.${kind}.microF1`]);
      }
      expect(predictionsOf(run)?.several?.thresholds).toHaveLength(4);
    }
  });

  it('gives the two of a pair the same probabilities where it does not read what precedes them', async () => {
    for (const run of own.runs) {
      const data = dataSchema.parse(run.start.settings.data);
      const { test, labelNames } = await loadCorpus(data, { dataFolder: '' });
      const { probabilities = [] } = predictionsOf(run) ?? {};
      const rows = test.texts.map((_, i) => probabilities.slice(i * labelNames.length, (i + 1) * labelNames.length));
      const pairs = test.texts.flatMap((text, i) => {
        const other = test.texts.indexOf(text);
        return other < i ? [[rows[other], rows[i]] as const] : [];
      });
      expect(pairs.length).toBeGreaterThan(2);
      const differences = pairs.flatMap(([one = [], other = []]) =>
        one.map((probability, label) => Math.abs(probability - (other[label] as number))),
      );
      if (data.source.includes('+')) expect(Math.max(...differences)).toBeGreaterThan(1e-3);
      else expect(Math.max(...differences)).toBeLessThan(1e-4);
    }
  });
});

it('trains on what was synthesized, and is then tuned on another corpus', { timeout: 300_000 }, async () => {
  const sources = ['contextless', 'contextual+context+character'].map((part) => join(synthesized, part));
  const flags = ['--set', 'data.own.labelling=soft', '--set', `data.source=${JSON.stringify(sources)}`];
  const first = await smoke('synthesized', ...flags);
  expect(first.runs.map(sourceOf).sort()).toEqual(sources.sort());
  const encoder = join(first.folders[0] as string, 'encoder');
  const tuning = ['--data', 'embedded-multi-ekman+context', '--set', 'data.limit=60'];
  const tuned = await smoke('tuned', '--encoder', encoder, ...tuning);
  const [before] = first.runs;
  const [after] = tuned.runs;
  expect(after?.start.settings.encoder).toBe(encoder);
  expect(after?.start.encoder.hash).not.toBe(before?.start.encoder.hash);
  expect(after && predictionsOf(after)?.labelNames).toContain('surprise');
});
