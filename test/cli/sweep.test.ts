import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { describe, expect, it } from 'vitest';
import { places } from '../../src/cli/environment.ts';
import { cachedSnapshot } from '../../src/encoders/hubCache.ts';
import { miniFolder } from '../../src/encoders/resolveEncoder.ts';
import { classificationScores } from '../../src/evaluation/classification.ts';
import { compare } from '../../src/report/comparison.ts';
import { readJournal, threadsOf, withoutWall } from '../../src/tracking/journal.ts';
import { type ExperimentResults, type RunSummary, readExperiment, readRun } from '../../src/tracking/results.ts';
import { schemaProblems } from '../tracking/journalSchema.ts';
import {
  cellAtWork,
  cellsAtWork,
  descendantsOf,
  type Finished,
  isAlive,
  onePoint,
  root,
  scratchFolder,
  stampsIn,
  startSweep,
  sweep,
  tiny,
  until,
} from './command.ts';

const scratch = scratchFolder();
const linux = process.platform === 'linux';
const cores = availableParallelism();
/** The whole of the tiny experiment, computed once for all tests that need it. */
const whole = { out: join(scratch, 'whole'), folder: join(scratch, 'whole', 'tiny') };
let wholeRun: Promise<Finished> | undefined;
function runWhole(): Promise<Finished> {
  wholeRun ??= sweep([tiny, '--out', whole.out, '--workers', `${cores}`]);
  return wholeRun;
}

/** A copy of the whole experiment's results, to go on from. */
async function copyOfWhole(name: string): Promise<{ out: string; folder: string }> {
  await runWhole();
  const out = join(scratch, name);
  cpSync(whole.out, out, { recursive: true, preserveTimestamps: true });
  return { out, folder: join(out, 'tiny') };
}

/** Finished runs by the id of their cell. */
function runsIn(results: ExperimentResults): Map<string, RunSummary> {
  return new Map(
    results.cells.flatMap(({ cell, outcome }) => (outcome.state === 'finished' ? [[cell.id, outcome.run]] : [])),
  );
}

/** The journals of a folder by cell, without what may differ between two runs. */
function journalsIn(folder: string): Record<string, unknown> {
  const runs = [...runsIn(readExperiment(folder))];
  return Object.fromEntries(
    runs.map(([id, run]) => [id, readJournal(join(run.folder, 'journal.jsonl')).map(withoutWall)]),
  );
}

function threadsIn(folder: string): unknown[] {
  return [...new Set([...runsIn(readExperiment(folder)).values()].map(({ start }) => threadsOf(start)))];
}

function leftoversIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => /(^|\/)\.|\.partial$/.test(file));
}

function idsIn(dryRun: string): string[] {
  return [...dryRun.matchAll(/^ {2}([0-9a-f]{16}) /gm)].map(([, id = '']) => id);
}

const engineLine = /^tiny: (tensorflow|wasm) \(.+\) · \d+ workers? × \d+ threads? · (float32|bfloat16)/;

describe.concurrent('--smoke', { timeout: 300_000 }, async () => {
  const experiments = readdirSync(join(root, 'experiments')).filter(
    (file) =>
      file.endsWith('.ts') && readFileSync(join(root, 'experiments', file), 'utf8').includes('defineExperiment('),
  );
  const { dataFolder, encoders } = places(process.env);
  const model = await cachedSnapshot(encoders.hubCache, 'sentence-transformers/all-MiniLM-L6-v2');
  const canRun = (file: string) =>
    file === 'goemotions.ts'
      ? model !== undefined && existsSync(join(dataFolder, 'goemotions'))
      : existsSync(join(miniFolder, 'model.safetensors'));

  for (const file of experiments) {
    it.skipIf(!canRun(file))(`takes ${file} through everything`, async () => {
      const environment = { CONTRAFIT_DATA: dataFolder, HF_HUB_CACHE: encoders.hubCache };
      const { code, stdout } = await sweep(
        [`experiments/${file}`, '--smoke', '--out', join(scratch, file)],
        environment,
      );
      expect(code).toBe(0);
      expect(stdout.match(/^✓ /gm)).toHaveLength(2);
      expect(stdout).toMatch(/(^| )original /m);
    });
  }
});

