import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeRunJournal } from '../classifiers/runJournal.ts';
import {
  adaptersFolder,
  type ClassifierReference,
  classifiersFolder,
  readGolden,
} from '../encoders/classifierGoldens.ts';
import { goldenFolder } from '../encoders/goldens.ts';
import { type Finished, predict, scratchFolder } from './command.ts';

const scratch = scratchFolder();
const bert = join(classifiersFolder, 'bert');
const reference = readGolden<ClassifierReference>(classifiersFolder, 'bert.reference.json');
const { labels, pairs } = reference;
/** One line each, and none that is blank. */
const texts = reference.texts.filter(({ text }) => text.trim() !== '' && !/[\r\n]/.test(text));
const [first, second, third] = texts as [Input, Input, Input];

type Input = (typeof texts)[number];

interface Line extends Readonly<Record<string, unknown>> {
  readonly predicted: string;
  readonly probabilities: Readonly<Record<string, number>>;
}

function softmax(logits: readonly number[]): number[] {
  const exponentials = logits.map((logit) => Math.exp(logit - Math.max(...logits)));
  return exponentials.map((value) => value / exponentials.reduce((sum, own) => sum + own, 0));
}

function linesOf({ code, stdout, stderr }: Finished): Line[] {
  expect({ code, stderr }).toMatchObject({ code: 0 });
  return stdout.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Line]));
}

/** Whether a line says what `transformers` says. */
function expectPrediction({ predicted, probabilities }: Line, { logits }: Pick<Input, 'logits'>): void {
  const expected = softmax(logits);
  expect(Object.keys(probabilities)).toEqual(labels);
  for (const [i, label] of labels.entries()) expect(probabilities[label]).toBeCloseTo(expected[i] as number, 4);
  expect(Math.max(...expected) - (expected[labels.indexOf(predicted)] as number)).toBeLessThan(1e-4);
}

function expectPredictions(finished: Finished, inputs: readonly Pick<Input, 'logits'>[]): Line[] {
  const lines = linesOf(finished);
  expect(lines).toHaveLength(inputs.length);
  for (const [i, line] of lines.entries()) expectPrediction(line, inputs[i] as Input);
  return lines;
}

function written(name: string, content: string | Uint8Array): string {
  const file = join(scratch, name);
  writeFileSync(file, content);
  return file;
}

