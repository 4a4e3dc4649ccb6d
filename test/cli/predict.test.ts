import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeRunJournal } from '../classifiers/runJournal.ts';
import {
  type AdapterReference,
  adaptersFolder,
  type ClassifierReference,
  classifiersFolder,
  readGolden,
} from '../encoders/classifierGoldens.ts';
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
  /** Of a multi-label classifier all classes. */
  readonly predicted: string | readonly string[];
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
  expect(Math.max(...expected) - (expected[labels.indexOf(String(predicted))] as number)).toBeLessThan(1e-4);
}

function expectPredictions(finished: Finished, inputs: readonly Pick<Input, 'logits'>[]): Line[] {
  const lines = linesOf(finished);
  expect(lines).toHaveLength(inputs.length);
  for (const [i, line] of lines.entries()) expectPrediction(line, inputs[i] as Input);
  return lines;
}

/** The lines that tell of contexts that a model was not trained with, or lacks. */
function saidOfContexts({ stderr }: Finished): string[] {
  return stderr.split('\n').filter((line) => /^! .+: trained on texts with/.test(line));
}

function written(name: string, content: string | Uint8Array): string {
  const file = join(scratch, name);
  writeFileSync(file, content);
  return file;
}

/** A run that has left `bert`, and says in its journal what it was trained on. */
function runOn(name: string, source: string): string {
  const run = join(scratch, name);
  cpSync(bert, join(run, 'encoder'), { recursive: true });
  writeRunJournal(run, { data: { source } });
  return run;
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

  it('--top beyond the classes shows them all', async () => {
    const { stdout } = await predict(['--model', bert, '--top', '100', first.text]);
    expect(stdout.match(/ %/g)).toHaveLength(6);
  });

  it('--json makes lines of them, which are taken as they are, also where they look like numbers or flags', async () => {
    const numbers = ['1e3', '007', '1.50', '0x10'];
    const args = ['--json', first.text, second.text, ...numbers, '--', '--top', ...numbers];
    const lines = linesOf(await predict(['--model', bert, ...args]));
    expect(lines.map(({ text }) => text)).toEqual([first.text, second.text, ...numbers, '--top', ...numbers]);
    for (const [i, input] of [first, second].entries()) expectPrediction(lines[i] as Line, input);
  });

  it('--context precedes all of them', async () => {
    const [pair] = pairs as [(typeof pairs)[number]];
    const finished = await predict(['--model', bert, '--json', '--context', pair.context, pair.text]);
    expectPredictions(finished, [pair]);
    // A folder of a model does not say what it was trained on.
    expect(saidOfContexts(finished)).toEqual([]);
  });

  it('several --model, such as a folder, a run and adapters, are the mean of their probabilities', async () => {
    const roberta = readGolden<ClassifierReference>(classifiersFolder, 'roberta.reference.json');
    const adapted = readGolden<AdapterReference>(adaptersFolder, 'bert.reference.json');
    const models = [join(classifiersFolder, 'roberta'), runOn('run', 'embedded'), join(adaptersFolder, 'bert')];
    const args = [...models.flatMap((model) => ['--model', model]), '--json', first.text];
    const [line] = linesOf(await predict(args));
    const members = [
      roberta.texts.find(({ text }) => text === first.text)?.logits,
      first.logits,
      adapted.logits.adapted[adapted.texts.indexOf(first.text)],
    ].map((logits = []) => softmax(logits));
    for (const [i, label] of labels.entries()) {
      const mean = members.reduce((sum, own) => sum + (own[i] as number), 0) / 3;
      expect(line?.probabilities[label]).toBeCloseTo(mean, 4);
    }
  });

  describe('of a multi-label classifier', () => {
    const own = readGolden<ClassifierReference>(classifiersFolder, 'bertMultiLabel.reference.json');
    const inputs = own.texts.filter(({ text }) => texts.some((other) => other.text === text));
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
    const given = likely.map((row) => own.labels.filter((_, label) => (row[label] as number) >= threshold));
    const model = join(scratch, 'threshold');
    cpSync(join(classifiersFolder, 'bertMultiLabel'), model, { recursive: true });
    const config = JSON.parse(readFileSync(join(model, 'config.json'), 'utf8'));
    const thresholds = Object.fromEntries(own.labels.map((label) => [label, threshold]));
    writeFileSync(join(model, 'config.json'), JSON.stringify({ ...config, decision_thresholds: thresholds }));
    const asked = ['--', ...inputs.map(({ text }) => text)];

    it('each class has a probability by itself, and some texts no class', async () => {
      expect(to - from).toBeGreaterThan(1e-3);
      expect(new Set(given.map(({ length }) => length > 0)).size).toBe(2);
      const lines = linesOf(await predict(['--model', model, '--json', ...asked]));
      expect(lines.map(({ predicted }) => predicted)).toEqual(given);
      for (const [text, { probabilities }] of lines.entries()) {
        for (const [i, label] of own.labels.entries()) {
          expect(probabilities[label]).toBeCloseTo(likely[text]?.[i] as number, 4);
        }
      }
    });

    it('the table names the classes that are given, and with --top 1 the most likely one', async () => {
      const { code, stdout } = await predict(['--model', model, '--top', '1', ...asked]);
      expect(code).toBe(0);
      const [header, , ...rows] = stdout.trimEnd().split('\n');
      expect(header).toMatch(/^text +classes +most likely$/);
      for (const [i, classes] of given.entries()) {
        const [, shown, first] = (rows[i] as string).slice((inputs[i] as Input).text.length).split(/ {2,}/);
        expect(shown).toBe(classes.join(', ') || '–');
        expect(first).toMatch(/^\S+ [\d.]+ %$/);
      }
    });
  });

  it('--max-length cuts them, and it is said how many', async () => {
    const asked = ['the fox', first.text, second.text];
    const finished = await predict(['--model', bert, '--json', '--max-length', '8', ...asked]);
    expect(finished.stderr).toBe('! 2 texts cut to the longest that the model was trained on or takes\n');
    const [, cut] = linesOf(finished);
    const whole = softmax(first.logits);
    const furthest = labels.map((label, i) => Math.abs((cut?.probabilities[label] as number) - (whole[i] as number)));
    expect(Math.max(...furthest)).toBeGreaterThan(1e-3);
  });
});

