import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { loadExperiment } from '../../src/cli/loadExperiment.ts';
import type { Comparison } from '../../src/report/comparison.ts';
import { planExperiment } from '../../src/sweep/plan.ts';
import { scratchFolder, sweep } from '../cli/command.ts';

const folder = fileURLToPath(new URL('../../experiments/paper/', import.meta.url));
const scratch = scratchFolder();

describe.each(readdirSync(folder))('experiments/paper/%s', (name) => {
  const file = join(folder, name);

  it('needs nothing that does not come with the project', async () => {
    for (const { settings } of planExperiment(await loadExperiment(file)).points) {
      expect(settings.encoder).toBe('mini');
      for (const source of [settings.data.source, ...settings.evaluation.downstream.tasks]) {
        expect(source).toMatch(/^embedded/);
      }
    }
  });

  it('runs as --smoke, and measures what its table shows', async () => {
    const out = join(scratch, name);
    const { code, stdout, stderr } = await sweep([file, '--smoke', '--out', out, '--json']);
    expect(code, stderr).toBe(0);
    const { points, columns, warnings } = JSON.parse(stdout) as Comparison;
    expect(points.length).toBeGreaterThan(0);
    const { columns: declared } = planExperiment(await loadExperiment(file));
    expect(warnings).toEqual([]);
    expect(columns.length > 0).toBe(declared.length > 0);
    for (const { metrics } of points) expect(Object.keys(metrics)).toEqual(expect.arrayContaining([...columns]));
  });
});
