import { writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import process from 'node:process';
import { formatProblem, type Problem, systemErrorCode, UserError } from '../errors.ts';
import { type IntervalMethod, intervalMethods } from '../evaluation/statistics.ts';
import { compare } from '../report/comparison.ts';
import { comparisonTable } from '../report/comparisonTable.ts';
import { ensemblesOf, ensembleTable } from '../report/ensembles.ts';
import { experimentList, listEntry } from '../report/experimentList.ts';
import { baseColumns, type Exportable, exportables, exportRows, type Row } from '../report/exportRows.ts';
import { markdownTable } from '../report/markdownTable.ts';
import { costMetric } from '../report/metrics.ts';
import { diffPoints, diffRuns, diffText } from '../report/runDiff.ts';
import { runReport } from '../report/runReport.ts';
import {
  pointName,
  readableExperiments,
  type SelectedCell,
  select,
  selectExperiment,
  selectPoint,
} from '../report/selection.ts';
import { type TableFormat, tableFormats, tableOf } from '../report/tableFormats.ts';
import { coloursOf, noColours, widthOf } from '../report/terminal.ts';
import { figureColumn, textColumn, textTable } from '../report/textTable.ts';
import { labelOf } from '../sweep/labels.ts';
import { lockFolder } from '../sweep/lock.ts';
import { cacheOf, type ExperimentResults, listExperiments, type RunSummary, readRun } from '../tracking/results.ts';
import { checkLogFolder, type WandbSettings, wandbSettings } from '../wandb/settings.ts';
import type { SyncOptions, SyncOutcome } from '../wandb/sync.ts';
import { type SyncClient, syncClients } from '../wandb/syncClients.ts';
import { placesToLook } from './environment.ts';
import { argumentParser, defaultResults, runCli } from './run.ts';

const colours = coloursOf(process.stdout);

const json = { type: 'boolean', describe: 'print everything as JSON' } as const;
const interval = {
  choices: intervalMethods,
  default: 't' as const,
  describe: "an experiment's or a point's 95 % intervals over seeds: Student's t, or percentiles of a bootstrap",
} as const;
const results = { type: 'string', default: defaultResults, describe: 'results folder' } as const;

async function main(): Promise<number> {
  let failed = false;
  const parser = argumentParser('yarn runs')
    .usage(
      '$0 <command>\n\nReads what sweeps have left in a results folder, and changes none of it; `sync` adds logs for W&B to it.',
    )
    .command(
      'list [results]',
      'experiments and their cells',
      (command) =>
        command
          .positional('results', results)
          .option('brief', { type: 'boolean', default: false, describe: 'the experiments only' })
          .option('json', json),
      (args) => list(args.results, args.brief, args.json === true),
    )
    .command(
      'show <name>',
      'an experiment: what each point bought and how far it drifted; a cell: how it went',
      (command) =>
        command
          .positional('name', {
            type: 'string',
            demandOption: true,
            describe: 'an experiment, or the first characters of a cell',
          })
          .option('results', results)
          .option('classifier', {
            type: 'string',
            describe:
              'whose scores by class are shown of a cell, e.g. sst2.logisticRegression; default: of the trained classifier, or else of knn',
          })
          .option('interval', interval)
          .option('markdown', { type: 'boolean', describe: "an experiment's table as Markdown" })
          .option('json', json)
          .conflicts('markdown', 'json'),
      (args) =>
        show(args.results, args.name, {
          format: args.json ? 'json' : args.markdown ? 'markdown' : 'text',
          classifier: args.classifier,
          interval: args.interval,
        }),
    )
    .command(
      'diff <a> <b>',
      'two cells or two grid points: settings that differ, metrics side by side',
      (command) =>
        command
          .positional('a', {
            type: 'string',
            demandOption: true,
            describe: 'a cell, or a point such as temperature=0.1,weight=1',
          })
          .positional('b', { type: 'string', demandOption: true, describe: 'the same for what it is compared with' })
          .option('results', results)
          .option('experiment', {
            type: 'string',
            describe: 'where the points are looked for, if several experiments have them',
          })
          .option('interval', interval)
          .option('json', json),
      (args) => diff(args),
    )
    .command(
      'export [results]',
      'finished runs, their steps or their validations as one table',
      (command) =>
        command
          .positional('results', results)
          .option('of', { choices: exportables, default: 'runs' as const, describe: 'what a row is' })
          .option('format', { choices: tableFormats, default: 'csv' as const, describe: 'of the table' })
          .option('experiment', { type: 'string', describe: 'only of this one' })
          .option('output', { type: 'string', requiresArg: true, describe: 'file; default: standard output' }),
      (args) => exportRuns(args),
    )
    .command(
      'query <sql>',
      'SQL over the tables of export, which are views: runs, metrics, steps and validations; originals and diverged runs are in them, by kind and status',
      (command) =>
        command
          .positional('sql', { type: 'string', demandOption: true, describe: "in DuckDB's dialect" })
          .option('results', results)
          .option('experiment', { type: 'string', describe: 'only of this one' })
          .option('format', {
            choices: ['text', ...tableFormats] as const,
            default: 'text' as const,
            describe: 'of the answer',
          })
          .option('output', { type: 'string', requiresArg: true, describe: 'file; default: standard output' }),
      (args) => queryRuns(args),
    )
    .command(
      'report <experiment>',
      'the dashboard of an experiment as one HTML file, to be sent to somebody',
      (command) =>
        command
          .positional('experiment', { type: 'string', demandOption: true, describe: 'its name or folder' })
          .option('results', results)
          .option('output', { type: 'string', requiresArg: true, describe: 'file; default: <experiment>.html' }),
      (args) => report(args),
    )
    .command(
      'sync [experiment]',
      'uploads to Weights & Biases what is not there: runs of --wandb offline, what a live run has not delivered, runs without W&B',
      (command) =>
        command
          .positional('experiment', { type: 'string', describe: 'default: all' })
          .option('results', results)
          .option('client', {
            choices: syncClients,
            default: 'auto' as const,
            describe: "who uploads: W&B's own client where it is installed (auto), that client, or this project",
          }),
      async (args) => {
        failed = await sync(args);
      },
    )
    .demandCommand(1, 'A command is missing: list, show, diff, export, query, report or sync')
    .example('$0 list', 'everything below results')
    .example('$0 show retrofit', 'the table of an experiment')
    .example('$0 show retrofit --markdown', 'the same for a README')
    .example('$0 show 3fa9', 'one run: settings, losses, gradients, metrics')
    .example('$0 diff temperature=0.1,weight=1 temperature=0.1,weight=10', 'paired over their seeds')
    .example('$0 export --of steps --format parquet --output steps.parquet', 'for pandas, polars or DuckDB')
    .example(
      '$0 query "select metric, avg(value) from metrics where kind = \'retrofit\' group by metric"',
      'a table of your own',
    )
    .example('$0 report retrofit', 'retrofit.html, the dashboard without its encoders')
    .example('$0 sync retrofit', 'to Weights & Biases')
    .epilogue(
      'Exit codes: 0 it was read or uploaded; 1 not all could be uploaded; 2 it is not there or cannot be read, or W&B refuses it.',
    );
  await parser.parseAsync();
  return failed ? 1 : 0;
}

function list(folder: string, brief: boolean, asJson: boolean): void {
  const entries = listExperiments(folder).map(listEntry);
  if (asJson) printJson(entries);
  else print(experimentList(entries, { brief, colours }) || `No experiments in ${folder}.`);
}

interface ExportArguments {
  readonly results: string;
  readonly of: Exportable;
  readonly format: TableFormat;
  readonly experiment?: string | undefined;
  readonly output?: string | undefined;
}

async function exportRuns({ results: folder, of, format, experiment, output }: ExportArguments): Promise<void> {
  await deliver(
    await tableOf(exportRows(readableExperiments(folder, experiment), of), format, baseColumns[of]),
    output,
  );
}

interface QueryArguments {
  readonly sql: string;
  readonly results: string;
  readonly experiment?: string | undefined;
  readonly format: 'text' | TableFormat;
  readonly output?: string | undefined;
}

async function queryRuns({ sql, results: folder, experiment, format, output }: QueryArguments): Promise<void> {
  // DuckDB takes longer to load than all other commands need.
  const { queryRows } = await import('../report/queryRows.ts');
  const rows = await queryRows(readableExperiments(folder, experiment), sql);
  await deliver(format === 'text' ? rowsText(rows) : await tableOf(rows, format), output);
}

interface ReportArguments {
  readonly experiment: string;
  readonly results: string;
  readonly output?: string | undefined;
}

async function report({ experiment, results: folder, output }: ReportArguments): Promise<void> {
  const { folder: own } = selectExperiment(folder, experiment);
  const [{ builtPage }, { reportHtml }, { Spaces }] = await Promise.all([
    import('../dashboard/server/page.ts'),
    import('../dashboard/server/report.ts'),
    import('../dashboard/space/spaces.ts'),
  ]);
  const page = await builtPage(() => print('Building the page, once for this version …'));
  const path = output ?? `${basename(own)}.html`;
  const spaces = new Spaces(placesToLook(process.env), cacheOf(own));
  const html = await reportHtml(own, page, spaces).finally(() => spaces.close());
  await deliver(html, path);
  print(`${path} (${(html.length / 1e6).toFixed(1)} MB): open it in a browser; it needs nothing else.`);
}

interface SyncArguments {
  readonly experiment?: string | undefined;
  readonly results: string;
  readonly client: SyncClient;
}

/** Gives whether something could not be uploaded. */
async function sync({ experiment, results: folder, client }: SyncArguments): Promise<boolean> {
  const settings = wandbSettings('online', process.env);
  checkLogFolder(settings);
  let failed = 0;
  for (const found of readableExperiments(folder, experiment)) {
    const onRun = (runId: string, problem?: Problem) =>
      print(problem ? `${colours.red('✗')} ${runId}: ${formatProblem(problem)}` : `${colours.green('✓')} ${runId}`);
    const outcome = await syncLocked(found, settings, { client, clock: Date.now, onRun });
    failed += outcome?.failed ?? 1;
    if (!outcome) continue;
    const counts = [`${outcome.uploaded} uploaded`, `${outcome.complete} were there`, `${outcome.failed} failed`];
    print(`${found.experiment.name}: ${counts.join(', ')}${outcome.url === undefined ? '' : `; ${outcome.url}`}`);
  }
  return failed > 0;
}

/** A sweep at work writes the same logs: its experiment is left out, and the reason is printed. */
async function syncLocked(
  results: ExperimentResults,
  settings: WandbSettings,
  options: SyncOptions,
): Promise<SyncOutcome | undefined> {
  const { syncRuns } = await import('../wandb/sync.ts');
  let unlock: () => Promise<void>;
  try {
    unlock = await lockFolder(results.folder, () => {});
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    print(`${colours.red('✗')} ${results.experiment.name}: ${error.message}`);
    return undefined;
  }
  return syncRuns(results, settings, options).finally(unlock);
}

function rowsText(rows: readonly Row[]): string {
  const [first] = rows;
  if (!first) return 'No rows.\n';
  const names = Object.keys(first);
  const isNumber = (name: string) => rows.every((row) => row[name] === null || typeof row[name] === 'number');
  const columns = names.map((name) => (isNumber(name) ? figureColumn(name) : textColumn(name)));
  const cells = rows.map((row) => names.map((name) => String(row[name] ?? '')));
  return `${textTable(columns, cells, colours)}\n`;
}

/** Writes a table to a file or to standard output. */
async function deliver(table: string | Uint8Array, output: string | undefined): Promise<void> {
  if (output === undefined) {
    process.stdout.write(table);
    return;
  }
  try {
    writeFileSync(output, table);
  } catch (error) {
    throw new UserError({
      code: 'EXPORT_NOT_WRITABLE',
      given: `--output ${output} (${systemErrorCode(error) ?? String(error)})`,
      expected: 'a file that can be written',
      remedy: 'Name another one.',
    });
  }
}

interface ShowOptions {
  readonly format: 'text' | 'json' | 'markdown';
  readonly classifier: string | undefined;
  readonly interval: IntervalMethod;
}

async function show(folder: string, name: string, options: ShowOptions): Promise<void> {
  const { format, classifier } = options;
  const selection = select(folder, name);
  if (selection.kind === 'experiment') return showExperiment(selection.results, options);
  if (format === 'markdown') {
    throw new UserError({
      code: 'MARKDOWN_FOR_EXPERIMENTS',
      given: `--markdown for the cell ${selection.result.cell.id}`,
      expected: 'an experiment',
      remedy: `For its experiment: yarn runs show ${selection.results.experiment.name} --markdown.`,
    });
  }
  return showCell(selection, format, classifier);
}

function showExperiment(experiment: ExperimentResults, { format, interval }: ShowOptions): void {
  const comparison = compare(experiment, interval);
  const { name, command, engine } = experiment.experiment;
  const engines = engine.map((info) => `${info.name} (${info.detail}), ${info.precision}`).join('; ');
  if (format === 'json') {
    printJson({ ...comparison, ensembles: ensemblesOf(experiment) });
  } else if (format === 'markdown') {
    print(`\`${command}\`, on ${engines}\n\n${markdownTable(comparison)}`);
    const ensembles = ensembleTable(ensemblesOf(experiment), noColours);
    if (ensembles !== '') print(`\n\`\`\`text\n${ensembles}\n\`\`\``);
  } else {
    print(`${colours.bold(name)} · ${engines}\n${colours.dim(command)}\n`);
    print(comparisonTable(comparison, { width: widthOf(process.stdout), colours }));
    const ensembles = ensembleTable(ensemblesOf(experiment), colours);
    if (ensembles !== '') print(`\n${ensembles}`);
  }
}

async function showCell(selected: SelectedCell, format: 'text' | 'json', classifier?: string): Promise<void> {
  const { outcome } = selected.result;
  if (outcome.state !== 'finished') {
    showUnfinished(selected, format);
    return;
  }
  const run = readRun(outcome.run.folder);
  const original = originalOf(selected);
  // Its schemas load TensorFlow.js, which everything else here does without.
  const { changedSettings } = await import('../report/changedSettings.ts');
  const changed = changedSettings(run.start.settings, Object.keys(run.start.axes));
  if (format === 'json') {
    printJson({ ...run, changedSettings: Object.fromEntries(changed), original: original?.end.metrics ?? null });
  } else {
    print(runReport({ run, changed, ...(classifier && { classifier }), ...(original && { original }) }, colours));
  }
}

function showUnfinished({ results: { experiment, folder }, result }: SelectedCell, format: 'text' | 'json'): void {
  const { cell, outcome } = result;
  const place = `${experiment.name}: ${labelOf(cell)}`;
  if (format === 'json') printJson(result);
  else if (outcome.state === 'broken') throw new UserError(outcome.problems);
  else if (outcome.state === 'failed') {
    print(`${place}\n${colours.red('failed')}: ${outcome.message}\n${join(folder, 'failed', cell.id)}`);
  } else {
    print(`${place}\nhas not run yet; continue with: ${experiment.command}`);
  }
}

function originalOf({ results: { cells }, result: { cell } }: SelectedCell): RunSummary | undefined {
  const outcome = cells.find((other) => other.cell.id === cell.original)?.outcome;
  return outcome?.state === 'finished' ? outcome.run : undefined;
}

interface DiffArguments {
  readonly a: string;
  readonly b: string;
  readonly results: string;
  readonly experiment?: string | undefined;
  readonly interval: IntervalMethod;
  readonly json?: boolean | undefined;
}

function diff({ a, b, results: folder, experiment, interval, json: asJson }: DiffArguments): void {
  if (a.includes('=') !== b.includes('=')) {
    throw new UserError({
      code: 'DIFF_OF_UNLIKE',
      given: `${a} and ${b}`,
      expected: 'two cells, or two grid points',
      remedy: 'A point is written as axis=value,axis=value; the ids of cells are shown by: yarn runs list.',
    });
  }
  const { labels, difference } = a.includes('=')
    ? diffOfPoints(folder, a, b, { experiment, interval })
    : diffOfCells(folder, a, b);
  if (asJson) printJson({ ...labels, ...difference });
  else print(diffText(difference, labels, colours));
}

function diffOfPoints(
  folder: string,
  a: string,
  b: string,
  { experiment, interval }: Pick<DiffArguments, 'experiment' | 'interval'>,
) {
  const [ofA, ofB] = [selectPoint(folder, a, experiment), selectPoint(folder, b, experiment)];
  const label = ({ results: { experiment: of }, point }: typeof ofA) => `${of.name}: ${pointName(point)}`;
  return {
    labels: { a: label(ofA), b: label(ofB) },
    difference: diffPoints(ofA.point, ofB.point, { tested: testedMetrics(ofA.results), interval }),
  };
}

/** The metrics of the experiment's own table, if it has one. */
function testedMetrics(results: ExperimentResults): string[] | undefined {
  const { columns } = compare(results);
  return columns.length > 0 ? [costMetric, ...columns] : undefined;
}

function diffOfCells(folder: string, a: string, b: string) {
  const [ofA, ofB] = [selectFinished(folder, a), selectFinished(folder, b)];
  const label = ({ start }: RunSummary) => `${start.experiment}: ${labelOf(start) || 'the only point'} (${start.cell})`;
  return { labels: { a: label(ofA), b: label(ofB) }, difference: diffRuns(readRun(ofA.folder), readRun(ofB.folder)) };
}

function selectFinished(folder: string, given: string): RunSummary {
  const selection = select(folder, given);
  if (selection.kind === 'cell' && selection.result.outcome.state === 'finished') return selection.result.outcome.run;
  if (selection.kind === 'cell' && selection.result.outcome.state === 'broken') {
    throw new UserError(selection.result.outcome.problems);
  }
  throw new UserError({
    code: 'RUN_NOT_FINISHED',
    given:
      selection.kind === 'experiment'
        ? `${given}, an experiment`
        : `${given}, which is ${selection.result.outcome.state}`,
    expected: 'a finished cell, or a point such as temperature=0.1',
    remedy: `See them with: yarn runs list ${folder}.`,
  });
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

function printJson(value: unknown): void {
  print(JSON.stringify(value, null, 2));
}

runCli(main);
