import { appendFileSync, statSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { type Classifier, disposeClassifier } from '../classifiers/classifier.ts';
import { findClassifier, isModelFolder } from '../classifiers/findClassifier.ts';
import { type Prediction, predict } from '../classifiers/predict.ts';
import { type ClassifiableLine, classifiableLine, readClassifiable } from '../classifiers/readClassifiable.ts';
import { isTable } from '../data/tableFile.ts';
import { startEngine } from '../engine/engine.ts';
import { systemErrorCode, throwIfAny, UserError } from '../errors.ts';
import { coloursOf } from '../report/terminal.ts';
import { textColumn, textTable } from '../report/textTable.ts';
import { count } from './count.ts';
import { places } from './environment.ts';
import { argumentParser, runCli, usageProblem } from './run.ts';

/** Texts that are classified at a time: what a long file takes of memory. */
const chunk = 2048;

const help = 'yarn predict --help';

async function main(): Promise<number> {
  const parser = argumentParser('yarn predict', ['model'])
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
    .example('$0 --model ./one --model ./another "I could dance."', 'the mean of both')
    .example('$0 --model ./model --file texts.txt --output predictions.jsonl', '');
  const args = await parser.parseAsync();
  if (args.help) return 0;
  const given = args._.map(String);
  throwIfAny(misuses({ ...args, texts: given }).flatMap((misuse) => usageProblem(misuse, help).problems));
  const { context, contextColumn, output } = args;
  const lines =
    args.file === undefined
      ? given.map((text) => classifiableLine({ text }, context))
      : await readClassifiable(args.file, { context, contextColumn }, process.stdin);
  // Whoever cannot write learns so before a model is loaded.
  if (output !== undefined) writing(output, () => appendFileSync(output, ''));
  await startEngine({ engine: args.engine, precision: args.precision, threads: 0 });
  const classifiers: Classifier[] = [];
  for (const model of args.model) classifiers.push(await findClassifier(model, places(process.env).encoders));
  sayContexts(args.model, classifiers, context !== undefined || contextColumn !== undefined);

  if (args.file === undefined && !args.json && args.output === undefined) {
    const { predictions, cut } = await predict(classifiers, lines, args.maxLength);
    console.log(tableOf(lines, predictions, args.top));
    sayCut(cut);
  } else await writePredictions(classifiers, lines, args);
  for (const classifier of classifiers) disposeClassifier(classifier);
  return 0;
}

interface Asked {
  /** On the command line. */
  readonly texts: readonly string[];
  readonly file?: string | undefined;
  readonly context?: string | undefined;
  readonly contextColumn?: string | undefined;
  readonly output?: string | undefined;
  readonly maxLength?: number | undefined;
  readonly top: number;
}

/** What of the command line does not go together, or is no such number. */
function misuses({ texts, file, context, contextColumn, output, maxLength, top }: Asked): string[] {
  const misuses: string[] = [];
  const model = texts.find(isModelFolder);
  if (model !== undefined) misuses.push(`${model}, a model's folder, as a text: each model has its own --model`);
  if ((texts.length === 0) === (file === undefined)) misuses.push('either texts or --file');
  if (contextColumn !== undefined) {
    if (file === undefined) misuses.push('--context-column without --file');
    else if (!isTable(file)) misuses.push(`--context-column with ${file}, which has no columns`);
    if (context !== undefined) misuses.push('both --context and --context-column');
  }
  if (output !== undefined && file !== undefined && isSameFile(output, file))
    misuses.push('--output and --file the same');
  if (!(maxLength === undefined || (Number.isInteger(maxLength) && maxLength >= 3)))
    misuses.push(`--max-length ${maxLength}, which is no whole number from 3 on`);
  if (!(Number.isInteger(top) && top >= 1)) misuses.push(`--top ${top}, which is no whole number from 1 on`);
  return misuses;
}

/** Says which models were trained with contexts and are asked without, or the other way round. */
function sayContexts(models: readonly string[], classifiers: readonly Classifier[], given: boolean): void {
  const named = models.filter((_, i) => classifiers[i]?.contextual === !given).join(', ');
  if (named === '') return;
  console.error(
    given
      ? `! ${named}: trained on texts without contexts, and asked with them`
      : `! ${named}: trained on texts with contexts, and asked without; see --context and --context-column`,
  );
}

interface Output {
  readonly output?: string | undefined;
  readonly maxLength?: number | undefined;
}

async function writePredictions(
  classifiers: readonly Classifier[],
  lines: readonly ClassifiableLine[],
  { output, maxLength }: Output,
) {
  const write = (text: string, isFirst: boolean) => {
    if (output === undefined) process.stdout.write(text);
    else writing(output, () => (isFirst ? writeFileSync : appendFileSync)(output, text));
  };
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
    write(shown.join(''), from === 0);
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

function tableOf(lines: readonly ClassifiableLine[], predictions: readonly Prediction[], top: number): string {
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
