import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, onTestFinished, test } from 'vitest';
import { uncertaintyWeighting } from '../../src/objectives/uncertaintyWeighting.ts';
import { batchGradients } from '../../src/training/batchGradients.ts';
import { adamW } from '../../src/training/optimiser.ts';
import { type StepReport, train } from '../../src/training/trainer.ts';
import { leakedTensorsOf, onEachEngine } from '../engine/engines.ts';
import { type TinySettings, type TinyTraining, tinyTraining, weightsHash } from '../training/tinyTraining.ts';
import { scalarOf } from './batches.ts';

function balancing(...terms: string[]) {
  const learned = uncertaintyWeighting(terms);
  onTestFinished(() => tf.dispose([...learned.variables.values()]));
  return learned;
}

/** The formula, in float64. */
function exact(loss: number, s: number, isRegression: boolean): number {
  return (isRegression ? 0.5 : 1) * Math.exp(-s) * loss + s / 2;
}

/** Value, and gradient by the term and by its s. */
function valueAndGradients(loss: number, at: number, isRegression: boolean) {
  const learned = balancing('term');
  const s = learned.variables.get('balance.term') as tf.Variable<tf.Rank.R0>;
  s.assign(tf.scalar(at));
  const term = tf.variable(tf.scalar(loss)) as tf.Variable<tf.Rank.R0>;
  const { value, grads } = tf.variableGrads(() => learned.balanced('term', term, isRegression));
  return {
    value: scalarOf(value),
    byTerm: scalarOf(grads[term.name] as tf.Tensor),
    byS: scalarOf(grads[s.name] as tf.Tensor),
  };
}

const grid = [false, true].flatMap((isRegression) =>
  [0, 0.01, 1, 7].flatMap((loss) => [-2, 0, 0.5, 3].map((s) => ({ isRegression, loss, s }))),
);

onEachEngine('uncertaintyWeighting', () => {
  test.each(grid)('has value and gradients of the formula: %o', ({ isRegression, loss, s }) => {
    const { value, byTerm, byS } = valueAndGradients(loss, s, isRegression);
    const step = 1e-5;
    const slope = (f: (by: number) => number) => (f(step) - f(-step)) / (2 * step);
    expect(value).toBeCloseTo(exact(loss, s, isRegression), 4);
    expect(byTerm).toBeCloseTo(
      slope((by) => exact(loss + by, s, isRegression)),
      4,
    );
    expect(byS).toBeCloseTo(
      slope((by) => exact(loss, s + by, isRegression)),
      4,
    );
  });

  test.each([
    [false, 0.2],
    [false, 3],
    [true, 0.2],
    [true, 3],
  ])('at its optimum the weight is 1/(2L), of a regression 1/L: regression %s, L = %d', (isRegression, loss) => {
    const learned = balancing('term');
    const s = learned.variables.get('balance.term') as tf.Variable;
    const term = tf.scalar(loss);
    for (let i = 0; i < 200; i++) {
      tf.tidy(() => {
        const { grads } = tf.variableGrads(() => learned.balanced('term', term, isRegression), [s]);
        s.assign(tf.sub(s, grads[s.name] as tf.Tensor));
      });
    }
    expect(learned.weights().term).toBeCloseTo(1 / (isRegression ? loss : 2 * loss), 4);
  });

  test('each term has its own, from weight 1 on; another term stays as it is', () => {
    const learned = balancing('one', 'two');
    expect([...learned.variables.keys()]).toEqual(['balance.one', 'balance.two']);
    expect(learned.weights()).toEqual({ one: 1, two: 1 });
    learned.variables.get('balance.two')?.assign(tf.scalar(Math.log(4)));
    expect(learned.weights()).toEqual({ one: 1, two: expect.closeTo(0.25, 6) });
    const value = tf.scalar(3);
    expect(learned.balanced('three', value, true)).toBe(value);
  });

  test('do not decay', () => {
    const { variables } = balancing('term');
    variables.get('balance.term')?.assign(tf.scalar(2));
    const optimiser = adamW({ weightDecay: 0.5 });
    optimiser.apply(variables, new Map([['balance.term', tf.scalar(0)]]), { learningRate: 0.1 });
    expect(variables.get('balance.term')?.dataSync()).toEqual(Float32Array.of(2));
    optimiser.dispose();
  });
});

const objective = { supCon: {}, crossEntropy: { weight: 2 }, valence: {}, intensity: { weight: 0 } };
const terms = ['supCon', 'crossEntropy', 'valence'];

