import process from 'node:process';
import type { Argv } from 'yargs';
import { type Corpus, loadCorpus, sources } from '../data/corpus.ts';
import { declarationSchema } from '../data/declaration.ts';
import { getDataset } from '../data/getDataset.ts';
import { type CorpusSource, type Labelling, labellings, splitNames } from '../data/source.ts';
import { type CorpusSummary, summariseCorpus, type TokenLengths, tokenLengths } from '../data/summary.ts';
import { didYouMean } from '../didYouMean.ts';
import { describeEncoder } from '../encoders/huggingFaceFolder.ts';
import { resolveEncoder } from '../encoders/resolveEncoder.ts';
import { type Problem, UserError } from '../errors.ts';
import { coloursOf } from '../report/terminal.ts';
import { figureColumn, textColumn, textTable } from '../report/textTable.ts';
import { withDownloadProgress } from './downloadProgress.ts';
import { places } from './environment.ts';
import { argumentParser, runCli, usageProblem } from './run.ts';

const help = `A corpus is one of those that list names, a folder with train, validation and test files, or a single
.csv, .tsv, .jsonl or .parquet file. Public datasets are read from folders in CONTRAFIT_DATA, in the files of their publishers.
Exit codes: 0 done; 2 a mistake in the command, or a corpus that is not there or not well-formed.`;

const colours = coloursOf(process.stdout);
const environment = places(process.env);
const print = (line = '') => process.stdout.write(`${line}\n`);

async function main(): Promise<number> {
  const json = { type: 'boolean', default: false, describe: 'print it as JSON' } as const;
  const corpus = { type: 'string', demandOption: true, describe: 'a name, a folder or a file' } as const;
  const text = { type: 'string', describe: "the text's column in one's own data, by default text" } as const;
  const label = { type: 'string', describe: "the label's column in one's own data, by default label" } as const;
  const strengths = {
    type: 'string',
    implies: 'labelling',
    describe: 'the column of several classes, by default emotions',
  } as const;
  const labelling = { choices: labellings, describe: "how many classes a text of one's own has" } as const;
  const ofCorpus = (command: Argv) =>
    command
      .positional('corpus', corpus)
      .option('text', text)
      .option('label', label)
      .option('labelling', labelling)
      .option('strengths', strengths);
  const parser = argumentParser('yarn data')
    .usage('$0 <command>\n\nThe corpora that encoders are retrofitted and judged on.')
    .command(
      'list',
      'every corpus that has a name, and whether it is here',
      (command) => command.option('json', json),
      (args) => list(args.json),
    )
    .command(
      'get <corpus>',
      'fetches a public dataset from its publisher and checks it; nothing is fetched unasked',
      (command) => command.positional('corpus', { type: 'string', demandOption: true, describe: 'a name of list' }),
      (args) => get(args.corpus),
    )
    .command(
      'show <corpus>',
      'splits, class balance, lengths in tokens, and what repeats, contradicts itself or leaks',
      (command) =>
        ofCorpus(command)
          .option('encoder', { type: 'string', default: 'mini', describe: 'whose tokens are counted' })
          .option('max-length', { type: 'number', default: 128, describe: 'tokens at which texts are cut' })
          .option('json', json),
      (args) => show(args, args.encoder, args.maxLength, args.json),
    )
    .command('check <corpus>', 'whether it is well-formed: every problem with its file and line', ofCorpus, (args) =>
      check(args),
    )
    .demandCommand(1, 'A command is missing: list, get, show or check')
    .example('$0 list', 'what there is')
    .example('$0 get goemotions', 'into CONTRAFIT_DATA, or where that is not set into the cache')
    .example('$0 show goemotions --encoder all-MiniLM-L6-v2', 'how many texts would be cut?')
    .example('$0 check ./my-corpus', 'before a sweep')
    .example('$0 check ./my-corpus --labelling soft', 'texts with emotions of different strength')
    .epilogue(help);
  await parser.parseAsync();
  return 0;
}

async function list(json: boolean): Promise<void> {
  const found = await Promise.all(
    Object.keys(sources).map(async (name) => ({ name, ...(await summaryOrProblems(name)) })),
  );
  if (json) {
    print(JSON.stringify(found, null, 2));
    return;
  }
  print(
    textTable(
      [textColumn('corpus'), ...splitNames.map(figureColumn), figureColumn('classes'), textColumn('licence as stated')],
      found.map((corpus) =>
        'problems' in corpus
          ? [corpus.name, ...splitNames.map(() => '–'), '–', corpus.problems.map(({ code }) => code).join(', ')]
          : [
              corpus.name,
              ...splitNames.map((split) => count(corpus.texts[split])),
              String(corpus.classes.length),
              corpus.licence,
            ],
      ),
      colours,
    ),
  );
  if (found.some((corpus) => 'problems' in corpus)) {
    print(
      colours.dim(
        `Looked for in ${environment.dataFolder} (CONTRAFIT_DATA); yarn data check <corpus> says what is missing, yarn data get <corpus> fetches it.`,
      ),
    );
  }
}

async function summaryOrProblems(source: string): Promise<CorpusSummary | { problems: readonly Problem[] }> {
  try {
    return summariseCorpus(await loadCorpus({ source, exclude: [] }, environment));
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { problems: error.problems };
  }
}

