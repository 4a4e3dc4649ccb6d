/**
 * `yarn bench`: how fast this project trains and encodes here, beside PyTorch where an interpreter with it is given.
 * Contenders run alone, one after the other, several times in turn; times say nothing on a busy machine.
 */
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { median } from 'mathjs';
import { createSampler } from '../../samplers/index.ts';
import { places } from '../../src/cli/environment.ts';
import { argumentParser, runCli } from '../../src/cli/run.ts';
import { loadCorpus } from '../../src/data/corpus.ts';
import { resolveEncoder } from '../../src/encoders/resolveEncoder.ts';
import type { Precision } from '../../src/engine/engine.ts';
import { detectHardware } from '../../src/engine/hardware.ts';
import { tryEngine } from '../../src/engine/trial.ts';
import { UserError } from '../../src/errors.ts';
import { textTable } from '../../src/report/textTable.ts';
import { type Contender, measure, missingIn, ours, output, peer } from './contenders.ts';
import { evaluationTasks } from './evaluationParts.ts';
import { writeRandomEncoder } from './randomEncoder.ts';
import { cellsOfStandardSweep, runOurs, runPeer, standardSweep } from './standardSweep.ts';
import { type Measurement, type Workload, writeWorkload } from './workload.ts';

const suites = ['step', 'machine', 'encode', 'evaluate', 'sizes', 'sweep', 'standard', 'dashboard'] as const;
type Suite = (typeof suites)[number];

const install = 'pip install torch transformers sentence-transformers pytorch-metric-learning';

/** One row of the report: a workload, run by both. */
interface Case {
  readonly suite: Suite;
  readonly name: string;
  readonly workload: Omit<Workload, 'threads' | 'precision'>;
  readonly precision: Precision;
  /** Processes side by side and threads of each; the best of them counts. */
  readonly arrangements: readonly (readonly [processes: number, threads: number])[];
}

/** A contender's result: of all rounds, in seconds a run, or with several processes in runs a second. */
interface Result {
  readonly contender: string;
  readonly median: number;
  readonly smallest: number;
  readonly largest: number;
  readonly megabytes: number;
  readonly arrangement: string;
}

