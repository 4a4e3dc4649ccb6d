import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { createHeads } from '../../src/heads/heads.ts';
import type { Need } from '../../src/objectives/objective.ts';
import { leakedTensors, onEachEngine } from '../engine/engines.ts';

/** Linear heads know no more of an encoder than its width. */
const encoder = { config: { hiddenSize: 6 }, source: {} } as Parameters<typeof createHeads>[1]['encoder'];

function headsFor(...needs: Need[]) {
  return createHeads(new Set(needs), {
    projection: { kind: 'linear', out: 4 },
    classification: { kind: 'linear', tasks: [3], labelNames: ['a', 'b', 'c'] },
    encoder,
    seed: 1,
  });
}

onEachEngine('heads', () => {
  test.each([
    [['frozen'], []],
    [
      ['projections', 'labels'],
      ['head.weight', 'head.bias'],
    ],
    [
      ['logits', 'labels'],
      ['classifier.weight', 'classifier.bias'],
    ],
    [
      ['projections', 'logits'],
      ['head.weight', 'head.bias', 'classifier.weight', 'classifier.bias'],
    ],
    [
      ['affect', 'labels'],
      ['affect.weight', 'affect.bias'],
    ],
  ] as [Need[], string[]][])('for %j are %j', (needs, names) => {
    expect([...headsFor(...needs).variables.keys()]).toEqual(names);
  });

  test('a head starts the same beside another as alone', () => {
    const [alone, both] = [headsFor('logits'), headsFor('logits', 'projections', 'affect')];
    for (const [name, variable] of alone.variables) {
      expect(both.variables.get(name)?.dataSync()).toEqual(variable.dataSync());
    }
  });

  test('are refused where what they are made of is missing', () => {
    const needing = (need: Need) => () => createHeads(new Set([need]), { encoder, seed: 1 });
    expect(needing('projections')).toThrow('expected a projection head');
    expect(needing('logits')).toThrow('expected classes');
  });

  test('keep no tensor once disposed', () => {
    const h = tf.ones([2, 6]) as tf.Tensor2D;
    const use = () => {
      const heads = headsFor('logits', 'projections', 'affect');
      tf.dispose([heads.projection?.project(h), heads.classification?.logits(h), heads.affect?.affect(h)]);
      heads.dispose();
    };
    use();
    expect(leakedTensors(use)).toBe(0);
  });
});