async function get(name: string): Promise<void> {
  const named = new Map<string, CorpusSource>(Object.entries(sources));
  const source = named.get(name);
  if (!source) {
    throw new UserError({
      code: 'DATA_UNKNOWN_SOURCE',
      given: `corpus "${name}"`,
      expected: [...named.keys()].join(', '),
      remedy: `Correct the name.${didYouMean(name, [...named.keys()])}`,
    });
  }
  const { dataset } = source;
  if (!dataset) {
    print(`${colours.green('✓')} ${name} comes with the project`);
    return;
  }
  const folder = await withDownloadProgress(dataset.folder, (onBytes) =>
    getDataset(dataset, environment.dataFolder, onBytes),
  );
  await load({ corpus: name });
  print(`${colours.green('✓')} ${name} lies in ${folder}`);
}

/** A corpus, the names of its columns where they are others than usual, and whether its texts have several classes. */
interface Chosen {
  readonly corpus: string;
  readonly text?: string | undefined;
  readonly label?: string | undefined;
  readonly labelling?: Labelling | undefined;
  readonly strengths?: string | undefined;
}

function load({ corpus: source, labelling, ...names }: Chosen): Promise<Corpus> {
  const given = [names.text, names.label, names.strengths].some((name) => name !== undefined);
  if (!given && labelling === undefined) return loadCorpus({ source, exclude: [] }, environment);
  const columns = { text: names.text, label: names.label, strengths: names.strengths };
  const own = declarationSchema.safeParse({ columns, labelling });
  if (!own.success) {
    const reasons = own.error.issues.map(({ message }) => message).join('; ');
    throw usageProblem(`--text, --label or --strengths does not fit (${reasons})`, 'yarn data --help');
  }
  return loadCorpus({ source, own: own.data, exclude: [] }, environment);
}

async function show(chosen: Chosen, encoder: string, limit: number, json: boolean): Promise<void> {
  if (!Number.isInteger(limit) || limit < 1)
    throw usageProblem('--max-length is no number of tokens', 'yarn data --help');
  const corpus = await load(chosen);
  const { tokeniser } = await describeEncoder(await resolveEncoder(encoder, environment.encoders));
  const summary = summariseCorpus(corpus);
  const lengths = tokenLengths(corpus, tokeniser, limit);
  if (json) {
    print(JSON.stringify({ ...summary, encoder, maxLength: limit, lengths }, null, 2));
    return;
  }
  print(`${colours.bold(summary.name)} · ${summary.provenance} · licence as stated: ${summary.licence}`);
  print();
  printClasses(summary);
  print();
  print(lengthsLine(lengths, encoder, limit));
  printHistogram(lengths);
  if (summary.textsByClasses) print(`Texts by their number of classes: ${byClasses(summary.textsByClasses)}.`);
  if (summary.withContext) print(contextLine(corpus, chosen.corpus));
  for (const note of summary.notes) print(`${colours.yellow('!')} ${note}`);
  print(colours.dim(`content ${summary.hash}`));
}

function byClasses(texts: NonNullable<CorpusSummary['textsByClasses']>): string {
  return texts.map(({ classes, texts: own }) => `${classes}: ${count(own)}`).join(' · ');
}

function contextLine({ contextual }: Corpus, source: string): string {
  return contextual
    ? 'Every text is encoded behind its context.'
    : `Every text has a context; with ${source}+context it is encoded with the text.`;
}

function printClasses({ classes, texts }: CorpusSummary): void {
  const splits = splitNames.filter((split) => texts[split] > 0);
  const columns = [textColumn('class'), ...splits.flatMap((split) => [figureColumn(split), figureColumn('%')])];
  const row = (name: string, counts: CorpusSummary['texts']) => [
    name,
    ...splits.flatMap((split) => [count(counts[split]), ((100 * counts[split]) / texts[split]).toFixed(1)]),
  ];
  const rows = classes.map(({ label, texts: own }) => row(label, own));
  print(textTable(columns, [...rows, row('all', texts)], colours));
}

function lengthsLine({ median, p95, p99, longest, cut }: TokenLengths, encoder: string, limit: number): string {
  const spread = `median ${Math.round(median)}, 95 % up to ${Math.round(p95)}, 99 % up to ${Math.round(p99)}, longest ${longest}`;
  return `Tokens of ${encoder}: ${spread}; ${cut === 1 ? '1 text is' : `${count(cut)} texts are`} cut at ${limit}.`;
}

const widestBar = 40;

function printHistogram({ histogram }: TokenLengths): void {
  const most = Math.max(1, ...histogram.map(({ texts }) => texts));
  const rows = histogram.map(({ upTo, texts }, i) => [
    i === 0 ? `up to ${upTo}` : `${upTo / 2 + 1} – ${upTo}`,
    count(texts),
    '▇'.repeat(Math.round((widestBar * texts) / most)),
  ]);
  print(textTable([textColumn('tokens'), figureColumn('texts'), textColumn('')], rows, colours));
}

async function check(chosen: Chosen): Promise<void> {
  const { name, texts, classes, notes } = summariseCorpus(await load(chosen));
  const sizes = splitNames.map((split) => `${count(texts[split])} ${split}`).join(', ');
  print(`${colours.green('✓')} ${name}: ${sizes} texts in ${classes.length} classes`);
  for (const note of notes) print(`${colours.yellow('!')} ${note}`);
}

function count(value: number): string {
  return value.toLocaleString('en');
}

runCli(main);