describe('texts of the command line', () => {
  it('make a table of the most likely classes', async () => {
    const { code, stdout, stderr } = await predict(['--model', bert, first.text, second.text]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = stdout.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^text +most likely$/);
    expect(lines).toHaveLength(4);
    for (const [i, { text, logits }] of [first, second].entries()) {
      const ranked = softmax(logits)
        .map((probability, label) => `${labels[label]} ${(100 * probability).toFixed(1)} %`)
        .sort((a, b) => Number(/[\d.]+/.exec(b)?.[0]) - Number(/[\d.]+/.exec(a)?.[0]));
      expect(lines[2 + i]?.startsWith(text)).toBe(true);
      expect(lines[2 + i]?.endsWith(`  ${ranked.slice(0, 3).join(', ')}`)).toBe(true);
    }
  });

  it.each([
    ['1', 1],
    ['100', 6],
  ])('--top %s shows %i classes of six', async (top, shown) => {
    const { stdout } = await predict(['--model', bert, '--top', top, first.text]);
    expect(stdout.match(/ %/g)).toHaveLength(shown);
  });

  it('--json makes lines of them', async () => {
    const finished = await predict(['--model', bert, '--json', first.text, second.text]);
    expect(expectPredictions(finished, [first, second]).map(({ text }) => text)).toEqual([first.text, second.text]);
  });

  it('are taken as they are, also where they look like numbers or flags', async () => {
    const odd = ['1e3', '007', '1.50', '0x10', '--top'];
    const lines = linesOf(await predict(['--model', bert, '--json', '--', ...odd]));
    expect(lines.map(({ text }) => text)).toEqual(odd);
    const numbers = linesOf(await predict(['--model', bert, '--json', ...odd.slice(0, 4)]));
    expect(numbers.map(({ text }) => text)).toEqual(odd.slice(0, 4));
  });

  it('--context precedes all of them', async () => {
    const [pair] = pairs as [(typeof pairs)[number]];
    expectPredictions(await predict(['--model', bert, '--json', '--context', pair.context, pair.text]), [pair]);
  });

  it('several --model are the mean of their probabilities', async () => {
    const roberta = readGolden<ClassifierReference>(classifiersFolder, 'roberta.reference.json');
    const models = ['--model', bert, '--model', join(classifiersFolder, 'roberta')];
    const [line] = linesOf(await predict([...models, '--json', first.text]));
    const other = roberta.texts.find(({ text }) => text === first.text)?.logits ?? [];
    const [one, two] = [softmax(first.logits), softmax(other)];
    for (const [i, label] of labels.entries()) {
      expect(line?.probabilities[label]).toBeCloseTo(((one[i] as number) + (two[i] as number)) / 2, 4);
    }
  });

  it('of a multi-label classifier each class has a probability by itself', async () => {
    const own = readGolden<ClassifierReference>(classifiersFolder, 'bertMultiLabel.reference.json');
    const model = join(classifiersFolder, 'bertMultiLabel');
    const [line] = linesOf(await predict(['--model', model, '--json', first.text]));
    const logits = own.texts.find(({ text }) => text === first.text)?.logits ?? [];
    for (const [i, label] of own.labels.entries()) {
      expect(line?.probabilities[label]).toBeCloseTo(1 / (1 + Math.exp(-(logits[i] as number))), 4);
    }
  });

  it('of a multi-label classifier the table names the classes that are given', async () => {
    const own = readGolden<ClassifierReference>(classifiersFolder, 'bertMultiLabel.reference.json');
    const inputs = own.texts.filter(({ text }) => texts.some((other) => other.text === text));
    const model = join(scratch, 'threshold');
    cpSync(join(classifiersFolder, 'bertMultiLabel'), model, { recursive: true });
    const config = JSON.parse(readFileSync(join(model, 'config.json'), 'utf8'));
    const likely = inputs.map(({ logits }) => logits.map((logit) => 1 / (1 + Math.exp(-logit))));
    const most = likely.map((row) => Math.max(...row));
    // Above what is most likely of some texts, and in the widest gap there, so that engines that differ a little decide alike.
    const ranked = likely
      .flat()
      .filter((value) => value >= Math.min(...most))
      .sort((a, b) => a - b);
    const gaps = ranked.slice(1).map((value, i) => ({ from: ranked[i] as number, to: value }));
    const { from, to } = gaps.reduce((one, other) => (other.to - other.from > one.to - one.from ? other : one));
    const threshold = (from + to) / 2;
    expect(to - from).toBeGreaterThan(1e-3);
    const thresholds = Object.fromEntries(own.labels.map((label) => [label, threshold]));
    writeFileSync(join(model, 'config.json'), JSON.stringify({ ...config, decision_thresholds: thresholds }));
    const { code, stdout } = await predict(['--model', model, '--top', '1', '--', ...inputs.map(({ text }) => text)]);
    expect(code).toBe(0);
    const [header, , ...rows] = stdout.trimEnd().split('\n');
    expect(header).toMatch(/^text +classes +most likely$/);
    const given = likely.map((row) => own.labels.filter((_, label) => (row[label] as number) >= threshold));
    expect(new Set(given.map(({ length }) => length > 0)).size).toBe(2);
    for (const [i, classes] of given.entries()) {
      const [, shown] = (rows[i] as string).slice((inputs[i] as Input).text.length).split(/ {2,}/);
      expect(shown).toBe(classes.join(', ') || '–');
    }
  });

  it('--max-length cuts them, and it is said how many', async () => {
    const finished = await predict([
      '--model',
      bert,
      '--json',
      '--max-length',
      '8',
      'the fox',
      first.text,
      second.text,
    ]);
    expect(finished.stderr).toBe('! 2 texts cut to the longest that the model was trained on or takes\n');
    const [, cut] = linesOf(finished);
    const [whole] = linesOf(await predict(['--model', bert, '--json', first.text]));
    expect(cut?.probabilities).not.toEqual(whole?.probabilities);
  });

  it('adapters and the folder of a run are models too', async () => {
    const run = join(scratch, 'run');
    cpSync(bert, join(run, 'encoder'), { recursive: true });
    writeRunJournal(run, {});
    expectPredictions(await predict(['--model', run, '--json', first.text]), [first]);
    const adapted = readGolden<{ texts: string[]; logits: { adapted: number[][] } }>(
      adaptersFolder,
      'bert.reference.json',
    );
    const logits = adapted.logits.adapted[adapted.texts.indexOf(first.text)] ?? [];
    const finished = await predict(['--model', join(adaptersFolder, 'bert'), '--json', first.text]);
    expectPredictions(finished, [{ logits }]);
  });
});

