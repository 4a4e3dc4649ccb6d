import process from 'node:process';
import pc from 'picocolors';
import { type Diagnosis, diagnose, type Examination } from '../engine/doctor.ts';
import { detectHardware } from '../engine/hardware.ts';
import { installNative } from '../engine/native/install.ts';
import { logFile } from '../engine/native/places.ts';
import { suitedVariant, type Variant, variants } from '../engine/native/variants.ts';
import { tryEngine } from '../engine/trial.ts';
import { places } from './environment.ts';
import { argumentParser, runCli } from './run.ts';

const exitCodes = `Exit codes: 0 the engine works, and no faster one is missing; 1 an engine does not work, or a faster one is
missing; 2 a mistake in the command, or something that the installation needs is missing.
Environment: CONTRAFIT_CACHE (default: contrafit in XDG_CACHE_HOME or ~/.cache) is where the engine is kept for all
checkouts; CONTRAFIT_SKIP_ENGINE=1 keeps yarn install from installing it.`;

async function main(): Promise<number> {
  let exitCode = 0;
  const parser = argumentParser('yarn engine')
    .usage('$0 <command>\n\nWhat computes: the native library (TensorFlow on the CPU or CUDA), or WebAssembly.')
    .command(
      'install [variant]',
      'download libtensorflow, build its binding, and link this checkout to it',
      (command) =>
        command
          .positional('variant', {
            choices: variants,
            describe: 'for the CPU (310 MB), or with CUDA (3.4 GB); default: by whether an NVIDIA driver is loaded',
          })
          .option('fresh', { type: 'boolean', default: false, describe: 'build it anew even if it is there' }),
      async ({ variant, fresh }) => {
        exitCode = await install(variant, fresh);
      },
    )
    .command(
      'doctor',
      'try every engine here, measure it, and say what a faster one lacks',
      (command) => command.option('json', { type: 'boolean', default: false, describe: 'print it as JSON' }),
      async ({ json }) => {
        const diagnosis = await diagnose();
        process.stdout.write(json ? `${JSON.stringify(diagnosis, null, 2)}\n` : describeDiagnosis(diagnosis));
        const broken = diagnosis.examinations.some(({ trial }) => !trial.works && !trial.unsupported);
        exitCode = broken || diagnosis.advice.length > 0 ? 1 : 0;
      },
    )
    .demandCommand(1, 'A command is missing: install or doctor')
    .example('$0 install', 'what suits this machine')
    .example('$0 install cuda', 'with CUDA, whatever is detected')
    .example('$0 doctor', 'which engines work, and how fast')
    .example('$0 doctor --json', 'the same for a script')
    .epilogue(exitCodes);
  await parser.parseAsync();
  return exitCode;
}

async function install(chosen: Variant | undefined, fresh: boolean): Promise<number> {
  const variant = chosen ?? suitedVariant(detectHardware().nvidia, process.platform, process.arch);
  const print = (line: string) => process.stdout.write(`${line}\n`);
  const folder = await installNative({
    variant,
    cacheFolder: places(process.env).cacheFolder,
    environment: process.env,
    fresh,
    onStep: (step) => print(`… ${step}`),
    ...(process.stdout.isTTY && {
      onDownload: (done: number, total: number) => process.stdout.write(`\r  ${done} of ${total} MB \r`),
    }),
  });
  const trial = await tryEngine({ engine: 'tensorflow', precision: 'float32', threads: 0 });
  if (trial.works) {
    print(`${pc.green('✓')} ${trial.engine.detail}: ${describeRate(trial)} in ${folder}`);
    const { slowerBecause } = trial.engine;
    if (slowerBecause !== undefined) print(`${pc.yellow('!')} ${slowerBecause}. Log: ${logFile}`);
    return 0;
  }
  print(`${pc.red('✗')} It is installed in ${folder}, but does not work: ${trial.reason}`);
  if (trial.log) print(trial.log);
  print(`Log: ${logFile}`);
  return 1;
}

function describeDiagnosis({ hardware, examinations, advice }: Diagnosis): string {
  const lines = [
    `${hardware.cpu ?? 'unknown CPU'}; NVIDIA driver: ${hardware.nvidia ? 'yes' : 'no'}`,
    '',
    ...examinations.flatMap(describeExamination),
    '',
  ];
  if (advice.length === 0) lines.push('Nothing is missing for a faster engine here.');
  for (const { missing, command } of advice)
    lines.push(`${pc.yellow('!')} ${missing}`, ...(command ? [`  ${pc.bold(command)}`] : []));
  return `${lines.join('\n')}\n`;
}

function describeExamination({ engine, precision, trial }: Examination): string[] {
  const name = `${engine.padEnd(10)} ${precision.padEnd(8)}`;
  if (trial.works) return [`${pc.green('✓')} ${name}  ${describeRate(trial)}  ${trial.engine.detail}`];
  if (trial.unsupported) return [`– ${name}  not on this machine: ${trial.reason}`];
  return [`${pc.red('✗')} ${name}  ${trial.reason}`, ...trial.log.split('\n').map((line) => `    ${line}`)];
}

function describeRate({ gflops, size, engine }: Extract<Examination['trial'], { works: true }>): string {
  const threads = `${engine.threads} thread${engine.threads === 1 ? '' : 's'}`;
  return `${gflops.toFixed(0).padStart(5)} GFLOP/s (${size} × ${size}, ${engine.device === 'cuda' ? 'GPU' : threads})`;
}

runCli(main);
