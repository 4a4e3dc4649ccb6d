import { join } from 'node:path';
import process from 'node:process';
import { z } from 'zod';
import { emotions } from '../data/emotions.ts';
import { splitNames } from '../data/source.ts';
import { type Problem, throwIfAny, UserError } from '../errors.ts';
import { coloursOf } from '../report/terminal.ts';
import { figureColumn, textColumn, textTable } from '../report/textTable.ts';
import type { Card } from '../synthesis/card.ts';
import type { NarrativeCorpus } from '../synthesis/narratives.ts';
import { synthesisOptionsSchema } from '../synthesis/options.ts';
import { commandLine, shellWord } from './commandLine.ts';
import { count } from './count.ts';
import { places } from './environment.ts';
import { argumentParser, defaultResults, runCli } from './run.ts';

const help = `Six stages (arXiv 2504.16856): characters of a narrative, their utterances, soft labels, contexts, contexts without
talk of emotions, utterances that are ambiguous without them. Every answer is kept in <out>/calls: the same command continues
where it was ended, however it ended, and asks nothing twice. <out>/contextless and <out>/contextual are corpora for --data.
Exit codes: 0 done; 1 no utterance was accepted; 2 a mistake in the command or its data, or an endpoint that gave up;
130 interrupted.
Environment: OPENAI_API_KEY (sent to the endpoint, kept nowhere), OPENAI_BASE_URL (the endpoint).`;

/** Ollama's own address. */
const defaultEndpoint = 'http://127.0.0.1:11434/v1';

/** What says how fast and from where answers come, and has no part in the result. */
const runSchema = z.object({
  endpoint: z.string(),
  concurrency: z.int().min(1).max(1000),
  callsPerMinute: z.number().gt(0).optional(),
  deadline: z.number().gt(0),
  retries: z.int().min(0).max(100),
  narratives: z.string().optional(),
  limit: z.int().min(1).optional(),
  labelMap: z.string().optional(),
  encoder: z.string(),
  out: z.string().optional(),
});