describe.concurrent('a sweep', { timeout: 300_000 }, () => {
  it('says what computes, then a line for each cell, the table and where the results lie, in plain text', async () => {
    const { code, stdout, stderr } = await runWhole();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(engineLine);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: none may be there
    expect(stdout).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/);
    expect(stdout.match(/^✓ temperature 0\.[13] · weight (0|10) · seed [12]: Δemb .+ s$/gm)).toHaveLength(8);
    for (const { folder, start } of runsIn(readExperiment(whole.folder)).values()) {
      expect(schemaProblems(join(folder, 'journal.jsonl'))).toEqual([]);
      const { layers } = readRun(folder);
      expect(layers?.drift).toEqual(
        start.kind === 'original'
          ? undefined
          : Array(3).fill({ deltaEmb: expect.any(Number), deltaCos: expect.any(Number), cka: expect.any(Number) }),
      );
      // The last layer's states are the embeddings that the encoder is judged by.
      if (layers) expect(layers.drift[2]?.deltaEmb).toBeGreaterThan(0);
    }
    const lines = stdout.split('\n');
    const header = lines.findIndex((line) => /^ *temperature +weight +Δemb/.test(line));
    const rows = lines.slice(header + 2, header + 7).map((line) => line.trim().split(/ {2,}/).slice(0, 2));
    expect(rows).toEqual([['original', '0'], ...['0.1', '0.3'].flatMap((t) => ['0', '10'].map((w) => [t, w]))]);
    expect(stdout).toContain(`Results: ${whole.folder}\n`);
    expect(stdout).toContain(`yarn runs show tiny --results ${whole.out} `);
  });

  it('leaves the plan, and for each cell its journal and the retrofitted encoder', async () => {
    await runWhole();
    const results = readExperiment(whole.folder);
    const kinds = results.cells.map(({ cell, outcome }) => `${cell.kind} ${outcome.state}`);
    expect(kinds).toEqual(['original finished', ...new Array(8).fill('retrofit finished')]);
    for (const { start, end, folder } of runsIn(results).values()) {
      expect(end).toMatchObject({ status: 'completed', metrics: { 'knn.macroF1': expect.any(Number) } });
      const weights = join(folder, 'encoder', 'model.safetensors');
      expect(existsSync(weights)).toBe(start.kind === 'retrofit');
    }
    expect(existsSync(join(whole.folder, 'failed'))).toBe(false);
    expect(leftoversIn(whole.out)).toEqual([]);
  });

  it('repeats itself to the bit in another folder with another number of processes; --json prints only JSON', async () => {
    const out = join(scratch, 'again');
    const folder = join(out, 'tiny');
    const [{ code, stdout, stderr }] = await Promise.all([
      // More processes than cores: one thread each, as in the first sweep.
      sweep([tiny, '--out', out, '--workers', `${cores + 1}`, '--json']),
      runWhole(),
    ]);
    expect(code).toBe(0);
    expect(stderr).toMatch(engineLine);
    expect(threadsIn(folder)).toEqual(threadsIn(whole.folder));
    expect(journalsIn(folder)).toEqual(journalsIn(whole.folder));
    for (const [id, run] of runsIn(readExperiment(folder))) {
      if (run.start.kind === 'original') continue;
      const weights = join('cells', id, 'encoder', 'model.safetensors');
      expect(readFileSync(join(folder, weights)).equals(readFileSync(join(whole.folder, weights)))).toBe(true);
    }
    expect(JSON.parse(stdout)).toEqual(JSON.parse(JSON.stringify(compare(readExperiment(whole.folder)))));
  });

  it('runs on wasm, with one process and with two to the bit the same', async () => {
    const args = [tiny, '--engine', 'wasm', '--seeds', '2', '--set', 'objective.supCon.temperature=0.1'];
    const [one, two] = [join(scratch, 'wasm-1'), join(scratch, 'wasm-2')];
    const runs = await Promise.all([
      sweep([...args, '--workers', '1', '--out', one]),
      sweep([...args, '--workers', '2', '--out', two]),
    ]);
    expect(runs.map(({ code }) => code)).toEqual([0, 0]);
    expect(runs[0]?.stdout).toMatch(/^tiny: wasm \(.+\) · 1 worker × 1 thread · float32/);
    const journals = journalsIn(join(one, 'tiny'));
    expect(Object.keys(journals)).toHaveLength(3);
    expect(journalsIn(join(two, 'tiny'))).toEqual(journals);
  });

  it('leaves encoders that the next sweep can begin with', async () => {
    await runWhole();
    const retrofitted = [...runsIn(readExperiment(whole.folder)).values()].find(({ start }) => start.seed === 2);
    const out = join(scratch, 'next');
    const encoder = join(retrofitted?.folder ?? '', 'encoder');
    const { code } = await sweep([tiny, ...onePoint, '--out', out, '--encoder', encoder]);
    expect(code).toBe(0);
    const original = [...runsIn(readExperiment(join(out, 'tiny'))).values()].find(({ start }) => start.seed === null);
    const { 'knn.accuracy': accuracy, 'knn.macroF1': macroF1 } = retrofitted?.end.metrics ?? {};
    expect(original?.end.metrics).toMatchObject({ 'knn.accuracy': accuracy, 'knn.macroF1': macroF1 });
  });

  it('puts encoders to use on downstream tasks, the original one too', async () => {
    const task = join(scratch, 'moods');
    mkdirSync(task);
    const line = (i: number) =>
      JSON.stringify({ text: `${i % 2 ? 'a fine' : 'an awful'} day ${i}`, label: `${i % 2}` });
    const lines = Array.from({ length: 24 }, (_, i) => line(i)).join('\n');
    for (const split of ['train', 'validation', 'test']) writeFileSync(join(task, `${split}.jsonl`), lines);
    const out = join(scratch, 'downstream');
    const tasks = `evaluation.downstream.tasks=${JSON.stringify([task])}`;
    const fineTuning = 'evaluation.downstream.fineTuning={"epochs":1}';
    const { code, stdout } = await sweep([
      tiny,
      ...onePoint,
      '--out',
      out,
      '--set',
      tasks,
      '--set',
      fineTuning,
      '--json',
    ]);
    expect(code).toBe(0);
    const { originals, points } = JSON.parse(stdout) as ReturnType<typeof compare>;
    expect([originals.length, points.length]).toEqual([1, 1]);
    for (const { metrics } of [...originals, ...points]) {
      const names = ['moods.knn.macroF1', 'moods.logisticRegression.accuracy', 'retrieval.mapAtR', 'clustering.ami'];
      for (const name of names) expect(metrics[name]?.mean, name).toBeGreaterThanOrEqual(-1);
      // Every test text is also a training text.
      expect(metrics['moods.logisticRegression.accuracy']?.mean).toBe(1);
    }
    for (const { folder, end } of runsIn(readExperiment(join(out, 'tiny'))).values()) {
      const { predictions } = readRun(folder);
      expect(predictions.map(({ classifier }) => classifier).sort()).toEqual([
        'knn',
        'moods.fineTuning',
        'moods.knn',
        'moods.logisticRegression',
      ]);
      for (const { classifier, truth, predicted } of predictions) {
        expect(classificationScores(truth, predicted).macroF1).toBeCloseTo(
          end.metrics[`${classifier}.macroF1`] ?? -1,
          12,
        );
      }
    }
  });

  it('computes nothing in a dry run, but lists cells and steps and estimates time and disk', async () => {
    const out = join(scratch, 'dry');
    const { code, stdout } = await sweep([tiny, '--out', out, '--dry-run']);
    expect(code).toBe(0);
    expect(new Set(idsIn(stdout)).size).toBe(9);
    expect(stdout).toMatch(/^ {2}[0-9a-f]{16} {2}temperature 0\.3 · weight 10 · seed 2 {2}4 steps$/m);
    expect(stdout).toContain('8 cells, 0 of them finished; 32 steps to do.');
    expect(stdout).toMatch(/^Estimated .+: \d.* s, \d MB in .+tiny\.$/m);
    const [, gigabytes] = stdout.match(/^Memory: about (\d+\.\d) GB for all workers\.$/m) ?? [];
    await runWhole();
    const peaks = [...runsIn(readExperiment(whole.folder)).values()].map(
      ({ end }) => end.wall.peakMemoryMegabytes ?? 0,
    );
    expect(Math.max(...peaks.map(Number))).toBeGreaterThan(100);
    expect((cores * Math.max(...peaks.map(Number)) * 2 ** 20) / 1e9).toBeLessThan(Number(gigabytes));
    expect(existsSync(join(out, 'tiny', 'cells'))).toBe(false);
    expect(existsSync(join(out, 'tiny', 'experiment.json'))).toBe(false);
  });

  it('has --help with every flag, examples and exit codes', async () => {
    const { code, stdout } = await sweep(['--help']);
    expect(code).toBe(0);
    const flags = [...stdout.matchAll(/^ +--([a-z-]+) /gm)].map(([, flag]) => flag);
    expect(flags).toEqual(
      expect.arrayContaining(['set', 'seeds', 'encoder', 'data', 'precision', 'engine', 'workers']),
    );
    expect(flags).toEqual(expect.arrayContaining(['out', 'smoke', 'dry-run', 'fresh', 'stop-on-failure', 'json']));
    expect(stdout).toMatch(/Examples:\n +yarn sweep experiments\/retrofit\.ts/);
    expect(stdout.replace(/\s+/g, ' ')).toMatch(/Exit codes: 0 .+; 1 .+; 2 .+; 130 /);
  });
});

