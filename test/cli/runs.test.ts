import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { cellId, temporaryFolder, writeMadeUpResults } from '../report/madeUpResults.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
let results: string;

beforeAll(async () => {
  results = await writeMadeUpResults();
});

function runs(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', 'src/cli/runs.ts', ...args], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, FORCE_COLOR: undefined, CI: '1' },
  });
  return { status, stdout, stderr };
}

describe('list', () => {
  test('shows experiments and cells, without colours in a pipe', () => {
    const { status, stdout, stderr } = runs('list', results);
    expect(stderr).toBe('');
    expect(status).toBe(0);
    expect(stdout).toContain('made-up  13 cells: 9 completed, 1 diverged, 1 failed, 1 stopped, 1 missing');
    expect(stdout).toContain(cellId(0, 1).slice(0, 8));
    expect(stdout).not.toContain('\x1b');
  });

  test('a folder without experiments is no mistake', () => {
    const empty = temporaryFolder();
    expect(runs('list', empty)).toEqual({ status: 0, stdout: `No experiments in ${empty}.\n`, stderr: '' });
  });
});

describe('show', () => {
  test('an experiment: its table', () => {
    const { status, stdout } = runs('show', 'made-up', '--results', results);
    expect(status).toBe(0);
    expect(stdout).toMatch(/0\.05 +1 +0\.0194 ± 0\.0017 .* 31\.3 ± 1\.4 +\+3\.1 ± 1\.4 +★ +3\n/);
    expect(stdout).toContain('! diverged, left out of the means: temperature 0.1 · weight 1 · seed 2');
  });

  test('an experiment with bootstrap intervals', () => {
    const { stdout } = runs('show', 'made-up', '--results', results, '--interval', 'bootstrap');
    expect(stdout).toMatch(/31\.3 \[3\d\.\d, 3\d\.\d\]/);
    expect(stdout).toContain('[ ]: 95 % bootstrap interval over n seeds.');
    const diff = runs(
      'diff',
      'temperature=0.05,weight=1',
      'temperature=0.1,weight=1',
      '--results',
      results,
      '--interval',
      'bootstrap',
    );
    expect(diff.stdout).toContain('[ ]: 95 % bootstrap interval of the mean.');
    expect(runs('show', 'made-up', '--interval', 'normal').status).toBe(2);
  });

  test('an experiment as JSON and as Markdown', () => {
    const comparison = JSON.parse(runs('show', 'made-up', '--results', results, '--json').stdout);
    expect(comparison).toMatchObject({ experiment: 'made-up', points: [{ counts: { completed: 3 } }, {}, {}, {}] });
    const { stdout } = runs('show', 'made-up', '--results', results, '--markdown');
    expect(stdout).toMatch(/^`yarn sweep experiments\/made-up\.ts`, on tensorflow .*\n\n\| temperature \| weight \|/);
  });

  test('a cell: how it went', () => {
    const id = cellId(0, 1);
    const { stdout } = runs('show', id.slice(0, 6), '--results', results);
    expect(stdout).toContain('place    made-up: temperature 0.05 · weight 1 · seed 1');
    expect(stdout).toContain('objective.supCon.temperature              0.05  (axis)');
    const run = JSON.parse(runs('show', id, '--results', results, '--json').stdout);
    expect(run).toMatchObject({
      start: { cell: id },
      steps: [{ step: 1 }, {}, {}, {}],
      changedSettings: { 'training.learningRate': 3e-4 },
      original: { 'drift.deltaEmb': 0 },
    });
  });

  test('a cell that failed: why', () => {
    const { status, stdout } = runs('show', cellId(3, 1), '--results', results);
    expect(status).toBe(0);
    expect(stdout).toContain('failed: Error: out of memory');
  });
});

describe('diff', () => {
  test('two points: paired over their common seeds', () => {
    const points = ['temperature=0.05,weight=1', 'temperature=0.1,weight=1'];
    const { status, stdout } = runs('diff', ...points, '--results', results);
    expect(status).toBe(0);
    expect(stdout).toContain('b − a is paired over the seeds 1, 3');
  });

  test('two cells, as JSON', () => {
    const diff = JSON.parse(runs('diff', cellId(0, 1), cellId(0, 2), '--results', results, '--json').stdout);
    expect(diff).toMatchObject({
      a: `made-up: temperature 0.05 · weight 1 · seed 1 (${cellId(0, 1)})`,
      settings: [{ path: 'seed', a: 1, b: 2 }],
    });
  });
});

describe('mistakes end with exit code 2, one clear line each and nothing on standard output', () => {
  test.each([
    ['a folder that is not there', ['list', 'no/such/folder'], /^RESULTS_NOT_FOUND: no\/such\/folder; .*\n$/],
    ['an unknown name', ['show', 'mde-up'], /^RUN_NOT_FOUND: mde-up; .* Did you mean "made-up"\?\n$/],
    ['a cell and a point', ['diff', cellId(0, 1), 'weight=1'], /^DIFF_OF_UNLIKE: .*\n$/],
    ['a cell that is not finished', ['diff', cellId(0, 1), cellId(3, 3)], /^RUN_NOT_FINISHED: .* is missing; .*\n$/],
    ['Markdown of a cell', ['show', cellId(0, 1), '--markdown'], /^MARKDOWN_FOR_EXPERIMENTS: .*\n$/],
    ['an unknown option', ['show', 'made-up', '--jsn'], /^USAGE: Unknown argument: jsn; .*\n$/],
  ])('%s', (_what, args, message) => {
    const { status, stdout, stderr } = runs(
      ...args,
      ...(args[0] === 'show' || args[0] === 'diff' ? ['--results', results] : []),
    );
    expect(stderr).toMatch(message);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  });

  test('a damaged journal', async () => {
    const damaged = await writeMadeUpResults();
    const journal = join(damaged, 'made-up', 'cells', cellId(0, 1), 'journal.jsonl');
    writeFileSync(journal, 'nonsense\n');
    const { status, stdout, stderr } = runs('show', cellId(0, 1), '--results', damaged);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(/^JOURNAL_MALFORMED: .*journal\.jsonl:1; .*\n$/);
  });
});

test('help names the commands and gives examples', () => {
  const { status, stdout } = runs('--help');
  expect(status).toBe(0);
  expect(stdout).toContain('yarn runs diff <a> <b>');
  expect(stdout).toContain('Examples:');
});