async function main(): Promise<number> {
  const number = { type: 'number', requiresArg: true } as const;
  const string = { type: 'string', requiresArg: true } as const;
  const parser = argumentParser('yarn synthesize')
    .usage(
      '$0 --model <model> [options]\n\nHas a language model write labelled utterances of the characters of narratives.',
    )
    .demandCommand(0, 0)
    .options({
      model: { ...string, demandOption: true, describe: 'as the endpoint calls it' },
      endpoint: {
        ...string,
        describe: `an OpenAI-compatible address; default OPENAI_BASE_URL, or Ollama's: ${defaultEndpoint}`,
      },
      narratives: {
        ...string,
        describe:
          '.jsonl, .csv, .tsv or .parquet with text and, if any, id and title; default: plots that come with the project',
      },
      limit: { ...number, describe: 'narratives at most, the first ones' },
      out: { ...string, describe: `output folder; default ${defaultResults}/synthesized/<name of the narratives>` },
      characters: { ...number, default: 4, describe: 'characters of a narrative at most, 10 utterances each' },
      round: { ...number, default: 8, describe: 'narratives of a round; after each there is output and steering' },
      quota: {
        ...number,
        describe:
          'utterances of a class at most; later rounds ask for the scarcest, the end tells what is missing; default none',
      },
      'max-similarity': {
        ...number,
        default: 0.92,
        describe: 'cosine above which an utterance, or its rewriting, is a near-duplicate',
      },
      encoder: { ...string, default: 'mini', describe: 'measures similarity: mini, owner/name or a folder' },
      'label-map': {
        ...string,
        describe: 'JSON, word → emotion or null: extends the own map; begin with a reviewed labels-to-review.json',
      },
      split: { ...string, default: '.8,.1,.1', describe: 'shares of narratives: train,validation,test' },
      structured: {
        choices: ['schema', 'object', 'none'] as const,
        default: 'schema' as const,
        describe: 'ask for answers by JSON Schema, as any JSON, or by the prompt alone',
      },
      temperature: { ...number, describe: "default: the endpoint's, as of the next ones" },
      'top-p': { ...number, describe: 'nucleus sampling' },
      'max-tokens': { ...number, describe: 'of an answer' },
      seed: {
        ...number,
        describe: 'sent to the endpoint, and draws the splits (which it does with 0 if it is not given)',
      },
      concurrency: { ...number, default: 4, describe: 'calls at a time' },
      'calls-per-minute': {
        ...number,
        describe: 'attempts that begin in a minute, repeated ones too; default: no limit',
      },
      deadline: { ...number, default: 120, describe: 'seconds that an answer may take' },
      retries: { ...number, default: 6, describe: 'attempts after the first, with exponential back-off and jitter' },
      'price-input': { ...number, describe: 'of a million tokens, for the cost' },
      'price-output': { ...number, describe: 'of a million tokens' },
      'dry-run': {
        type: 'boolean',
        default: false,
        describe: 'show the number of calls and the first prompt; call nothing',
      },
      json: { type: 'boolean', default: false, describe: 'print the data card as JSON on standard output' },
    })
    .implies({ 'price-input': 'price-output', 'price-output': 'price-input' })
    .example('$0 --model mistral --limit 8', 'the first eight plots, by Ollama on this machine')
    .example('$0 --model gpt-4o-mini --endpoint https://api.openai.com/v1 --quota 200', 'hosted, classes kept even')
    .example('$0 --model mistral --narratives plots.jsonl --dry-run', 'how many calls?')
    .epilogue(help);
  const args = await parser.parseAsync();
  if (args.help) return 0;
  const { run, options } = check(args);

  const { readNarratives } = await import('../synthesis/narratives.ts');
  const corpus = await readNarratives(run.narratives, run.limit);
  const folder = run.out ?? join(defaultResults, 'synthesized', corpus.name);
  if (args.dryRun) return dryRun(corpus, options, args.json);

  const [{ loadLabelMap }, { endpointKind }] = await Promise.all([
    import('../synthesis/labelMap.ts'),
    import('../synthesis/endpoint.ts'),
  ]);
  endpointKind(run.endpoint);
  const labelMap = await loadLabelMap(run.labelMap);
  const interrupt = new AbortController();
  const onSignal = () => interrupt.abort();
  // Not `once`: tsx, which passes signals on, ends a process that no longer listens.
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  // With --json standard output holds the result and nothing else.
  const terminal = args.json ? process.stderr : process.stdout;
  const print = (text = '') => terminal.write(`${text}\n`);
  const { createSynthesisView } = await import('../synthesis/view.ts');
  const { loadEmbedder } = await import('../synthesis/embedder.ts');
  const { synthesize } = await import('../synthesis/synthesize.ts');
  const embedder = await loadEmbedder(run.encoder, places(process.env).encoders);
  const view = createSynthesisView(terminal);
  const key = process.env.OPENAI_API_KEY?.trim();
  const { endpoint: address, concurrency, callsPerMinute, deadline, retries } = run;
  let card: Card;
  try {
    card = await synthesize({
      corpus,
      options,
      labelMap,
      endpoint: {
        ...{ address, concurrency, deadline, retries, clock: () => performance.timeOrigin + performance.now() },
        ...(key && { key }),
        ...(callsPerMinute !== undefined && { callsPerMinute }),
      },
      embedder,
      folder,
      view,
      signal: interrupt.signal,
    });
  } catch (error) {
    view.stop();
    if (interrupt.signal.aborted) {
      print(`\nInterrupted. All answers are kept in ${join(folder, 'calls')}; continue with:\n  ${again()}`);
      return 130;
    }
    throw error instanceof UserError ? withCommand(error) : error;
  }
  view.stop();
  if (args.json) process.stdout.write(`${JSON.stringify(card, null, 2)}\n`);
  summarise(card, folder, print);
  return card.utterances.accepted > 0 ? 0 : 1;
}

/** What the command line says, checked; every mistake at once. */
function check(args: Readonly<Record<string, unknown>>) {
  const { priceInput, priceOutput } = args;
  const shares = String(args.split).split(',').map(Number);
  const [train, validation, test] = shares;
  const run = runSchema.safeParse({
    ...args,
    endpoint: args.endpoint ?? (process.env.OPENAI_BASE_URL?.trim() || defaultEndpoint),
  });
  const { model, structured, temperature, topP, maxTokens, seed, characters, round, quota, maxSimilarity } = args;
  const options = synthesisOptionsSchema.safeParse({
    ...{ model, structured, temperature, topP, maxTokens, seed, characters, round, quota, maxSimilarity },
    split: { train, validation, test },
    ...(priceInput !== undefined && { price: { input: priceInput, output: priceOutput } }),
  });
  const issues = [...(run.error?.issues ?? []), ...(options.error?.issues ?? [])];
  throwIfAny(issues.map((issue) => optionProblem(issue, args)));
  if (!run.data || !options.data || shares.length !== 3) {
    throw new UserError({
      code: 'SYNTHESIS_OPTION_INVALID',
      given: `--split ${args.split}`,
      expected: 'three shares, of train, validation and test, that add up to 1',
      remedy: 'For instance --split .8,.1,.1.',
    });
  }
  return { run: run.data, options: options.data };
}

