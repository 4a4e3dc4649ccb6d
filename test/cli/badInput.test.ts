import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nativeInstalled } from '../../src/engine/native/places.ts';
import { readExperiment } from '../../src/tracking/results.ts';
import { goldenFolder } from '../encoders/goldens.ts';
import { type Finished, onePoint, scratchFolder, stampsIn, sweep, tiny } from './command.ts';

const scratch = scratchFolder();

/** Where a cell has been finished before all the mistakes are made. */
const out = join(scratch, 'results');
let finished: Map<string, number>;
beforeAll(async () => {
  const { code } = await sweep([tiny, ...onePoint, '--out', out]);
  expect(code).toBe(0);
  finished = stampsIn(join(out, 'tiny'));
}, 300_000);
afterAll(() => expect(stampsIn(join(out, 'tiny'))).toEqual(finished));

/**
 * What a user gets to see: exit code 2, no stack, and a line for each problem with code, given, expected and remedy.
 * Each line is one of `problems`, and each of them is there.
 */
function expectProblems({ code, stdout, stderr }: Finished, ...problems: readonly RegExp[]): void {
  expect({ code, stdout, stderr }).toMatchObject({ code: 2, stdout: '' });
  const lines = stderr.trimEnd().split('\n');
  for (const line of lines) {
    expect(line).toMatch(/^[A-Z][A-Z0-9_]+: .+; expected .+\. \S/);
    expect(line).toMatch(new RegExp(problems.map(({ source }) => source).join('|')));
  }
  for (const problem of problems) expect(stderr).toMatch(new RegExp(problem, 'm'));
}

function writeFolder(name: string, files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = join(scratch, name);
  mkdirSync(folder);
  for (const [file, content] of Object.entries(files)) writeFileSync(join(folder, file), content);
  return folder;
}

function jsonLines(...rows: readonly (readonly [text: string, label: string])[]): string {
  return rows.map(([text, label]) => `${JSON.stringify({ text, label })}\n`).join('');
}

const goodRows = jsonLines(['so glad', 'joy'], ['what fun', 'joy'], ['so sad', 'grief'], ['alas', 'grief']);
const goodCorpus = { 'train.jsonl': goodRows, 'validation.jsonl': goodRows, 'test.jsonl': goodRows };

/** A copy of the tiny encoder, damaged. */
function damagedEncoder(name: string, damage: (folder: string) => void): string {
  const folder = join(scratch, name);
  cpSync(join(goldenFolder, 'bert'), folder, { recursive: true });
  damage(folder);
  return folder;
}

function changeJson(file: string, change: (content: Record<string, unknown>) => void): void {
  const content = JSON.parse(readFileSync(file, 'utf8'));
  change(content);
  writeFileSync(file, JSON.stringify(content));
}

const changeConfig = (change: Record<string, unknown>) => (folder: string) =>
  changeJson(join(folder, 'config.json'), (config) => Object.assign(config, change));

describe.concurrent('a mistake in the command line', () => {
  it.each([
    ['no experiment', [], /^USAGE: Not enough non-option arguments/],
    ['two experiments', [tiny, tiny], /^USAGE: Too many non-option arguments/],
    ['an unknown flag', [tiny, '--worker', '2'], /^USAGE: Unknown argument: worker;/],
    ['a flag without its value', [tiny, '--out'], /^USAGE: Not enough arguments following: out;/],
    ['a flag given twice', [tiny, '--seeds', '1', '--seeds', '2'], /^USAGE: --seeds more than once;/],
    ['an unknown engine', [tiny, '--engine', 'gpu'], /^USAGE: .+ Given: "gpu", Choices: "auto", "tensorflow", "wasm"/],
    ['an override without a value', ['--set', 'pooling', tiny], /^SET_WITHOUT_VALUE: --set pooling;/],
    ['seeds that are none', [tiny, '--seeds', '5..1'], /^SEEDS_MALFORMED: --seeds 5\.\.1;/],
    ['no worker', [tiny, '--workers', '0'], /^WORKERS_INVALID: --workers 0;/],
  ])('%s', async (_name, args, problem) => {
    expectProblems(await sweep([...args, ...(args.includes('--out') ? [] : ['--out', out])]), problem);
  });
});

