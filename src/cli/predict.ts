import { appendFileSync, statSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { text as readAll } from 'node:stream/consumers';
import { type Classifier, disposeClassifier } from '../classifiers/classifier.ts';
import { findClassifier } from '../classifiers/findClassifier.ts';
import { type Classifiable, type Prediction, predict } from '../classifiers/predict.ts';
import { ProblemList } from '../data/problemList.ts';
import { isTable, readTableFile } from '../data/tableFile.ts';
import { readTextFile } from '../data/textFile.ts';
import { startEngine } from '../engine/engine.ts';
import { systemErrorCode, UserError } from '../errors.ts';
import { coloursOf } from '../report/terminal.ts';
import { textColumn, textTable } from '../report/textTable.ts';
import { count } from './count.ts';
import { places } from './environment.ts';
import { argumentParser, runCli, usageProblem } from './run.ts';

/** Texts that are classified at a time: what a long file takes of memory. */
const chunk = 2048;

const help = 'yarn predict --help';

/** A text and what else its line of a file holds. */
interface Line extends Classifiable {
  readonly fields: Readonly<Record<string, unknown>>;
}

async function main(): Promise<number> {
  const parser = argumentParser('yarn predict')
    .usage(
      '$0 --model <model> <text...>\n$0 --model <model> --file <file>\n\nClassifies texts by a classifier that was trained here, or by transformers or PEFT.',
    )
    .options({
      model: {
        type: 'array',
        string: true,
        requiresArg: true,
        demandOption: true,
        describe:
          'a folder with a ForSequenceClassification model or with LoRA adapters, the folder of a run, or owner/name on the hub; several: the mean of their probabilities',
      },
      file: {
        type: 'string',
        requiresArg: true,
        describe: 'a text a line, or a .jsonl, .csv, .tsv or .parquet file with a column text; - for standard input',
      },
      context: {
        type: 'string',
        requiresArg: true,
        describe:
          'what precedes the texts, as their first segment; for a model trained with +context+character it ends with a name and a colon',
      },
      'context-column': {
        type: 'string',
        requiresArg: true,
        describe: "the column of a file that holds its texts' contexts",
      },
      output: { type: 'string', requiresArg: true, describe: 'file for the JSON lines; default: standard output' },
      json: { type: 'boolean', default: false, describe: 'JSON lines for texts of the command line too' },
      top: { type: 'number', requiresArg: true, default: 3, describe: 'classes in the table, the most likely first' },
      'max-length': {
        type: 'number',
        requiresArg: true,
        describe: 'longest text in tokens; default: what the model was trained on, or takes',
      },
      engine: { choices: ['auto', 'tensorflow', 'wasm'] as const, default: 'auto' as const, describe: 'what computes' },
      precision: {
        choices: ['float32', 'bfloat16'] as const,
        default: 'float32' as const,
        describe: 'of its products',
      },
    })
    .demandCommand(0)
    // `--model a text`: one value a flag, or the text would count as a model too. A text `1e3` is no 1000.
    .parserConfiguration({ 'greedy-arrays': false, 'parse-positional-numbers': false })
    .example('$0 --model results/classify/cells/<id> "I could dance."', '')
    .example('$0 --model ./model --file texts.txt --output predictions.jsonl', '');
  const args = await parser.parseAsync();
  if (args.help) return 0;
  const given = args._.map(String);
  if ((given.length === 0) === (args.file === undefined)) throw usageProblem('either texts or --file', help);
  if (args.contextColumn !== undefined && args.file === undefined) {
    throw usageProblem('--context-column without --file', help);
  }
  if (args.contextColumn !== undefined && args.context !== undefined) {
    throw usageProblem('both --context and --context-column', help);
  }
  if (!(args.maxLength === undefined || (Number.isInteger(args.maxLength) && args.maxLength >= 3))) {
    throw usageProblem(`--max-length ${args.maxLength}, which is no whole number from 3 on`, help);
  }
  if (!(Number.isInteger(args.top) && args.top >= 1))
    throw usageProblem(`--top ${args.top}, which is no whole number from 1 on`, help);
  const lines =
    args.file === undefined
      ? given.map((text) => lineOf({ text }, args.context))
      : await readLines(args.file, args.context, args.contextColumn);
  const { output } = args;
  // Whoever cannot write learns so before a model is loaded.
  if (output !== undefined) {
    if (args.file !== undefined && isSameFile(output, args.file))
      throw usageProblem('--output and --file the same', help);
    writing(output, () => appendFileSync(output, ''));
  }
  await startEngine({ engine: args.engine, precision: args.precision, threads: 0 });
  const classifiers: Classifier[] = [];
  for (const model of args.model) classifiers.push(await findClassifier(model, places(process.env).encoders));

  if (args.file === undefined && !args.json && args.output === undefined) {
    const { predictions, cut } = await predict(classifiers, lines, args.maxLength);
    console.log(tableOf(lines, predictions, args.top));
    sayCut(cut);
  } else await writePredictions(classifiers, lines, args);
  for (const classifier of classifiers) disposeClassifier(classifier);
  return 0;
}

interface Output {
  readonly output?: string | undefined;
  readonly maxLength?: number | undefined;
}

async function writePredictions(
  classifiers: readonly Classifier[],
  lines: readonly Line[],
  { output, maxLength }: Output,
) {
  const write = (text: string) => {
    if (output === undefined) process.stdout.write(text);
    else writing(output, () => appendFileSync(output, text));
  };
  if (output !== undefined) writing(output, () => writeFileSync(output, ''));
  let allCut = 0;
  for (let from = 0; from < lines.length; from += chunk) {
    const some = lines.slice(from, from + chunk);
    const { predictions, cut } = await predict(classifiers, some, maxLength);
    allCut += cut;
    const shown = some.map(({ fields }, i) => {
      const { label, labels, probabilities } = predictions[i] as Prediction;
      const predicted = { predicted: labels ?? label };
      return `${JSON.stringify({ ...fields, ...predicted, probabilities: rounded(probabilities) })}\n`;
    });
    write(shown.join(''));
  }
  sayCut(allCut);
}

function sayCut(texts: number): void {
  if (texts > 0) console.error(`! ${count(texts, 'text')} cut to the longest that the model was trained on or takes`);
}

/** Whether they are, perhaps by a link. */
function isSameFile(one: string, other: string): boolean {
  const [a, b] = [one, other].map((path) => statSync(path, { throwIfNoEntry: false }));
  return a !== undefined && b !== undefined && a.dev === b.dev && a.ino === b.ino;
}

function writing(file: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    throw new UserError({
      code: 'OUTPUT_NOT_WRITABLE',
      given: `--output ${file} (${systemErrorCode(error) ?? String(error)})`,
      expected: 'a file that can be written',
      remedy: 'Name another one.',
    });
  }
}