describe('--file', () => {
  const three = [first, second, third];
  const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;

  it.each([
    ['texts.txt', three.map(({ text }) => text).join('\n')],
    ['windows.txt', `\uFEFF${three.map(({ text }) => `${text}\r\n\r\n`).join('')}`],
    ['texts.jsonl', three.map(({ text }) => `${JSON.stringify({ text })}\n`).join('')],
    ['texts.csv', ['text', ...three.map(({ text }) => quoted(text))].join('\r\n')],
    ['texts.tsv', ['text', ...three.map(({ text }) => text)].join('\n')],
  ])('%s', async (name, content) => {
    const finished = await predict(['--model', bert, '--file', written(name, content)]);
    expect(expectPredictions(finished, three).map(({ text }) => text)).toEqual(three.map(({ text }) => text));
  });

  it('- is standard input', async () => {
    const input = three.map(({ text }) => text).join('\n');
    expectPredictions(await predict(['--model', bert, '--file', '-'], input), three);
  });

  it('of Parquet', async () => {
    const file = new URL('../data/golden/parquet/huggingface.parquet', import.meta.url).pathname;
    const lines = linesOf(await predict(['--model', bert, '--file', file]));
    expect(lines).toMatchObject([
      { text: 'fine', label: 'positive', id: 7 },
      { text: 'awful', label: 'negative', id: 8 },
      { label: 'positive', id: 2 ** 40 },
    ]);
    const typed = linesOf(await predict(['--model', bert, '--json', 'fine', 'awful']));
    for (const [i, { probabilities }] of typed.entries()) {
      for (const label of labels) expect(lines[i]?.probabilities[label]).toBeCloseTo(probabilities[label] as number, 5);
    }
  });

  it('keeps the other columns', async () => {
    const row = { id: 7, text: first.text, source: { page: 3 } };
    const file = written('columns.jsonl', `${JSON.stringify(row)}\n`);
    const [line] = linesOf(await predict(['--model', bert, '--file', file]));
    expect(line).toEqual({ ...row, predicted: expect.any(String), probabilities: expect.any(Object) });
  });

  it('takes the contexts from a column', async () => {
    const rows = pairs.map(({ text, context }) => `${JSON.stringify({ text, before: context })}\n`);
    const args = ['--model', bert, '--file', written('contexts.jsonl', rows.join('')), '--context-column', 'before'];
    expectPredictions(await predict(args), pairs);
  });

  it('with --output writes what standard output would have, over what is there', async () => {
    const file = written('some.txt', three.map(({ text }) => text).join('\n'));
    const output = written('predictions.jsonl', 'what was there\n');
    const printed = await predict(['--model', bert, '--file', file]);
    const finished = await predict(['--model', bert, '--file', file, '--output', output]);
    expect(finished).toEqual({ ...printed, stdout: '' });
    expect(readFileSync(output, 'utf8')).toBe(printed.stdout);
  });

  it('of 5,000 lines, which are classified in chunks, keeps their order', async () => {
    const rows = Array.from({ length: 5000 }, (_, id) => ({ id, text: (texts[id % texts.length] as Input).text }));
    const file = written('long.jsonl', rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    const inputs = rows.map(({ id }) => texts[id % texts.length] as Input);
    const lines = linesOf(await predict(['--model', bert, '--file', file]));
    expect(lines.map(({ id, text }) => ({ id, text }))).toEqual(rows);
    const furthest = lines.map(({ probabilities }, i) => {
      const expected = softmax((inputs[i] as Input).logits);
      return Math.max(
        ...labels.map((label, k) => Math.abs((probabilities[label] as number) - (expected[k] as number))),
      );
    });
    expect(Math.max(...furthest)).toBeLessThan(1e-4);
  });
});

describe('a mistake', () => {
  const file = written('one.txt', 'one text\n');
  const table = written('table.csv', 'review,stars\ngood,5\n');
  const contexts = written('contexts.csv', 'text,before\ngood,so\n');
  const regression = join(scratch, 'regression');
  cpSync(bert, regression, { recursive: true });
  const config = JSON.parse(readFileSync(join(bert, 'config.json'), 'utf8'));
  writeFileSync(join(regression, 'config.json'), JSON.stringify({ ...config, problem_type: 'regression' }));
  const empty = join(scratch, 'emptyRun');
  cpSync(file, join(empty, 'journal.jsonl'));

  it.each<[string, readonly string[], RegExp]>([
    ['no model', ['one text'], /^USAGE: Missing required argument: model;/],
    ['no text', ['--model', bert], /^USAGE: either texts or --file;/],
    ['texts and a file', ['--model', bert, '--file', file, 'one text'], /^USAGE: either texts or --file;/],
    ['a file that is not there', ['--model', bert, '--file', join(scratch, 'none.txt')], /^DATA_MISSING_FILE: /],
    ['a table that is not there', ['--model', bert, '--file', join(scratch, 'none.csv')], /^DATA_MISSING_FILE: /],
    ['a folder as file', ['--model', bert, '--file', scratch], /^DATA_UNREADABLE_FILE: .+EISDIR/],
    ['an empty file', ['--model', bert, '--file', written('empty.txt', '')], /^DATA_EMPTY_FILE: /],
    ['a file of blank lines', ['--model', bert, '--file', written('blank.txt', ' \n\n')], /^DATA_EMPTY_FILE: /],
    ['an empty table', ['--model', bert, '--file', written('empty.jsonl', '')], /^DATA_EMPTY_FILE: /],
    ['a binary file', ['--model', bert, '--file', join(bert, 'model.safetensors')], /^DATA_(ZERO_BYTE|NOT_UTF8): /],
    [
      'a file that is no Parquet',
      ['--model', bert, '--file', written('no.parquet', 'text')],
      /^[A-Z]+_\w+: .+no\.parquet/,
    ],
    [
      'JSON that does not parse',
      ['--model', bert, '--file', written('bad.jsonl', '{"text":\n')],
      /^DATA_BAD_JSON: .+:1 /,
    ],
    [
      'a text that is none',
      ['--model', bert, '--file', written('no.jsonl', '{"text":3}\n')],
      /^DATA_BAD_ROW: .+:1, text;/,
    ],
    ['a table without texts', ['--model', bert, '--file', table], /^DATA_MISSING_COLUMN: .+text/],
    [
      'a column that is not there',
      ['--model', bert, '--file', contexts, '--context-column', 'befor'],
      /^DATA_MISSING_COLUMN: .+befor/,
    ],
    [
      'a column of a text file',
      ['--model', bert, '--file', file, '--context-column', 'before'],
      /^USAGE: .+no columns/,
    ],
    [
      'a column of no file',
      ['--model', bert, '--context-column', 'before', 'one text'],
      /^USAGE: --context-column without --file;/,
    ],
    [
      'two kinds of context',
      ['--model', bert, '--file', contexts, '--context', 'so', '--context-column', 'before'],
      /^USAGE: both --context and --context-column;/,
    ],
    [
      'an output in a folder that is not there',
      ['--model', bert, '--output', join(scratch, 'none', 'out.jsonl'), 'one text'],
      /^OUTPUT_NOT_WRITABLE: --output .+none\/out\.jsonl \(ENOENT\);/,
    ],
    ['a folder that is not there', ['--model', './no-such-folder', 'one text'], /^ENCODER_FOLDER_MISSING: /],
    ['a model that is not here, offline', ['--model', 'someone/none', 'one text'], /^ENCODER_OFFLINE: someone\/none/],
    ['a folder that is no model', ['--model', './test', 'one text'], /^ENCODER_FILE_MISSING: /],
    ['a file that is no model', ['--model', file, 'one text'], /^ENCODER_FOLDER_MISSING: .+one\.txt/],
    ['an encoder without a head', ['--model', `${goldenFolder}bert`, 'one text'], /^CLASSIFIER_HEAD_MISSING: /],
    ['a run that has left no model', ['--model', empty, 'one text'], /^RUN_WITHOUT_MODEL: /],
    ['a regression model', ['--model', regression, 'one text'], /^CLASSIFIER_PROBLEM_UNSUPPORTED: .+regression;/],
    [
      'classifiers of other classes',
      ['--model', bert, '--model', join(classifiersFolder, 'bertMultiLabel'), 'one text'],
      /^CLASSIFIERS_DIFFER: .+billing.+ and .+angry/,
    ],
    ['no class to show', ['--model', bert, '--top', '0', 'one text'], /^USAGE: --top 0,/],
    ['half a class', ['--model', bert, '--top', '1.5', 'one text'], /^USAGE: --top 1\.5,/],
    ['a number that is none', ['--model', bert, '--top', 'three', 'one text'], /^USAGE: --top NaN,/],
    ['a length without room', ['--model', bert, '--max-length', '2', 'one text'], /^USAGE: --max-length 2,/],
    ['an unknown flag', ['--model', bert, '--modle', 'x', 'one text'], /^USAGE: Unknown argument: modle;/],
    ['a flag without its value', ['one text', '--model'], /^USAGE: Not enough arguments following: model;/],
    ['an unknown engine', ['--model', bert, '--engine', 'gpu', 'one text'], /^USAGE: .+"gpu"/],
  ])('%s', async (_what, args, problem) => {
    const { code, stdout, stderr } = await predict(args);
    expect({ code, stdout, stderr }).toMatchObject({ code: 2, stdout: '' });
    for (const line of stderr.trimEnd().split('\n')) expect(line).toMatch(/^[A-Z][A-Z0-9_]+: .+; expected .+\. \S/);
    expect(stderr).toMatch(problem);
  });

  it.each([
    './test',
    './no-such-folder',
    'someone/none',
    `${goldenFolder}bert`,
  ])('leaves the file that --output names as it was where the model cannot be used: %s', async (model) => {
    const output = written('kept.jsonl', 'kept\n');
    expect((await predict(['--model', model, '--output', output, 'one text'])).code).toBe(2);
    expect(readFileSync(output, 'utf8')).toBe('kept\n');
  });

  it.each([
    ['by the same name', (own: string) => own],
    ['by another', (own: string) => join(scratch, 'no', '..', basename(own))],
    ['by a relative one', (own: string) => relative('.', own)],
  ])('an --output that is the --file, %s, leaves it unharmed', async (_, other) => {
    const own = written('both.jsonl', '{"text":"one"}\n');
    const { code, stdout, stderr } = await predict(['--model', bert, '--file', own, '--output', other(own)]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^USAGE: --output and --file the same;/);
    expect(readFileSync(own, 'utf8')).toBe('{"text":"one"}\n');
  });
});

it('explains itself', async () => {
  const { code, stdout, stderr } = await predict(['--help']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  for (const part of ['--model', '--file', '--context-column', '--max-length', '--engine', 'PEFT']) {
    expect(stdout).toContain(part);
  }
});