function optionProblem({ path, message }: z.core.$ZodIssue, args: Readonly<Record<string, unknown>>): Problem {
  const name = path[0] === 'price' ? path.join('-') : String(path[0]);
  const flag = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return {
    code: 'SYNTHESIS_OPTION_INVALID',
    given: `--${flag} ${args[flag]}`,
    expected: message.replace(/^(Invalid (input|option)|Too (small|big)): expected /, ''),
    remedy: 'See: yarn synthesize --help',
  };
}

async function dryRun(
  corpus: NarrativeCorpus,
  options: z.output<typeof synthesisOptionsSchema>,
  json: boolean,
): Promise<number> {
  const { answersExpected } = await import('../synthesis/progress.ts');
  const { charactersStage } = await import('../synthesis/stages/characters.ts');
  const { narratives } = corpus;
  const calls = answersExpected(narratives.length, options.characters);
  const [narrative] = narratives;
  const variables = narrative && charactersStage.variables({ narrative, most: options.characters });
  const prompt = charactersStage.prompt.render(variables ?? {});
  process.stdout.write(
    json
      ? `${JSON.stringify({ narratives: narratives.length, calls, prompt }, null, 2)}\n`
      : `${narratives.length} narratives, up to ${calls.toLocaleString('en')} calls and some repairs. The first prompt:\n\n${prompt}\n`,
  );
  return 0;
}

function summarise(card: Card, folder: string, print: (text?: string) => void): void {
  const colours = coloursOf(process.stdout);
  const { stages, utterances, usage, labels, distribution } = card;
  const reasons = (counts: Readonly<Record<string, number>>) =>
    Object.entries(counts)
      .map(([reason, n]) => `${reason} ${n}`)
      .join(', ');
  print(
    textTable(
      [textColumn('stage'), ...['questions', 'answered', 'repaired'].map(figureColumn), textColumn('rejected')],
      stages.map(({ name, questions, answered, repaired, rejected }) => [
        name,
        ...[questions, answered, repaired].map(String),
        reasons(rejected),
      ]),
      colours,
    ),
  );
  const rejected = reasons(utterances.rejected);
  const classes = distribution.filter(({ strongest }) => strongest > 0).length;
  print(
    `\n${utterances.accepted} utterances in ${classes} of 28 classes${rejected && `; rejected: ${rejected}`}. ` +
      `${usage.promptTokens} tokens in, ${usage.completionTokens} out${usage.cost === undefined ? '' : `, cost ${usage.cost}`}.`,
  );
  if (labels.unknown.length > 0) {
    print(
      `${count(labels.unknown.length, 'unknown emotion word')} dropped: review ${join(folder, 'labels-to-review.json')},`,
    );
    print('then run the same command with it as --label-map.');
  }
  if (card.quota && card.quota.below.length > 0) {
    const below = card.quota.below.map(({ emotion, missing }) => `${emotion} by ${missing}`);
    print(
      `\n${below.length} of ${emotions.length} classes are below the quota of ${card.options.quota}: ${below.join(', ')}.`,
    );
    print(
      `Run it with more narratives after these (--narratives, --limit); with --out ${shellWord(folder)} no answer is asked for twice.`,
    );
  }
  print(`\nOutput:  ${folder}`);
  if (utterances.accepted === 0) {
    print('! no utterance was accepted, so there is nothing to train on: try another model, or --structured');
    return;
  }
  const missing = splitNames.filter((split) => card.splits[split].utterances === 0);
  if (missing.length > 0) {
    print(`! no utterances for ${missing.join(' and ')}: the split is by narrative, of which it takes more`);
  }
  print(
    `Next:    yarn data show ${shellWord(join(folder, 'contextless'))}   ·   yarn sweep experiments/retrofit.ts --data ${shellWord(join(folder, 'contextless'))}`,
  );
}

/** Says which command continues, where the endpoint gave up. */
function withCommand({ problems }: UserError): UserError {
  return new UserError(
    problems.map((problem) =>
      problem.code.startsWith('ENDPOINT_')
        ? { ...problem, remedy: `${problem.remedy} All answers are kept; continue with: ${again()}` }
        : problem,
    ),
  );
}

function again(): string {
  return commandLine('yarn synthesize');
}

runCli(main);
