import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import type { Classifier } from '../../src/classifiers/classifier.ts';
import { loadClassifier, saveClassifier, withoutHead } from '../../src/classifiers/classifierFolder.ts';
import { loadEncoder, saveEncoder } from '../../src/encoders/huggingFaceFolder.ts';
import { readSafetensorsHeader } from '../../src/encoders/safetensors.ts';
import { createClassificationHead } from '../../src/heads/classificationHead.ts';
import { scratchFolder } from '../cli/command.ts';
import { problemsOf } from '../data/problems.ts';
import {
  type ClassifierReference,
  classifiersFolder,
  furthest,
  readGolden,
  tinyClassifiers,
} from '../encoders/classifierGoldens.ts';
import { goldenFolder, tinyEncoders } from '../encoders/goldens.ts';
import { leakedTensorsOf, onEachEngine } from '../engine/engines.ts';
import { logitsOf } from './logits.ts';
import { askTransformers, transformersPython } from './transformers.ts';

const scratch = scratchFolder();
const texts = ['I could dance.', 'The kettle had been whistling for a minute.', '😭 no', ''];

/** A copy of a golden folder, with another config.json. */
function changed(name: string, change: (config: Record<string, unknown>) => void): string {
  const folder = join(scratch, `changed ${name} ${Math.trunc(performance.now() * 1e6)}`);
  cpSync(join(classifiersFolder, name), folder, { recursive: true });
  const file = join(folder, 'config.json');
  const config = JSON.parse(readFileSync(file, 'utf8'));
  change(config);
  writeFileSync(file, JSON.stringify(config));
  return folder;
}

const codesOf = async (work: () => Promise<unknown>) => (await problemsOf(work())).map(({ code }) => code);

/** An encoder without a head, with a new one. */
async function fresh(name: string, labelNames: readonly string[]): Promise<Classifier> {
  const encoder = await loadEncoder(`${goldenFolder}${name}`, name);
  const options = { kind: 'sequenceClassification', tasks: [labelNames.length], labelNames } as const;
  return { encoder, head: createClassificationHead(options, encoder, 1), labelNames, activation: 'softmax' };
}