async function tiny(training: Omit<TinySettings['training'], 'epochs'>): Promise<TinyTraining> {
  const made = await tinyTraining({ objective, balancing: 'uncertainty', training });
  onTestFinished(made.dispose);
  return made;
}

/** What the reports say of the learned weights, step by step, and all that is trained at the end. */
async function trained(settings: Omit<TinySettings['training'], 'epochs'>) {
  const training = await tiny(settings);
  const reports: StepReport[] = [];
  const { status } = await train({ ...training, onStep: (report) => reports.push(report) });
  expect(status).toBe('completed');
  const s = [...training.objective.variables.values()].map((variable) => variable.dataSync()[0] as number);
  const weights = reports.map(({ counts }) => terms.map((term) => counts[`balance.${term}`] as number));
  return { reports, weights, s, hash: weightsHash(training) };
}

onEachEngine('in training, learned weights', () => {
  const settings = { steps: 5, learningRate: 1e-3, headLearningRate: 0.01, accumulate: 1 };

  test('move, each by itself, and are reported of every step', async () => {
    const { reports, weights, s } = await trained(settings);
    for (const { counts } of reports) {
      const reported = Object.keys(counts).filter((name) => name.startsWith('balance.'));
      expect(reported).toEqual(terms.map((term) => `balance.${term}`));
    }
    expect(weights.at(-1)).toEqual(s.map((own) => expect.closeTo(Math.exp(-own), 6)));
    // Losses above ½ gain in uncertainty, and so lose in weight; the regression's, below 1, does not.
    expect(reports[0]?.terms.supCon).toBeGreaterThan(0.5);
    expect(reports[0]?.terms.crossEntropy).toBeGreaterThan(0.25);
    expect(reports[0]?.terms.valence).toBeLessThan(1);
    const [first, last] = [weights[0] as number[], weights.at(-1) as number[]];
    expect(last[0]).toBeLessThan(first[0] as number);
    expect(last[1]).toBeLessThan(first[1] as number);
    expect(last[2]).toBeGreaterThan(first[2] as number);
    expect(last[2]).toBeGreaterThan(1);
  });

  test('are the same again, and change what is learned', async () => {
    const [one, two] = [await trained(settings), await trained(settings)];
    expect(two).toEqual(one);
    const plain = await tinyTraining({ objective, training: settings });
    onTestFinished(plain.dispose);
    await train(plain);
    expect(weightsHash(plain)).not.toBe(one.hash);
  });

  describe.each([2, 3])('with accumulate %d', (accumulate) => {
    test('have the gradients of the whole batch', async () => {
      const indices = Int32Array.of(3, 8, 1, 20, 14, 33, 40, 27);
      const gradientsWith = async (pieces: number) => {
        const training = await tiny({ steps: 1, dropout: 0, clipNorm: 0, accumulate: pieces });
        training.objective.variables.get('balance.crossEntropy')?.assign(tf.scalar(0.8));
        const { gradients, loss } = batchGradients(training, indices, 0);
        const values = new Map([...gradients].map(([name, gradient]) => [name, [...gradient.dataSync()]]));
        tf.dispose([...gradients.values()]);
        return { loss, values };
      };
      const [whole, inPieces] = [await gradientsWith(1), await gradientsWith(accumulate)];
      expect(inPieces.loss).toBeCloseTo(whole.loss, 5);
      expect([...inPieces.values.keys()].sort()).toEqual([...whole.values.keys()].sort());
      for (const term of terms) expect(whole.values.get(`balance.${term}`)?.[0]).not.toBe(0);
      for (const [name, values] of whole.values) {
        const others = inPieces.values.get(name) ?? [];
        const furthest = Math.max(...values.map((value, i) => Math.abs(value - (others[i] as number))));
        expect(furthest, name).toBeLessThan(1e-5);
      }
    });

    test('are updated as with the whole batch', async () => {
      const own = { ...settings, dropout: 0 };
      const [whole, inPieces] = [await trained(own), await trained({ ...own, accumulate })];
      for (const [step, weights] of whole.weights.entries()) {
        expect(inPieces.weights[step]).toEqual(weights.map((weight) => expect.closeTo(weight, 5)));
      }
    });
  });

  test('keep no tensor once disposed', async () => {
    const whole = async (accumulate: number) => {
      const training = await tinyTraining({
        objective,
        balancing: 'uncertainty',
        training: { steps: 3, accumulate, conflictEvery: 2 },
      });
      await train(training);
      training.dispose();
    };
    await whole(1);
    for (const accumulate of [1, 2]) expect(await leakedTensorsOf(() => whole(accumulate))).toBe(0);
  });
});
