import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Classifier, disposeClassifier } from '../../src/classifiers/classifier.ts';
import { findClassifier } from '../../src/classifiers/findClassifier.ts';
import { type Classifiable, predict } from '../../src/classifiers/predict.ts';
import type { EncoderPlaces } from '../../src/encoders/resolveEncoder.ts';
import { readRun } from '../../src/tracking/results.ts';
import { problemsOf } from '../data/problems.ts';
import {
  type AdapterReference,
  adaptersFolder,
  type ClassifierReference,
  classifiersFolder,
  furthest,
  readGolden,
} from '../encoders/classifierGoldens.ts';
import { goldenFolder } from '../encoders/goldens.ts';
import { leakedTensorsOf, onEachEngine } from '../engine/engines.ts';
import { temporaryFolder } from '../report/madeUpResults.ts';
import { logitsOf } from './logits.ts';
import { writeRunJournal } from './runJournal.ts';
import { testExamples, trainRun } from './trainedRun.ts';

const bert = join(classifiersFolder, 'bert');
const { labels, texts, maxLength } = readGolden<ClassifierReference>(classifiersFolder, 'bert.reference.json');
const few = texts.slice(0, 4);

function offline(hubCache = temporaryFolder()): EncoderPlaces {
  return { hubCache, offline: true };
}

/** The folder of a run with what a training has left in it. */
function runWith(saved: Readonly<Record<string, string>>, settings: Readonly<Record<string, unknown>> = {}): string {
  const folder = temporaryFolder();
  writeRunJournal(folder, settings);
  for (const [name, from] of Object.entries(saved)) cpSync(from, join(folder, name), { recursive: true });
  return folder;
}

/** The folder of a run whose journal is none. */
function emptyRun(): string {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'journal.jsonl'), 'one text\n');
  return folder;
}

/** A model in the cache of the hub, as its client leaves it. */
function cached(id: string, from: string): EncoderPlaces {
  const hubCache = temporaryFolder();
  const repository = join(hubCache, `models--${id.replace('/', '--')}`);
  cpSync(from, join(repository, 'snapshots', 'abc'), { recursive: true });
  mkdirSync(join(repository, 'refs'));
  writeFileSync(join(repository, 'refs', 'main'), 'abc');
  return offline(hubCache);
}

/** A copy of the adapters of `bert` on a base with this name. */
function adaptersOn(base: string): string {
  const folder = temporaryFolder();
  cpSync(join(adaptersFolder, 'bert'), folder, { recursive: true });
  const file = join(folder, 'adapter_config.json');
  const config = JSON.parse(readFileSync(file, 'utf8'));
  writeFileSync(file, JSON.stringify({ ...config, base_model_name_or_path: base }));
  return folder;
}

function expectBert(classifier: Classifier): void {
  expect(classifier.labelNames).toEqual(labels);
  expect(classifier.activation).toBe('softmax');
  const actual = logitsOf(
    classifier,
    few.map(({ text }) => text),
    maxLength,
  );
  const expected = few.map(({ logits }) => logits);
  expect(furthest(actual, expected)).toBeLessThan(1e-4);
  disposeClassifier(classifier);
}

function expectAdapted(classifier: Classifier, name = 'bert'): void {
  const reference = readGolden<AdapterReference>(adaptersFolder, `${name}.reference.json`);
  const actual = logitsOf(classifier, reference.texts, reference.maxLength);
  expect(furthest(actual, reference.logits.adapted)).toBeLessThan(1e-4);
  disposeClassifier(classifier);
}