describe.concurrent('a mistake in the experiment', () => {
  const experiments = writeFolder('experiments', {
    'broken.ts': 'export default {\n  name: ;\n};\n',
    'empty.ts': 'export const experiment = {};\n',
    'incomplete.ts': "export default { name: 'tiny', objective: { supCon: {} } };\n",
    'unknown.ts': `export default {
      name: 'tiny', encoder: 'mini', objective: { supCon: {} }, sampler: { kind: 'mPerClass' }, training: { steps: 1 },
      grid: { 'objective.supCon.temprature': [0.1, 0.3] },
    };\n`,
  });

  it.each([
    ['a file that is not there', ['test/cli/fixtures/tinny.ts'], [/^EXPERIMENT_NOT_FOUND: .+ Did you mean "?tiny\.ts/]],
    ['a file that does not parse', [join(experiments, 'broken.ts')], [/^EXPERIMENT_UNREADABLE: .+broken\.ts:2:8: /]],
    ['no default export', [join(experiments, 'empty.ts')], [/^EXPERIMENT_WITHOUT_DEFAULT: .+empty\.ts;/]],
    [
      'settings that are missing, all at once',
      [join(experiments, 'incomplete.ts')],
      [/^EXPERIMENT_INVALID: no sampler;/, /^EXPERIMENT_INVALID: no training;/],
    ],
    [
      'an unknown axis in the file',
      [join(experiments, 'unknown.ts')],
      [/^EXPERIMENT_UNKNOWN_SETTING: objective\.supCon\.temprature; .+ Did you mean "?temperature/],
    ],
    [
      'an unknown setting on the command line',
      [tiny, '--set', 'training.stepz=3'],
      [/^EXPERIMENT_UNKNOWN_SETTING: training\.stepz; .+ Did you mean "?steps/],
    ],
    [
      'values of the wrong type, all at once',
      [tiny, '--set', 'training.steps=many', '--set', 'pooling=max'],
      [
        /^EXPERIMENT_INVALID: pooling = "max"; expected .*"cls"/,
        /^EXPERIMENT_INVALID: training\.steps = "many"; expected /,
      ],
    ],
    [
      'a value twice on an axis',
      [tiny, '--set', 'maxLength=[8,8]'],
      [/^EXPERIMENT_DUPLICATE_VALUE: maxLength = \[8,8\];/],
    ],
    [
      'batches that the corpus cannot fill',
      [tiny, '--set', 'sampler.batchSize=64'],
      [/^SAMPLER_TOO_FEW_LABELS: .+ 28 labels; expected 32 for batchSize 64 with m 2\. Lower batchSize to 56 or /],
    ],
    [
      'texts longer than the encoder takes, and nothing left to train',
      [tiny, '--set', 'maxLength=41', '--set', 'training.freeze.layers=2'],
      [
        /^MAX_LENGTH_TOO_LONG: maxLength 41 .+; expected at most 40/,
        /^FREEZE_ALL_LAYERS: training\.freeze\.layers 2 .+; expected less than 2/,
      ],
    ],
    [
      'what only a trained classifier has, all at once',
      [
        tiny,
        ...['--set', 'training.monitor=classifier.macroF1', '--set', 'evaluation.classifier.examples=["so glad"]'],
        ...['--set', 'maxLength=41'],
      ],
      [
        /^MONITOR_WITHOUT_CLASSIFIER: training\.monitor classifier\.macroF1 .+; expected /,
        /^EXAMPLES_WITHOUT_CLASSIFIER: evaluation\.classifier\.examples .+; expected /,
        /^MAX_LENGTH_TOO_LONG: /,
      ],
    ],
    [
      'a head of transformers on the mean of the tokens',
      [tiny, '--set', 'objective.crossEntropy={}', '--set', 'classifier.kind=sequenceClassification'],
      [/^CLASSIFIER_ON_MEAN: .+ pooling mean; .+ Use --set pooling=cls/],
    ],
    [
      'adapters that cannot be, a monitor and a kind of head that are none, all at once',
      [
        tiny,
        ...['--set', 'training.lora={"rank":0,"alpha":-1,"targets":["query","nose"]}'],
        ...['--set', 'training.monitor=classifier.f1', '--set', 'classifier.kind=mlp'],
      ],
      [
        /^EXPERIMENT_INVALID: training\.lora\.rank = 0; expected /,
        /^EXPERIMENT_INVALID: training\.lora\.alpha = -1; expected /,
        /^EXPERIMENT_INVALID: training\.lora\.targets\.1 = "nose"; expected one of "query"/,
        /^EXPERIMENT_INVALID: training\.monitor = "classifier\.f1"; expected one of "knn\.macroF1"/,
        /^EXPERIMENT_INVALID: classifier\.kind = "mlp"; expected one of "linear"/,
      ],
    ],
    [
      'adapters of a layer twice, and examples without a word',
      [tiny, '--set', 'training.lora={"targets":["query","query"]}', '--set', 'evaluation.classifier.examples=[""]'],
      [
        /^EXPERIMENT_INVALID: training\.lora\.targets = \["query","query"\]; expected each layer once/,
        /^EXPERIMENT_INVALID: evaluation\.classifier\.examples\.0 = ""; expected /,
      ],
    ],
    [
      'adapters of no layer',
      [tiny, '--set', 'training.lora={"targets":[]}'],
      [/^EXPERIMENT_INVALID: .+\.targets = \[\];/],
    ],
    [
      'an option of adapters that there is not',
      [tiny, '--set', 'training.lora={"rnk":8}'],
      [/^EXPERIMENT_UNKNOWN_SETTING: training\.lora\.rnk; .+ Did you mean "?rank/],
    ],
    [
      'a head that is to be a softmax and sigmoids, and contradictions of classes that are not there, all at once',
      [
        tiny,
        ...['--set', 'objective.crossEntropy={}', '--set', 'objective.binaryCrossEntropy={}'],
        ...['--set', 'objective.contradiction.pairs=[["joyy","fear"],["grieff","joyy",2]]'],
      ],
      [
        /^CLASSIFIER_TWO_ACTIVATIONS: crossEntropy and binaryCrossEntropy .+; expected one of them/,
        /^DATA_UNKNOWN_CLASS: objective\.contradiction\.pairs with "joyy", .+ embedded; .+ Did you mean "joy"/,
        /^DATA_UNKNOWN_CLASS: objective\.contradiction\.pairs with "grieff", .+ embedded; .+ Did you mean "grief"/,
      ],
    ],
    [
      'pairs of classes that are none, all at once',
      [
        tiny,
        '--set',
        'objective.contradiction.pairs=["joy",["joy"],["joy","fear",0],["joy","joy"],["joy","fear",1,2]]',
      ],
      [
        /^EXPERIMENT_INVALID: objective\.contradiction\.pairs\.0 = "joy"; expected \[class, class\] or /,
        /^EXPERIMENT_INVALID: objective\.contradiction\.pairs\.1 = \["joy"\]; expected \[class, class\] or /,
        /^EXPERIMENT_INVALID: objective\.contradiction\.pairs\.2\.2 = 0; expected .*number to be >0/,
        /^EXPERIMENT_INVALID: objective\.contradiction\.pairs\.3 = \["joy","joy"\]; expected two different classes/,
        /^EXPERIMENT_INVALID: objective\.contradiction\.pairs\.4 = \["joy","fear",1,2\]; expected \[class, class\] or /,
      ],
    ],
    [
      'no pair of classes, and places off the circumplex, all at once',
      [
        tiny,
        ...['--set', 'objective.contradiction.pairs=[]', '--set', 'objective.valence.values={"joy":2}'],
        ...['--set', 'objective.intensity.values={"joy":-0.1}', '--set', 'balancing=learned'],
        ...['--set', 'objective.binaryCrossEntropy.threshold=0'],
      ],
      [
        /^EXPERIMENT_INVALID: objective\.contradiction\.pairs = \[\]; expected at least one pair of classes/,
        /^EXPERIMENT_INVALID: objective\.valence\.values\.joy = 2; expected .*<=1/,
        /^EXPERIMENT_INVALID: objective\.intensity\.values\.joy = -0\.1; expected .*>=0/,
        /^EXPERIMENT_INVALID: objective\.binaryCrossEntropy\.threshold = 0; expected .*>0/,
        /^EXPERIMENT_INVALID: balancing = "learned"; expected one of "fixed"\|"uncertainty"/,
      ],
    ],
    [
      'a precision that the engine lacks',
      [tiny, '--engine', 'wasm', '--precision', 'bfloat16'],
      [/^ENGINE_PRECISION_UNSUPPORTED: /],
    ],
  ])('%s', async (_name, args, problems) => {
    expectProblems(await sweep([...args, '--out', out]), ...problems);
  });

  it.skipIf(nativeInstalled())('an engine that is not installed', async () => {
    const result = await sweep([tiny, '--engine', 'tensorflow', '--out', out]);
    expectProblems(result, /^ENGINE_NOT_INSTALLED: .+ yarn engine install/);
  });
});

describe.concurrent('a mistake in the corpus', () => {
  const unknownClass = ['--set', 'data.exclude=["joyy"]'];

  it('a class that is excluded and not there', async () => {
    expectProblems(await sweep([tiny, ...unknownClass, '--out', out]), /^DATA_UNKNOWN_CLASS: .+ Did you mean "?joy/);
  });

  it('a corpus that is not there', async () => {
    const result = await sweep([tiny, '--data', 'embeded', '--out', out]);
    expectProblems(result, /^DATA_UNKNOWN_SOURCE: .+ Did you mean "?embedded/);
  });

  it('a corpus of several classes a text, as data and as a task', async () => {
    const flags = ['--data', 'embedded-soft', '--tasks', 'embedded-multi'];
    expectProblems(
      await sweep([tiny, ...flags, '--out', join(scratch, 'multi')]),
      /^DATA_NOT_SINGLE_LABEL: embedded-multi, .+ Use embedded\.$/m,
      /^DATA_NOT_SINGLE_LABEL: embedded-soft, .+ Use embedded\.$/m,
    );
  });

  it.each<[string, Readonly<Record<string, string | Uint8Array>>, readonly RegExp[]]>([
    ['without-test', { 'train.jsonl': goodRows, 'validation.jsonl': goodRows }, [/^DATA_MISSING_FILE: no test file/]],
    [
      'empty',
      { 'train.jsonl': '', 'validation.jsonl': '', 'test.jsonl': '' },
      [/^DATA_EMPTY_FILE: .+train/, /^DATA_EMPTY_FILE: .+test/, /^DATA_EMPTY_FILE: /],
    ],
    ['one-class', { ...goodCorpus, 'train.jsonl': jsonLines(['a', 'joy'], ['b', 'joy']) }, [/^DATA_ONE_CLASS: /]],
    ['too-small', { ...goodCorpus, 'train.jsonl': jsonLines(['a', 'joy'], ['b', 'grief']) }, [/^DATA_TOO_SMALL: /]],
    [
      'latin1',
      { ...goodCorpus, 'test.jsonl': Buffer.from(goodRows.replace('alas', 'voilà'), 'latin1') },
      [/^DATA_NOT_UTF8: /],
    ],
    [
      'unlisted',
      { ...goodCorpus, 'labels.txt': 'joy\nsadness\n' },
      [/^DATA_UNKNOWN_LABEL: .+, label "grief"; expected one of joy, sadness/],
    ],
  ])('%s', async (name, files, problems) => {
    const folder = writeFolder(name, files);
    expectProblems(await sweep([tiny, '--data', folder, '--out', out]), ...problems);
  });

  it('classes of which nothing is known, all at once', async () => {
    const rows = jsonLines(['so good', 'like'], ['nice film', 'like'], ['so bad', 'dislike'], ['alas', 'dislike']);
    const folder = writeFolder('reviews', { 'train.jsonl': rows, 'validation.jsonl': rows, 'test.jsonl': rows });
    const objective = [
      ...['--set', 'objective.crossEntropy={}'],
      ...['--set', 'objective.contradiction={}', '--set', 'objective.valence={}'],
      ...['--set', 'objective.intensity.values={"like":0.5}'],
    ];
    expectProblems(
      await sweep([tiny, '--data', folder, '--set', 'sampler.batchSize=4', ...objective, '--out', out]),
      /^CIRCUMPLEX_CLASS_WITHOUT_PLACE: objective\.valence on reviews, .+: dislike, like; .+values, e\.g\. \{"dislike":0,"like":0\}/,
      /^CIRCUMPLEX_CLASS_WITHOUT_PLACE: objective\.intensity on reviews, .+: dislike; expected the intensity of /,
      /^CONTRADICTION_WITHOUT_PAIRS: objective\.contradiction on reviews, .+ Name them in objective\.contradiction\.pairs/,
    );
  });
});

describe.concurrent('a mistake in the encoder', () => {
  it('a name that is neither in the cache nor on the disk, offline', async () => {
    const result = await sweep([tiny, '--encoder', 'someone/some-encoder', '--out', out], { HF_HUB_CACHE: scratch });
    expectProblems(result, /^ENCODER_OFFLINE: someone\/some-encoder/);
  });

  it('a folder that is not there', async () => {
    const result = await sweep([tiny, '--encoder', './no-such-folder', '--out', out]);
    expectProblems(result, /^ENCODER_FOLDER_MISSING: .+no-such-folder/);
  });

  it.each<[string, (folder: string) => void, readonly RegExp[]]>([
    ['truncated', (folder) => truncateSync(join(folder, 'model.safetensors'), 60_000), [/^SAFETENSORS_TRUNCATED: /]],
    [
      'other-shapes',
      changeConfig({ intermediate_size: 40 }),
      [/^ENCODER_TENSOR_SHAPE: .+ has shape \[48, 32\]; expected \[40, 32\]/, /^ENCODER_TENSOR_SHAPE: /],
    ],
    [
      'missing-tensors',
      changeConfig({ num_hidden_layers: 3 }),
      [/^ENCODER_TENSOR_MISSING: .+ have no encoder\.layer\.2\./],
    ],
    [
      'large-tokeniser',
      (folder) =>
        changeJson(join(folder, 'tokenizer.json'), ({ model }) => {
          Object.assign((model as { vocab: object }).vocab, { beyond: 400 });
        }),
      [/^TOKENISER_TOO_LARGE: .+ up to 400; expected ids below 400/],
    ],
  ])('%s', async (name, damage, problems) => {
    const folder = damagedEncoder(name, damage);
    expectProblems(await sweep([tiny, '--encoder', folder, '--out', out]), ...problems);
  });
});

describe.concurrent('a results folder', { timeout: 300_000 }, () => {
  it('that cannot be written', async () => {
    const file = join(writeFolder('occupied', { file: '' }), 'file');
    expectProblems(await sweep([tiny, '--out', file]), /^RESULTS_NOT_WRITABLE: .+file\/tiny \(ENOTDIR\);/);
  });

  const disk = mount('disk', '600k');
  it.skipIf(!disk)('whose disk fills up: what is finished stays, and it goes on when there is room', async () => {
    const folder = disk ?? '';
    const args = [tiny, '--workers', '1', '--out', folder];
    const full = await sweep(args);
    expect(full.code).toBe(1);
    expect(full.stdout).toMatch(/^✗ .+: DISK_FULL: no space left for .+tiny$/m);
    const before = stampsIn(join(folder, 'tiny'));
    expect(statesIn(folder).sort()).toEqual(expect.arrayContaining(['failed', 'finished']));

    execFileSync('/bin/mount', ['-o', 'remount,size=8m', folder]);
    const roomy = await sweep(args);
    expect(roomy.code).toBe(0);
    expect([...stampsIn(join(folder, 'tiny'))]).toEqual(expect.arrayContaining([...before]));
    expect(new Set(statesIn(folder))).toEqual(new Set(['finished']));
  });

  const fullDisk = mount('full-disk', '48k');
  it.skipIf(!fullDisk)('on a disk without room for any cell', async () => {
    const { code, stderr } = await sweep([tiny, ...onePoint, '--out', fullDisk ?? '']);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(/^DISK_FULL: [^\n]+; expected .+\n$/) });
  });
});

function statesIn(folder: string): string[] {
  return readExperiment(join(folder, 'tiny')).cells.map(({ outcome }) => outcome.state);
}

/** A disk of that size; undefined where this user may not mount one. */
function mount(name: string, size: string): string | undefined {
  const folder = join(scratch, name);
  mkdirSync(folder);
  try {
    execFileSync('/bin/mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder], { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  afterAll(() => execFileSync('/bin/umount', [folder]));
  return folder;
}
