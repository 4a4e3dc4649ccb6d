import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { loadEncoder, saveEncoder } from '../../src/encoders/huggingFaceFolder.ts';
import { withTwoTokenTypes } from '../../src/encoders/tokenTypes.ts';
import { collate } from '../../src/text/batch.ts';
import { leakedTensorsOf, onEachEngine } from '../engine/engines.ts';
import { goldenFolder } from './goldens.ts';

onEachEngine('token types', () => {
  const pair = (encoder: Awaited<ReturnType<typeof loadEncoder>>) =>
    collate(
      encoder.tokeniser.encode(['never again'], 20, ['He had lost the key.'], 'two'),
      [0],
      encoder.tokeniser.padId,
    );

  it.each(['roberta', 'xlmRoberta'])('a second type changes nothing until it is trained: %s', async (name) => {
    const plain = await loadEncoder(`${goldenFolder}${name}`, name);
    const before = plain.hiddenStates(pair(plain)).dataSync();
    const encoder = withTwoTokenTypes(plain);
    expect(encoder.config.tokenTypes).toBe(2);
    expect(encoder.hiddenStates(pair(encoder)).dataSync()).toEqual(before);
    const [types] = [...encoder.variables].filter(([own]) => own.endsWith('token_type_embeddings.weight'));
    const table = types?.[1] ?? expect.fail('no token types');
    expect(table.shape).toEqual([2, encoder.config.hiddenSize]);
    // Only the second segment has the second type.
    tf.tidy(() => table.assign(tf.add(table, tf.tensor2d([0, 1], [2, 1]))));
    expect(encoder.hiddenStates(pair(encoder)).dataSync()).not.toEqual(before);

    const folder = mkdtempSync(join(tmpdir(), 'contrafit-types-'));
    await saveEncoder(encoder, folder, 'cls');
    const again = await loadEncoder(folder, name);
    expect(again.config.tokenTypes).toBe(2);
    again.dispose();
    encoder.dispose();
  });

  it('an encoder with two types stays as it is, and one without any is refused', async () => {
    const bert = await loadEncoder(`${goldenFolder}bert`, 'bert');
    expect(withTwoTokenTypes(bert)).toBe(bert);
    bert.dispose();
    const distilBert = await loadEncoder(`${goldenFolder}distilBert`, 'distilBert');
    expect(() => withTwoTokenTypes(distilBert)).toThrow('distilBert has no token types');
    distilBert.dispose();
  });

  it('keeps no tensor once disposed', async () => {
    const use = async () => withTwoTokenTypes(await loadEncoder(`${goldenFolder}roberta`, 'roberta')).dispose();
    await use();
    expect(await leakedTensorsOf(use)).toBe(0);
  });
});