function lineOf(
  fields: Readonly<Record<string, unknown>> & { readonly text: string },
  context: string | undefined,
): Line {
  return { fields, text: fields.text, ...(context !== undefined && { context }) };
}

/** @throws UserError what the readers of data find, and PREDICT_NO_TEXTS */
async function readLines(
  file: string,
  context: string | undefined,
  contextColumn: string | undefined,
): Promise<Line[]> {
  const problems = new ProblemList();
  const lines: Line[] = [];
  if (isTable(file)) {
    const required = ['text', ...(contextColumn === undefined ? [] : [contextColumn])];
    for (const { at, values } of await readTableFile(file, { required }, problems)) {
      const missing = required.filter((name) => typeof values[name] !== 'string');
      for (const name of missing) {
        problems.add({
          code: 'DATA_BAD_ROW',
          given: `${at}, ${name}`,
          expected: 'a string',
          remedy: 'Mend or remove the line.',
        });
      }
      const own = contextColumn === undefined ? context : String(values[contextColumn]);
      if (missing.length === 0) lines.push(lineOf({ ...values, text: String(values.text) }, own));
    }
  } else {
    if (contextColumn !== undefined) throw usageProblem(`--context-column with ${file}, which has no columns`, help);
    const all = file === '-' ? await readAll(process.stdin) : await readTextFile(file, problems);
    for (const text of all.split(/\r?\n/)) if (text.trim() !== '') lines.push(lineOf({ text }, context));
  }
  problems.throwIfAny();
  if (lines.length > 0) return lines;
  throw new UserError({
    code: 'PREDICT_NO_TEXTS',
    given: `--file ${file} without a text`,
    expected: 'a text a line',
    remedy: 'Fill it, or name another one.',
  });
}

function tableOf(lines: readonly Line[], predictions: readonly Prediction[], top: number): string {
  const several = predictions.some(({ labels }) => labels);
  return textTable(
    [textColumn('text'), ...(several ? [textColumn('classes')] : []), textColumn('most likely')],
    lines.map(({ text }, i) => {
      const { probabilities, labels } = predictions[i] as Prediction;
      const ranked = Object.entries(probabilities).sort(([, a], [, b]) => b - a);
      const shown = ranked.slice(0, top).map(([name, p]) => `${name} ${(100 * p).toFixed(1)} %`);
      return [text, ...(several ? [labels?.join(', ') || '–'] : []), shown.join(', ')];
    }),
    coloursOf(process.stdout),
  );
}

function rounded(probabilities: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(probabilities).map(([name, p]) => [name, Number(p.toPrecision(6))]));
}

runCli(main);