onEachEngine('classifier folder', (engine) => {
  it.each(tinyClassifiers)('loads what transformers has saved, and saves what it loads again: %s', async (name) => {
    const {
      labels,
      texts: inputs,
      maxLength,
    } = readGolden<ClassifierReference>(classifiersFolder, `${name}.reference.json`);
    const classifier = await loadClassifier(join(classifiersFolder, name), name);
    expect(classifier.labelNames).toEqual(labels);
    expect(classifier.activation).toBe(name === 'bertMultiLabel' ? 'sigmoid' : 'softmax');
    // BERT's two types are in its template; only a second one of RoBERTa's says that it was trained with two segments.
    expect(classifier.segments).toBeUndefined();
    const plain = inputs.map(({ text }) => text);
    const logits = logitsOf(classifier, plain, maxLength);
    expect(
      furthest(
        logits,
        inputs.map((input) => [...input.logits]),
      ),
    ).toBeLessThan(1e-4);
    const folder = join(scratch, `again ${engine} ${name}`);
    await saveClassifier(classifier, folder);
    const again = await loadClassifier(folder, name);
    expect(logitsOf(again, plain, maxLength)).toEqual(logits);
    expect({ ...again, encoder: null, head: null }).toEqual({ ...classifier, encoder: null, head: null });
    const names = async (own: string) =>
      [...(await readSafetensorsHeader(join(own, 'model.safetensors'))).keys()].sort();
    expect(await names(folder)).toEqual(await names(join(classifiersFolder, name)));
  });

  it.each(
    tinyEncoders,
  )('a new head on %s is saved under the names of transformers, and is an encoder too', async (name) => {
    const classifier = await fresh(name, ['a', 'b b', 'ç']);
    const folder = join(scratch, `new ${engine} ${name}`);
    await saveClassifier(classifier, folder);
    const loaded = await loadClassifier(folder, name);
    expect(loaded.labelNames).toEqual(['a', 'b b', 'ç']);
    expect(logitsOf(loaded, texts, 20)).toEqual(logitsOf(classifier, texts, 20));
    const encoder = await loadEncoder(folder, name);
    for (const [tensor, variable] of classifier.encoder.variables) {
      const own = tensor.slice(classifier.encoder.source.prefix.length);
      expect(encoder.variables.get(encoder.source.prefix + own)?.dataSync()).toEqual(variable.dataSync());
    }
    const config = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8'));
    expect(config.label2id).toEqual({ a: 0, 'b b': 1, ç: 2 });
    expect(config.architectures).toEqual([expect.stringMatching(/ForSequenceClassification$/)]);
  });

  it.runIf(transformersPython).each(tinyEncoders)(
    'transformers gives the same scores to a new head on %s',
    async (name) => {
      const classifier = await fresh(name, ['a', 'b', 'c']);
      for (const variable of classifier.head.variables.values()) {
        // Far from zero, or a mistake would hardly show.
        const scaled = tf.mul(variable, 20);
        variable.assign(scaled);
        scaled.dispose();
      }
      const folder = join(scratch, `checked ${engine} ${name}`);
      await saveClassifier(classifier, folder);
      const script = join(classifiersFolder, 'checkSaved.py');
      const { logits, labels } = askTransformers(script, [folder], texts, scratch);
      expect(furthest(logitsOf(classifier, texts, 40), logits)).toBeLessThan(1e-4);
      expect(labels).toEqual({ 0: 'a', 1: 'b', 2: 'c' });
    },
  );

  it('names classes as transformers does where config.json names none', async () => {
    const folder = changed('bert', (config) => {
      delete config.id2label;
      delete config.label2id;
    });
    expect((await loadClassifier(folder, 'bert')).labelNames).toEqual([0, 1, 2, 3, 4, 5].map((i) => `LABEL_${i}`));
  });

  describe('without its head', () => {
    const ofHead = {
      // BERT's pooler is the encoder's.
      bert: ['classifier'],
      bertMultiLabel: ['classifier'],
      roberta: ['classifier.dense', 'classifier.out_proj'],
      xlmRoberta: ['classifier.dense', 'classifier.out_proj'],
      distilBert: ['pre_classifier', 'classifier'],
    } as const satisfies Record<(typeof tinyClassifiers)[number], readonly string[]>;

    it.each(tinyClassifiers)('%s is an encoder, and no classifier any more', async (name) => {
      const encoder = await loadEncoder(join(classifiersFolder, name), name);
      const bare = withoutHead(encoder);
      const gone = ofHead[name].flatMap((layer) => [`${layer}.weight`, `${layer}.bias`]);
      const { otherTensors } = encoder.source;
      expect([...otherTensors.keys()]).toEqual(expect.arrayContaining(gone));
      const left = [...otherTensors.keys()].filter((tensor) => !gone.includes(tensor));
      expect([...bare.source.otherTensors.keys()]).toEqual(left);
      expect(left.some((tensor) => tensor.includes('pooler'))).toBe(name.startsWith('bert'));
      const folder = join(scratch, `headless ${engine} ${name}`);
      await saveEncoder(bare, folder, 'cls');
      expect(await codesOf(() => loadClassifier(folder, name))).toEqual(['CLASSIFIER_HEAD_MISSING']);
      const again = await loadEncoder(folder, name);
      for (const [tensor, variable] of encoder.variables) {
        expect(again.variables.get(tensor)?.dataSync()).toEqual(variable.dataSync());
      }
    });

    it('it names no classes, and nothing else is forgotten', async () => {
      const classifier = await loadClassifier(join(classifiersFolder, 'bertMultiLabel'), 'it');
      const folder = join(scratch, `thresholds ${engine}`);
      await saveClassifier({ ...classifier, thresholds: classifier.labelNames.map(() => 0.3) }, folder);
      const encoder = await loadEncoder(folder, 'it');
      const { configFile } = encoder.source;
      const ofClasses = ['architectures', 'problem_type', 'id2label', 'label2id', 'decision_thresholds'];
      expect(Object.keys(configFile)).toEqual(expect.arrayContaining(ofClasses));
      const rest = Object.entries(configFile).filter(([key]) => !ofClasses.includes(key));
      expect(withoutHead(encoder).source.configFile).toEqual(Object.fromEntries(rest));
      expect(Object.keys(encoder.source.configFile)).toEqual(expect.arrayContaining(ofClasses));
    });

    it.each(tinyEncoders)('an encoder that has none is itself: %s', async (name) => {
      const encoder = await loadEncoder(`${goldenFolder}${name}`, name);
      expect(withoutHead(encoder)).toBe(encoder);
    });
  });

  describe('refuses', () => {
    it.each([
      ['an encoder without a head', () => `${goldenFolder}roberta`, 'CLASSIFIER_HEAD_MISSING'],
      [
        'classes that are not as many as the scores',
        () => changed('bert', (c) => Object.assign(c, { id2label: { 0: 'a', 1: 'b' } })),
        'CLASSIFIER_HEAD_MISSING',
      ],
      [
        'two classes of one name',
        () =>
          changed('bert', (c) => {
            const { id2label } = c as { id2label: Record<string, string> };
            Object.assign(id2label, { 1: id2label[0] });
          }),
        'CLASSIFIER_LABEL_REPEATED',
      ],
      [
        'a regression',
        () => changed('distilBert', (c) => Object.assign(c, { problem_type: 'regression' })),
        'CLASSIFIER_PROBLEM_UNSUPPORTED',
      ],
      [
        'another architecture',
        () => changed('bert', (c) => Object.assign(c, { model_type: 'gpt2' })),
        'ENCODER_ARCHITECTURE_UNSUPPORTED',
      ],
    ])('%s', async (_, folder, code) => {
      expect(await codesOf(() => loadClassifier(folder(), 'it'))).toEqual([code]);
    });

    it('it without keeping a tensor', async () => {
      const refused = () => codesOf(() => loadClassifier(`${goldenFolder}roberta`, 'it'));
      expect(await leakedTensorsOf(refused)).toBe(0);
    });
  });
});