describe.concurrent('the same sweep again', { timeout: 300_000 }, () => {
  it('computes nothing', async () => {
    const { out, folder } = await copyOfWhole('resumed');
    const before = stampsIn(folder);
    const { code, stdout } = await sweep([tiny, '--out', out, '--workers', '1']);
    expect(code).toBe(0);
    expect(stdout).not.toContain('✓');
    expect(stdout).toContain(' original ');
    expect(stampsIn(folder)).toEqual(before);
  });

  it('computes only what a wider grid adds', async () => {
    const { out, folder } = await copyOfWhole('wider');
    const before = stampsIn(folder);
    const wider = ['--seeds', '2..3', '--set', 'objective.vectorSpacePreservation.weight=[0, 10, 5 * 4]'];
    const { code, stdout } = await sweep([tiny, ...wider, '--set', 'objective.supCon.temperature=0.3', '--out', out]);
    expect(code).toBe(0);
    const added = [...stdout.matchAll(/^✓ (.+?):/gm)].map(([, label]) => label).sort();
    expect(added).toEqual(['weight 0 · seed 3', 'weight 10 · seed 3', 'weight 20 · seed 2', 'weight 20 · seed 3']);
    expect([...stampsIn(folder)]).toEqual(expect.arrayContaining([...before]));
  });

  it('computes all of it with --fresh, and nothing else', async () => {
    const { out, folder } = await copyOfWhole('fresh');
    const before = stampsIn(folder);
    const { code } = await sweep([tiny, ...onePoint, '--out', out, '--fresh']);
    expect(code).toBe(0);
    const after = stampsIn(folder);
    const { cells } = readExperiment(folder);
    for (const [file, stamp] of before) {
      const planned = cells.some(({ cell }) => file === join(cell.id, 'journal.jsonl'));
      if (planned) expect(after.get(file), file).toBeGreaterThan(stamp);
      else if (file.endsWith('journal.jsonl')) expect(after.get(file), file).toBe(stamp);
    }
  });

  it.skipIf(!linux)('does not show old numbers when it is cut off after --fresh', async () => {
    const { out, folder } = await copyOfWhole('fresh-cut-off');
    const before = stampsIn(folder);
    const running = startSweep([tiny, '--out', out, '--workers', '1', '--fresh'], { launcher: 'tsx' });
    await until(() => running.printed().includes('✓'));
    running.interrupt('SIGINT');
    expect((await running.finished).code).toBe(130);
    expect(readExperiment(folder).cells.map(({ outcome }) => outcome.state)).toContain('missing');
    for (const [file, stamp] of stampsIn(folder)) {
      if (file.endsWith('journal.jsonl')) expect(stamp, file).not.toBe(before.get(file));
    }
  });

  it('runs a cell again whose encoder was not saved, with the same numbers', async () => {
    const out = join(scratch, 'saved-later');
    const folder = join(out, 'tiny');
    const without = [tiny, ...onePoint, '--out', out, '--set', 'training.save=false'];
    expect((await sweep(without)).code).toBe(0);
    const before = runsIn(readExperiment(folder));
    const { stdout } = await sweep([tiny, ...onePoint, '--out', out]);
    expect(stdout.match(/^✓ /gm)).toHaveLength(1);
    const retrofit = readExperiment(folder).cells.find(({ cell }) => cell.kind === 'retrofit');
    expect(existsSync(join(folder, 'cells', retrofit?.cell.id ?? '', 'encoder', 'model.safetensors'))).toBe(true);
    const metrics = (runs: ReadonlyMap<string, RunSummary>) => [...runs].map(([id, { end }]) => [id, end.metrics]);
    expect(metrics(runsIn(readExperiment(folder)))).toEqual(metrics(before));
    expect((await sweep(without)).stdout).not.toContain('✓');
  });

  it('has other cells where a text of the corpus has changed, and the same ones where only its path has', async () => {
    const row = (text: string, label: string) => `${JSON.stringify({ text, label })}\n`;
    const corpus = (text: string) =>
      row('so glad', 'joy') + row('what fun', 'joy') + row('so sad', 'grief') + row(text, 'grief');
    const ids = async (name: string, text: string) => {
      const folder = join(scratch, name);
      mkdirSync(folder);
      for (const split of ['train', 'validation', 'test']) writeFileSync(join(folder, `${split}.jsonl`), corpus(text));
      const { stdout } = await sweep([
        ...[tiny, ...onePoint, '--dry-run', '--out', join(scratch, `${name}-out`)],
        ...['--data', folder, '--set', 'sampler.batchSize=4'],
      ]);
      return idsIn(stdout);
    };
    const [first, moved, changed] = await Promise.all([ids('corpus', 'alas'), ids('moved', 'alas'), ids('new', 'woe')]);
    expect(first).toHaveLength(2);
    expect(moved).toEqual(first);
    expect(changed?.filter((id) => first?.includes(id))).toEqual([]);
  });
});