async function main(): Promise<number> {
  const parser = argumentParser('yarn bench')
    .demandCommand(0, suites.length)
    .usage('$0 [suite...] [options]\n\nTimes training steps and encoding, beside PyTorch where it is given.')
    .options({
      peer: {
        type: 'string',
        requiresArg: true,
        describe: `a Python interpreter that has what this installs: ${install}`,
      },
      rounds: { type: 'number', default: 3, describe: 'how often each contender runs, in turn' },
      json: { type: 'boolean', default: false, describe: 'print the result as JSON' },
    })
    .example('$0', 'all suites but standard and dashboard, without a peer')
    .example('$0 step encode --peer ~/venv/bin/python', '')
    .epilogue(`Suites: step (training, all cores), machine (steps a second of the whole machine), encode,
evaluate (kNN, retrieval and clustering, beside scikit-learn and pytorch-metric-learning), sizes
(MiniLM and BERT-base with random weights, batches of 16 and 64, short and long texts), sweep (1 to 16 cells),
standard (a whole sweep of 8 cells beside the usual script, a process a cell; only when it is named: on real data it
takes most of an hour), dashboard (5,000 runs in Chromium; only when it is named).`);
  const args = await parser.parseAsync();
  if (args.help) return 0;
  const wanted = args._.map(String);
  const unknown = wanted.filter((name) => !suites.includes(name as Suite));
  if (unknown.length > 0) throw unknownSuite(unknown);
  const say = (text: string) => process.stderr.write(`${text}\n`);

  const cores = availableParallelism();
  const machine = `${detectHardware().cpu ?? 'unknown processor'}, ${cores} cores`;
  const [load = 0] = loadavg();
  say(`${machine}, load ${load.toFixed(2)}`);
  if (load > 0.3 * cores) say('! The machine is busy: do not believe these times.');
  const contenders: Contender[] = [ours];
  if (args.peer === undefined) say(`No peer: give --peer <python>, of an environment with: ${install}`);
  else {
    const missing = await missingIn(args.peer);
    if (missing === undefined) contenders.push(peer(args.peer));
    else say(`! The peer is left out (${missing}); install it with: ${install}`);
  }
  const bfloat16 = await tryEngine({ engine: 'tensorflow', precision: 'bfloat16', threads: 0 });
  const precisions: Precision[] = bfloat16.works ? ['float32', 'bfloat16'] : ['float32'];

  const folder = await mkdtemp(join(tmpdir(), 'contrafit-bench-'));
  try {
    const ofCases = wanted.length === 0 || wanted.some((name) => !['sweep', 'standard', 'dashboard'].includes(name));
    const cases = (ofCases ? await casesOf(folder, cores, precisions) : []).filter(
      ({ suite }) => wanted.length === 0 || wanted.includes(suite),
    );
    const report: { suite: Suite; name: string; results: Result[] }[] = [];
    for (const one of cases) {
      say(`… ${one.name}`);
      report.push({ suite: one.suite, name: one.name, results: await run(one, contenders, args.rounds, folder) });
    }
    if (wanted.length === 0 || wanted.includes('sweep')) {
      for (const cells of [1, 2, 4, 8, 16]) {
        const name = `whole sweep of retrofit.ts with ${cells} ${cells === 1 ? 'cell' : 'cells'}, mini, embedded corpus`;
        say(`… ${name}`);
        report.push({ suite: 'sweep', name, results: [await runSweep(cells, join(folder, `sweep-${cells}`))] });
      }
    }
    if (wanted.includes('standard')) {
      const sweep = await standardSweep();
      const name = `standard sweep of ${cellsOfStandardSweep} cells, ${sweep.name}`;
      say(`… ${name}`);
      const results = [wholeRun(`${ours.name}, ${precisions.at(-1)}`, await runOurs(sweep, join(folder, 'standard')))];
      if (args.peer !== undefined && contenders.length > 1) {
        results.push(wholeRun('PyTorch, float32', await runPeer(args.peer, sweep, join(folder, 'peer'))));
      }
      report.push({ suite: 'standard', name, results });
    }
    if (wanted.includes('dashboard')) {
      say('… dashboard');
      const { dashboardTimes } = await import('./dashboard.ts');
      for (const { name, seconds } of await dashboardTimes(folder)) {
        report.push({ suite: 'dashboard', name, results: [wholeRun(ours.name, seconds)] });
      }
    }
    if (args.json) process.stdout.write(`${JSON.stringify({ machine, load, report }, null, 2)}\n`);
    else process.stdout.write(`${machine}\n\n${tableOf(report)}\n`);
    return 0;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function unknownSuite(unknown: readonly string[]): UserError {
  return new UserError({
    code: 'BENCH_UNKNOWN_SUITE',
    given: unknown.join(', '),
    expected: suites.join(', '),
    remedy: 'Name one of these, or none for all.',
  });
}

async function casesOf(folder: string, cores: number, precisions: readonly Precision[]): Promise<Case[]> {
  const where = places(process.env);
  const offline = { ...where.encoders, offline: true };
  const real = await resolveEncoder('all-MiniLM-L6-v2', offline).catch(() => undefined);
  const goemotions = await readdir(join(where.dataFolder, 'goemotions')).catch(() => undefined);
  const corpus = await loadCorpus({ source: goemotions ? 'goemotions' : 'embedded', exclude: [] }, where);
  for (const size of ['MiniLM', 'BERT-base'] as const) {
    await mkdir(join(folder, size));
    await writeRandomEncoder(join(folder, size), size);
  }
  const encoder = real ?? join(folder, 'MiniLM');
  const data = `${real ? 'all-MiniLM-L6-v2' : 'MiniLM, random weights'}, ${corpus.name}`;

  const batchesOf = (batchSize: number) => {
    const sampler = createSampler(
      { kind: 'mPerClass', batchSize, m: 4, smallClasses: 'repeat' },
      corpus.train.labels,
      1,
      corpus.labelNames,
    );
    return sampler
      .epoch(0)
      .slice(0, 40)
      .map((batch) => [...batch]);
  };
  const training = (batchSize: number, of = encoder, joined = 1): Case['workload'] => ({
    task: 'step',
    encoder: of,
    ...onlyUsed(corpus.train.texts, [...corpus.train.labels], batchesOf(batchSize), joined),
    maxLength: 128,
    pooling: 'cls',
    warmUp: 3,
    runs: 5,
    seconds: 8,
  });
  const encoding: Case['workload'] = {
    task: 'encode',
    encoder,
    texts: [...corpus.test.texts],
    labels: [],
    batches: [],
    maxLength: 128,
    pooling: 'mean',
    warmUp: 1,
    runs: 1,
    seconds: 0,
  };
  const all = [[1, cores]] as const;
  const evaluations = {
    knn: 'kNN, k 10: 5,000 texts by 36,000 × 384',
    retrieval: 'retrieval scores of 5,000 × 384',
    kMeans: 'k-means, 28 clusters, 10 starts, and its agreement: 5,000 × 384',
  };
  const precision = precisions.at(-1) as Precision;
  const ofEvaluation = evaluationTasks.map(
    (task): Case => ({
      suite: 'evaluate',
      name: evaluations[task],
      workload: { ...encoding, task, texts: [], runs: 3 },
      precision,
      arrangements: all,
    }),
  );
  return ofEvaluation.concat(
    precisions.flatMap((precision): Case[] => [
      {
        suite: 'step',
        name: `step, batch 64, ${precision}, ${data}`,
        workload: training(64),
        precision,
        arrangements: all,
      },
      {
        suite: 'machine',
        name: `steps a second of the machine, batch 64, ${precision}, ${data}`,
        workload: training(64),
        precision,
        arrangements: [...all, [cores, 1]],
      },
      {
        suite: 'encode',
        name: `encoding ${corpus.test.texts.length} texts, mean pooling, ${precision}, ${data}`,
        workload: encoding,
        precision,
        arrangements: all,
      },
      ...(['MiniLM', 'BERT-base'] as const).flatMap((size) =>
        [16, 64].flatMap((batchSize) =>
          [1, 4].map(
            (joined): Case => ({
              suite: 'sizes',
              name: `step, ${size}, batch ${batchSize}, ${joined === 1 ? 'short' : 'long'} texts, ${precision}`,
              workload: { ...training(batchSize, join(folder, size), joined), warmUp: 1, runs: 3, seconds: 3 },
              precision,
              arrangements: all,
            }),
          ),
        ),
      ),
    ]),
  );
}

/** The texts that the batches use, renumbered; each `joined` with the next ones to be longer. */
function onlyUsed(texts: readonly string[], labels: readonly number[], batches: readonly number[][], joined: number) {
  const used = [...new Set(batches.flat())];
  const place = new Map(used.map((index, i) => [index, i]));
  const longer = (i: number) => Array.from({ length: joined }, (_, k) => texts[used[(i + k) % used.length] as number]);
  return {
    texts: used.map((_, i) => longer(i).join(' ')),
    labels: used.map((index) => labels[index] as number),
    batches: batches.map((batch) => batch.map((index) => place.get(index) as number)),
  };
}

async function run(one: Case, contenders: readonly Contender[], rounds: number, folder: string): Promise<Result[]> {
  const measured = new Map<
    string,
    { contender: Contender; arrangement: readonly [number, number]; runs: Measurement[][] }
  >();
  for (let round = 0; round < rounds; round++) {
    for (const contender of contenders) {
      for (const arrangement of one.arrangements) {
        const [processes, threads] = arrangement;
        const file = join(folder, 'workload.json');
        await writeWorkload(file, { ...one.workload, precision: one.precision, threads });
        const key = `${contender.name} ${arrangement}`;
        const entry = measured.get(key) ?? { contender, arrangement, runs: [] };
        measured.set(key, entry);
        entry.runs.push(await Promise.all(Array.from({ length: processes }, () => measure(contender, file))));
      }
    }
  }
  const results = [...measured.values()].map(({ contender, arrangement: [processes, threads], runs }): Result => {
    // Of each round one number: the processes' rates together, as the seconds that a run of one process would take.
    const perRound = runs.map((side) => 1 / side.reduce((rate, { seconds }) => rate + 1 / median(seconds), 0));
    return {
      contender: contender.name,
      median: median(perRound),
      smallest: Math.min(...perRound),
      largest: Math.max(...perRound),
      megabytes: Math.max(...runs.flat().map(({ megabytes }) => megabytes)),
      arrangement: `${processes} × ${threads}`,
    };
  });
  return contenders.map(({ name }) =>
    results
      .filter(({ contender }) => contender === name)
      .reduce((best, next) => (next.median < best.median ? next : best)),
  );
}

/** From the command to its end: start, measurement, frozen embeddings and table included. */
async function runSweep(cells: number, out: string): Promise<Result> {
  const begin = performance.now();
  const settings = ['objective.supCon.temperature=0.1', 'objective.vectorSpacePreservation.weight=10'];
  const args = [
    'experiments/retrofit.ts',
    '--out',
    out,
    '--seeds',
    `1..${cells}`,
    ...settings.flatMap((s) => ['--set', s]),
  ];
  await output([process.execPath, '--import', 'tsx', 'src/cli/sweep.ts', ...args]);
  return wholeRun(ours.name, (performance.now() - begin) / 1000);
}

function wholeRun(contender: string, seconds: number): Result {
  return { contender, median: seconds, smallest: seconds, largest: seconds, megabytes: 0, arrangement: '' };
}

function tableOf(report: readonly { name: string; results: readonly Result[] }[]): string {
  const rows = report.flatMap(({ name, results }) =>
    results.map(({ contender, median: middle, smallest, largest, arrangement, megabytes }, i) => {
      const reference = results[1];
      const ratio = i === 0 && reference ? (middle / reference.median).toFixed(2) : '';
      const figures = [middle, smallest, largest].map((value) => value.toPrecision(3));
      return [
        i === 0 ? name : '',
        contender,
        arrangement,
        figures[0],
        `${figures[1]}–${figures[2]}`,
        ratio,
        megabytes > 0 ? `${megabytes}` : '',
      ] as string[];
    }),
  );
  const title = (text: string, align: 'left' | 'right' = 'right') => ({ title: text, align });
  return textTable(
    [
      title('work', 'left'),
      title('contender', 'left'),
      title('processes × threads'),
      title('seconds, median'),
      title('range of rounds'),
      title('ratio'),
      title('peak MB'),
    ],
    rows,
  );
}

runCli(main);
