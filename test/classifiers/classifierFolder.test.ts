import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import type { Classifier } from '../../src/classifiers/classifier.ts';
import { loadClassifier, saveClassifier } from '../../src/classifiers/classifierFolder.ts';
import { loadEncoder } from '../../src/encoders/huggingFaceFolder.ts';
import { readSafetensorsHeader } from '../../src/encoders/safetensors.ts';
import { UserError } from '../../src/errors.ts';
import { createClassificationHead } from '../../src/heads/classificationHead.ts';
import { scratchFolder } from '../cli/command.ts';
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

async function codesOf(work: () => Promise<unknown>): Promise<string[]> {
  try {
    await work();
    return [];
  } catch (error) {
    if (error instanceof UserError) return error.problems.map(({ code }) => code);
    throw error;
  }
}

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

  describe('refuses', () => {
    it.each([
      ['an encoder without a head', () => `${goldenFolder}roberta`, 'CLASSIFIER_HEAD_MISSING'],
      [
        'classes that are not as many as the scores',
        () => changed('bert', (c) => Object.assign(c, { id2label: { 0: 'a', 1: 'b' } })),
        'CLASSIFIER_HEAD_MISSING',
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