describe.concurrent('a sweep that is cut off', { timeout: 300_000 }, () => {
  it.skipIf(!linux)('leaves no process behind when it is killed, and goes on where it was', async () => {
    const out = join(scratch, 'killed');
    const folder = join(out, 'tiny');
    const args = [tiny, '--seeds', '1', '--workers', `${cores}`, '--out', out];
    const running = startSweep(args);
    await until(() => running.printed().includes('✓'));
    const processes = descendantsOf(running.pid);
    process.kill(running.pid, 'SIGKILL');
    expect((await running.finished).code).toBeNull();
    await until(() => !processes.some(isAlive));
    expect(processes.length).toBeGreaterThan(0);

    const before = stampsIn(folder);
    const { code, stdout } = await sweep(args);
    expect(code).toBe(0);
    expect([...stampsIn(folder)]).toEqual(expect.arrayContaining([...before]));
    expect(stdout.match(/✓/g)?.length ?? 0).toBeLessThan(4);
    expect(leftoversIn(out)).toEqual([]);
    await runWhole();
    const journals = journalsIn(folder);
    expect(Object.keys(journals)).toHaveLength(5);
    expect(journalsIn(whole.folder)).toMatchObject(journals);
  });

  it.skipIf(!linux)('keeps going when a worker dies, fails that cell alone, and mends it the next time', async () => {
    const out = join(scratch, 'orphaned');
    const folder = join(out, 'tiny');
    const args = [tiny, '--seeds', '1', '--workers', '2', '--set', 'training.steps=40', '--out', out];
    const running = startSweep(args);
    const victim = await cellAtWork(folder);
    process.kill(victim.pid, 'SIGKILL');
    const { code, stdout } = await running.finished;
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /^✗ temperature .+: the worker process was ended by SIGKILL \(out of memory\?\); .+ logs\/$/m,
    );
    expect(stdout).toContain('1 cell failed; the same command tries only those again.');
    const states = readExperiment(folder).cells.map(({ cell, outcome }) => [cell.id, outcome.state]);
    expect(states.filter(([, state]) => state === 'failed')).toEqual([[victim.id, 'failed']]);
    expect(states.filter(([, state]) => state === 'finished')).toHaveLength(4);

    const again = await sweep(args);
    expect(again.code).toBe(0);
    expect(again.stdout.match(/✓/g)).toHaveLength(1);
    expect(readdirSync(join(folder, 'failed'))).toEqual([]);
    expect(leftoversIn(out)).toEqual([]);
  });

  it.skipIf(!linux)('lets no second sweep into its folder; Ctrl-C ends it, with the command to continue', async () => {
    const out = join(scratch, 'interrupted');
    const folder = join(out, 'tiny');
    const args = [tiny, '--seeds', '1', '--workers', '2', '--set', 'training.steps=100000', '--out', out, '--fresh'];
    const running = startSweep(args, { launcher: 'tsx' });
    const cell = await cellAtWork(folder);

    const second = await sweep(args);
    expect(second.code).toBe(2);
    expect(second.stderr).toMatch(/^SWEEP_RUNNING: another sweep is writing .+tiny; expected .+ --out\.\n$/);
    expect(cellsAtWork(folder)).toContainEqual(cell);

    const processes = descendantsOf(running.pid);
    running.interrupt('SIGINT');
    const { code, stdout } = await running.finished;
    expect(code).toBe(130);
    const command = `yarn sweep ${args.join(' ')}`.replace(' --fresh', '');
    expect(stdout).toContain(`Interrupted. 0 finished cells kept in ${folder}; continue with:\n  ${command}\n`);
    await until(() => !processes.some(isAlive));
    expect(leftoversIn(out)).toEqual([]);
  });
});