describe('a run that was trained otherwise than it is asked', () => {
  const [pair] = pairs as [(typeof pairs)[number]];
  const contextual = runOn('contextual', 'mustard-fold0+context+character');
  const plain = runOn('plain', 'embedded');
  const both = ['--model', contextual, '--model', plain, '--model', bert, '--json'];

  it.each([
    [
      'without contexts',
      [first.text],
      first,
      `! ${contextual}: trained on texts with contexts, and asked without; see --context and --context-column`,
    ],
    [
      'with contexts',
      ['--context', pair.context, pair.text],
      pair,
      `! ${plain}: trained on texts without contexts, and asked with them`,
    ],
  ])('%s is named, and answers', async (_, args, expected, said) => {
    const finished = await predict([...both, ...args]);
    expectPredictions(finished, [expected]);
    expect(saidOfContexts(finished)).toEqual([said]);
  });
});

describe('--file', () => {
  const three = [first, second, third];

  it('- is standard input', async () => {
    const input = three.map(({ text }) => text).join('\n');
    expectPredictions(await predict(['--model', bert, '--file', '-'], input), three);
  });

  it('of Parquet', async () => {
    const file = new URL('../data/golden/parquet/huggingface.parquet', import.meta.url).pathname;
    expect(linesOf(await predict(['--model', bert, '--file', file]))).toMatchObject([
      { text: 'fine', label: 'positive', id: 7 },
      { text: 'awful', label: 'negative', id: 8 },
      { label: 'positive', id: 2 ** 40 },
    ]);
  });

  it('takes the contexts from a column, keeps all columns, and says that a run was trained without', async () => {
    const rows = pairs.map(({ text, context }, id) => ({ id, text, before: context, source: { page: 3 } }));
    const file = written('contexts.jsonl', rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    const run = runOn('withoutContexts', 'embedded');
    const finished = await predict(['--model', run, '--file', file, '--context-column', 'before']);
    expect(expectPredictions(finished, pairs)).toEqual(
      rows.map((row) => ({ ...row, predicted: expect.any(String), probabilities: expect.any(Object) })),
    );
    expect(saidOfContexts(finished)).toEqual([`! ${run}: trained on texts without contexts, and asked with them`]);
  });

  it('of 5,000 lines, which are classified in chunks, keeps their order, with --output over what is there', async () => {
    const rows = Array.from({ length: 5000 }, (_, id) => ({ id, text: (texts[id % texts.length] as Input).text }));
    const file = written('long.jsonl', rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    const inputs = rows.map(({ id }) => texts[id % texts.length] as Input);
    const output = written('predictions.jsonl', 'what was there\n');
    const finished = await predict(['--model', bert, '--file', file, '--output', output]);
    expect(finished.stdout).toBe('');
    const lines = linesOf({ ...finished, stdout: readFileSync(output, 'utf8') });
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
  const contexts = written('contexts.csv', 'text,before\ngood,so\n');
  const kept = written('kept.jsonl', 'kept\n');
  const linked = written('linked.jsonl', '{"text":"one"}\n');
  const link = join(scratch, 'link.jsonl');
  symlinkSync(linked, link);

  it.each<[string, readonly string[], readonly RegExp[]]>([
    ['no model', ['one text'], [/^USAGE: Missing required argument: model;/]],
    ['a flag without its value', ['one text', '--model'], [/^USAGE: Not enough arguments following: model;/]],
    [
      'neither texts nor a file, a column of none, and numbers that are none',
      ['--model', bert, '--context-column', 'before', '--context', 'so', '--top', '0', '--max-length', '2'],
      [
        /^USAGE: either texts or --file;/,
        /^USAGE: --context-column without --file;/,
        /^USAGE: both --context and --context-column;/,
        /^USAGE: --max-length 2,/,
        /^USAGE: --top 0,/,
      ],
    ],
    [
      'texts, one of them a second model, and a file, which has no columns',
      ['--model', bert, bert, '--file', file, 'one text', '--context-column', 'before', '--top', '1.5'],
      [
        /^USAGE: .+, a model's folder, as a text: each model has its own --model;/,
        /^USAGE: either texts or --file;/,
        /^USAGE: --context-column .+no columns;/,
        /^USAGE: --top 1\.5,/,
      ],
    ],
    [
      'an --output that is the --file, by another name',
      ['--model', bert, '--file', linked, '--output', link, '--top', 'three'],
      [/^USAGE: --output and --file the same;/, /^USAGE: --top NaN,/],
    ],
    [
      'a column that is not there',
      ['--model', bert, '--file', contexts, '--context-column', 'befor', '--output', kept],
      [/^DATA_MISSING_COLUMN: .+befor/],
    ],
    [
      'an output in a folder that is not there',
      ['--model', bert, '--output', join(scratch, 'none', 'out.jsonl'), 'one text'],
      [/^OUTPUT_NOT_WRITABLE: --output .+none\/out\.jsonl \(ENOENT\);/],
    ],
    [
      'a model that is not here, offline',
      ['--model', 'someone/none', '--output', kept, 'one text'],
      [/^ENCODER_OFFLINE: someone\/none/],
    ],
    [
      'classifiers of other classes',
      ['--model', bert, '--model', join(classifiersFolder, 'bertMultiLabel'), '--output', kept, 'one text'],
      [/^CLASSIFIERS_DIFFER: .+billing.+ and .+angry/],
    ],
  ])('%s', async (_what, args, problems) => {
    const { code, stdout, stderr } = await predict(args);
    expect({ code, stdout, stderr }).toMatchObject({ code: 2, stdout: '' });
    const lines = stderr.trimEnd().split('\n');
    for (const line of lines) expect(line).toMatch(/^[A-Z][A-Z0-9_]+: .+; expected .+\. \S/);
    expect(lines).toEqual(problems.map((problem) => expect.stringMatching(problem)));
    // Nothing is written before it is known that there is something to write.
    expect([kept, linked].map((own) => readFileSync(own, 'utf8'))).toEqual(['kept\n', '{"text":"one"}\n']);
  });
});

it('explains itself', async () => {
  const { code, stdout, stderr } = await predict(['--help']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  for (const part of ['--model', '--file', '--context-column', '--max-length', '--engine', 'PEFT']) {
    expect(stdout).toContain(part);
  }
});
