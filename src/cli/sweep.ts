import { forkWorker } from '../sweep/workerProcess.ts';
import { argumentParser, defaultResults, runCli } from './run.ts';

const exitCodes = `Exit codes: 0 all cells finished, diverged ones included; 1 a cell failed; 2 a mistake in the command,
the experiment or its data, and no cell could be computed; 130 interrupted. Finished cells are never lost:
the same command continues with what is missing.`;

async function main(): Promise<number> {
  const parser = argumentParser('yarn sweep', ['set'])
    .usage(
      "$0 <experiment> [options]\n\nRuns every point of an experiment's grid once a seed and compares the results.",
    )
    .demandCommand(1, 1)
    // `--set a=1 b=2`: one value a flag, or the experiment's file would count as a value too.
    .parserConfiguration({ 'greedy-arrays': false })
    .options({
      set: {
        type: 'array',
        string: true,
        requiresArg: true,
        describe: 'path=value: changes a setting; a list or an expression such as logspace(-2,2,5) makes it an axis',
      },
      seeds: { type: 'string', requiresArg: true, describe: 'seeds of each grid point: 1..5 or 1,3,7' },
      encoder: {
        type: 'string',
        requiresArg: true,
        describe: "'mini', a Hugging Face folder or owner/name; short for --set encoder=",
      },
      data: {
        type: 'string',
        requiresArg: true,
        describe:
          "a corpus by its name ('embedded', 'goemotions', 'emotion', 'sst2', …), a folder or a file; short for --set data.source=",
      },
      tasks: {
        type: 'string',
        requiresArg: true,
        describe: 'downstream tasks: corpora with commas between; short for --set evaluation.downstream.tasks=',
      },
      precision: {
        choices: ['auto', 'float32', 'bfloat16'] as const,
        describe: 'auto: bfloat16 where the CPU multiplies in it; short for --set precision=',
      },
      engine: { choices: ['auto', 'tensorflow', 'wasm'] as const, default: 'auto' as const, describe: 'what computes' },
      workers: {
        type: 'number',
        requiresArg: true,
        describe: 'processes at a time; default one a core (on a GPU one) but no more than cells',
      },
      out: { type: 'string', requiresArg: true, default: defaultResults, describe: 'results folder' },
      smoke: { type: 'boolean', default: false, describe: 'the same in seconds: few texts, steps and points' },
      'dry-run': {
        type: 'boolean',
        default: false,
        describe: 'show cells, steps, estimated time and disk; run nothing',
      },
      fresh: {
        type: 'boolean',
        default: false,
        describe: 'discard the finished cells of this plan and compute them again',
      },
      'stop-on-failure': { type: 'boolean', default: false, describe: 'start no further cell after a failure' },
      wandb: {
        choices: ['online', 'offline', 'disabled'] as const,
        describe: 'Weights & Biases: live, as a log to upload later, or not; default: online where there is an API key',
      },
      'wandb-sweep': {
        type: 'boolean',
        default: false,
        describe: 'make a W&B sweep with the same axes and attach the cells to it',
      },
      agent: {
        type: 'string',
        requiresArg: true,
        describe: 'one cell, with settings and seed as JSON: what a W&B sweep runs by its args_json',
      },
      tensorboard: {
        type: 'boolean',
        default: false,
        describe:
          'event files of the cells that it computes, for tensorboard --logdir <out>/<name>/cells; native engine only',
      },
      json: { type: 'boolean', default: false, describe: 'print the result as JSON on standard output' },
    })
    .example('$0 experiments/retrofit.ts', 'the whole experiment')
    .example('$0 experiments/retrofit.ts --smoke', 'does it run at all?')
    .example('$0 experiments/retrofit.ts --seeds 1..5 --set objective.supCon.temperature=[0.05,0.1,0.3]', '')
    .example("$0 experiments/goemotions.ts --set 'objective.vectorSpacePreservation.weight=logspace(-1,2,4)'", '')
    .epilogue(exitCodes);
  const args = await parser.parseAsync();
  if (args.help) return 0;
  // The first worker starts beside what this process loads only now, since help does not need it.
  const worker = forkWorker();
  try {
    const { executeSweep } = await import('./executeSweep.ts');
    return await executeSweep({ ...args, file: String(args._[0]) }, worker);
  } finally {
    worker.process.kill('SIGKILL');
  }
}

runCli(main);