onEachEngine('findClassifier', (engine) => {
  it('takes a folder of transformers, also one that is named without ./', async () => {
    expectBert(await findClassifier(bert, offline()));
    expectBert(await findClassifier(relative('.', bert), offline()));
  });

  it('takes a multi-label classifier', async () => {
    const found = await findClassifier(join(classifiersFolder, 'bertMultiLabel'), offline());
    expect(found.activation).toBe('sigmoid');
    expect(found.labelNames).toEqual(['angry', 'polite', 'question', 'spam', 'urgent']);
    disposeClassifier(found);
  });

  it.each(['bert', 'roberta', 'distilBert'])('takes adapters of PEFT beside their model: %s', async (name) => {
    expectAdapted(await findClassifier(join(adaptersFolder, name), offline()), name);
  });

  it('takes adapters on a folder by its absolute path, and on a model of the hub', async () => {
    expectAdapted(await findClassifier(adaptersOn(bert), offline()));
    expectAdapted(await findClassifier(adaptersOn('someone/tiny'), cached('someone/tiny', bert)));
  });

  it('takes a model of the hub', async () => {
    expectBert(await findClassifier('someone/tiny', cached('someone/tiny', bert)));
  });

  it('takes the model that a run has left, whole or as adapters', async () => {
    expectBert(await findClassifier(runWith({ encoder: bert }), offline()));
    expectAdapted(await findClassifier(runWith({ adapters: adaptersOn(bert) }), offline()));
  });

  it('takes the whole model where a run has left both', async () => {
    expectBert(await findClassifier(runWith({ adapters: adaptersOn(bert), encoder: bert }), offline()));
  });

  it('takes the longest text that a run was trained on, where its journal says so', async () => {
    const lengthOf = async (name: string) => {
      const found = await findClassifier(name, offline());
      disposeClassifier(found);
      return found.maxLength;
    };
    expect(await lengthOf(runWith({ encoder: bert }, { maxLength: 9 }))).toBe(9);
    expect(await lengthOf(runWith({ adapters: adaptersOn(bert) }, { maxLength: 9 }))).toBe(9);
    expect(await lengthOf(runWith({ encoder: bert }, { maxLength: 'long' }))).toBeUndefined();
    expect(await lengthOf(runWith({ encoder: bert }))).toBeUndefined();
    expect(await lengthOf(bert)).toBeUndefined();
  });

  it('takes from the journal of a run how it was trained to read contexts, where it says so', async () => {
    const trainedAs = async (name: string) => {
      const found = await findClassifier(name, offline());
      disposeClassifier(found);
      const { segments, contextual } = found;
      return { segments, contextual };
    };
    for (const segments of ['own', 'two'] as const) {
      expect(await trainedAs(runWith({ encoder: bert }, { segments }))).toEqual({ segments });
    }
    for (const [source, contextual] of [
      ['embedded', false],
      ['mustard-fold0+context', true],
      ['iemocap+character', true],
      ['./my+contexts', false],
      ['./my data+context+character', true],
    ] as const) {
      const settings = { segments: 'own', data: { source } };
      expect(await trainedAs(runWith({ encoder: bert }, settings))).toEqual({ segments: 'own', contextual });
    }
    const unknown = { segments: 'three', data: { source: 7 } };
    for (const name of [runWith({ encoder: bert }, unknown), runWith({ encoder: bert }), bert]) {
      expect(await trainedAs(name)).toEqual({});
    }
  });

  describe.each(['roberta', 'xlmRoberta', 'bert'])('a run on %s that was trained on pairs', (name) => {
    it.each(['own', 'two'] as const)('says what its journal says, with segments %s', async (segments) => {
      const run = await trainRun(engine, '+context', { encoder: `${goldenFolder}${name}`, segments });
      const { start, predictions: journal } = readRun(run);
      expect(start.settings).toMatchObject({ segments });
      const [record] = journal.filter(({ classifier }) => classifier === 'classifier');
      const expected = record?.probabilities ?? [];
      const classifier = await findClassifier(run, offline());
      expect(classifier).toMatchObject({ segments, contextual: true, maxLength: 24 });
      const probabilities = async (own: Classifier, examples: readonly Classifiable[]) => {
        const { predictions } = await predict([own], examples);
        return [predictions.flatMap((own) => classifier.labelNames.map((label) => own.probabilities[label] as number))];
      };
      expect(record?.truth).toHaveLength(testExamples.length);
      // The journal has six digits.
      expect(furthest(await probabilities(classifier, testExamples), [expected])).toBeLessThan(1e-5);
      const without = testExamples.map(({ text }) => ({ text }));
      expect(furthest(await probabilities(classifier, without), [expected])).toBeGreaterThan(1e-3);
      if (segments === 'two' && name === 'xlmRoberta') {
        const untold = { ...classifier, segments: 'own' as const };
        expect(furthest(await probabilities(untold, testExamples), [expected])).toBeGreaterThan(1e-3);
      }
      // The folder of the model alone has no journal to go by.
      const bare = await findClassifier(join(run, 'encoder'), offline());
      expect(bare.contextual).toBeUndefined();
      const unaware = await probabilities({ ...bare, maxLength: 24 }, testExamples);
      expect(furthest(unaware, [expected])).toBeLessThan(1e-5);
      disposeClassifier(bare);
      disposeClassifier(classifier);
    });
  });

  it('leaves no tensor behind of what it cannot use', async () => {
    const headless = [`${goldenFolder}bert`, runWith({ encoder: `${goldenFolder}distilBert` })];
    for (const folder of headless) {
      const leaked = await leakedTensorsOf(() => findClassifier(folder, offline()).catch(() => undefined));
      expect(leaked).toBe(0);
    }
  });
});

it.each<[string, () => string, string, RegExp]>([
  ['a run without a model', () => runWith({}), 'RUN_WITHOUT_MODEL', /a run that has left no model/],
  ['a run without a model or a journal that can be read', () => emptyRun(), 'RUN_WITHOUT_MODEL', /no model/],
  ['an encoder without a head', () => `${goldenFolder}bert`, 'CLASSIFIER_HEAD_MISSING', /classifier\.weight/],
  [
    'a run that has left an encoder alone',
    () => runWith({ encoder: `${goldenFolder}distilBert` }),
    'CLASSIFIER_HEAD_MISSING',
    /pre_classifier\.weight/,
  ],
  ['a folder without a model', () => temporaryFolder(), 'ENCODER_FILE_MISSING', /config\.json/],
  ['a folder that is not there', () => './no-such-model', 'ENCODER_FOLDER_MISSING', /no-such-model/],
  ['a file', () => join(bert, 'config.json'), 'ENCODER_FOLDER_MISSING', /config\.json/],
  ['a model that is not in the cache', () => 'someone/none', 'ENCODER_OFFLINE', /someone\/none/],
  ['adapters whose model is gone', () => adaptersOn('./gone'), 'ENCODER_FOLDER_MISSING', /gone/],
])('refuses %s', async (_what, name, code, given) => {
  await expect(findClassifier(name(), offline())).rejects.toMatchObject({
    problems: expect.arrayContaining([expect.objectContaining({ code, given: expect.stringMatching(given) })]),
  });
});

it('says to a run without a head how one is saved', async () => {
  const [problem] = await problemsOf(findClassifier(runWith({ encoder: `${goldenFolder}distilBert` }), offline()));
  expect(problem?.remedy).toContain('crossEntropy');
  expect(problem?.remedy).toContain('--set classifier.kind=sequenceClassification --set pooling=cls');
});