describe.concurrent('a cell that goes wrong', { timeout: 300_000 }, () => {
  /** A head of this size cannot be had. */
  const heads = (...sizes: number[]) => `head=${JSON.stringify(sizes.map((out) => ({ kind: 'linear', out })))}`;
  const impossible = 1e14;

  it('is marked if its loss is no longer finite, and counts as a result', async () => {
    const out = join(scratch, 'diverging');
    const { code, stdout } = await sweep([
      tiny,
      ...onePoint,
      '--set',
      'training.learningRate=[1e30, 1e-3]',
      '--out',
      out,
    ]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^! learningRate 1e\+30 · seed 1: .+, diverged: .+ is NaN in step \d/m);
    expect(stdout).toMatch(/^✓ learningRate 0\.001 · seed 1: /m);
    expect(stdout).toMatch(/^! diverged, left out of the means: learningRate 1e\+30 · seed 1/m);
    const { cells } = readExperiment(join(out, 'tiny'));
    const statuses = cells.map(({ outcome }) => outcome.state === 'finished' && outcome.run.end.status);
    expect(statuses).toEqual(['completed', 'diverged', 'completed']);
  });

  it('does not stop the others, not even as the last of them', async () => {
    const out = join(scratch, 'failing');
    const { code, stdout } = await sweep([tiny, ...onePoint, '--set', heads(8, impossible), '--out', out]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^✓ head linear out 8 /m);
    expect(stdout).toMatch(/^✗ head linear out 100000000000000 · seed 1: /m);
    const states = readExperiment(join(out, 'tiny')).cells.map(({ outcome }) => outcome.state);
    expect(states).toEqual(['finished', 'finished', 'failed']);
  });

  it('stops the others with --stop-on-failure', async () => {
    const out = join(scratch, 'stopping');
    const flags = ['--stop-on-failure', '--set', heads(impossible, 8)];
    const { code, stdout } = await sweep([tiny, ...onePoint, ...flags, '--out', out]);
    expect(code).toBe(1);
    expect(stdout).toContain('1 cell failed');
    const states = readExperiment(join(out, 'tiny')).cells.map(({ outcome }) => outcome.state);
    // A training comes first, then the original, then the other.
    expect(states).toEqual(['missing', 'failed', 'missing']);
  });
});
