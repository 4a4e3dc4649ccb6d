import { describe, expect, it } from 'vitest';
import { agentExperiment } from '../../src/sweep/agentArguments.ts';
import { defineExperiment } from '../../src/sweep/experiment.ts';
import type { Override } from '../../src/sweep/overrides.ts';
import { planExperiment } from '../../src/sweep/plan.ts';
import { problemsOf } from '../data/problems.ts';

const temperature = 'objective.supCon.temperature';
const sampler = { kind: 'mPerClass' as const, batchSize: 64, m: 4 };
const stratified = { kind: 'stratified' as const, batchSize: 32 };
const experiment = defineExperiment({
  name: 'agents',
  objective: { supCon: {}, vectorSpacePreservation: { weight: 1 } },
  sampler,
  training: { steps: 10 },
  grid: { [temperature]: [0.1, 0.3] },
  seeds: [4, 5],
});

/** The plan of one run of an agent. */
function planOf(given: unknown, set: readonly Override[] = [], its = experiment) {
  const { experiment: narrowed, overrides } = agentExperiment(its, set, JSON.stringify(given));
  return planExperiment(narrowed, overrides);
}

function problems(given: unknown, set: readonly Override[] = []) {
  return problemsOf(Promise.resolve().then(() => planOf(given, set)));
}

describe('agentExperiment', () => {
  it.each([
    ['nested settings', { objective: { supCon: { temperature: 0.2 } }, seed: 3 }],
    ['dotted paths', { 'objective.supCon.temperature': 0.2, seed: 3 }],
    ['both', { objective: { 'supCon.temperature': 0.2 }, seed: 3 }],
  ])('reads %s', (_, given) => {
    const { points, seeds } = planOf(given);
    expect(points).toMatchObject([
      { axes: { [temperature]: 0.2 }, settings: { objective: { supCon: { temperature: 0.2 } } } },
    ]);
    expect(seeds).toEqual([3]);
  });

  it('takes the first seed of the experiment where the agent names none', () => {
    expect(planOf({ [temperature]: 0.1 }).seeds).toEqual([4]);
  });

  it('gives the very points of the plan, in the order of its axes whatever the order of the arguments is', () => {
    const set = [
      { path: 'sampler', value: [sampler, stratified] },
      { path: 'pooling', value: ['mean', 'cls'] },
      { path: 'training.steps', value: 20 },
    ];
    const plan = planExperiment(experiment, { set });
    for (const point of plan.points) {
      const { pooling, sampler, [temperature]: value } = point.axes;
      const given = { seed: 5, sampler, pooling, objective: { supCon: { temperature: value } } };
      const { points } = planOf(given, set);
      expect(points).toEqual([point]);
      expect(JSON.stringify(points[0]?.axes)).toBe(JSON.stringify(point.axes));
    }
    expect(plan.points).toHaveLength(8);
  });

  it('goes before the command line, and adds what is no axis', () => {
    const given = { [temperature]: 0.1, training: { steps: 30 }, evaluation: { drift: { alsoAt: [3] } } };
    const { points } = planOf(given, [{ path: 'training.steps', value: 20 }]);
    expect(points).toMatchObject([{ settings: { training: { steps: 30 }, evaluation: { drift: { alsoAt: [3] } } } }]);
  });

  it('takes lists as values, of axes too', () => {
    const withLists = defineExperiment({ ...experiment, grid: { 'data.exclude': [['a'], ['b', 'c']] } });
    const { points } = planOf({ data: { exclude: ['b', 'c'] } }, [], withLists);
    expect(points).toMatchObject([
      { axes: { 'data.exclude': ['b', 'c'] }, settings: { data: { exclude: ['b', 'c'] } } },
    ]);
  });

  it('is content with an axis of one value that the agent leaves out', () => {
    expect(planOf({}, [{ path: temperature, value: [0.7] }]).points).toMatchObject([{ axes: { [temperature]: 0.7 } }]);
  });

  it('refuses arguments for several points, and names what is open', async () => {
    const given = '--agent {"seed":1}, which leaves several values of objective.supCon.temperature, pooling';
    expect(await problems({ seed: 1 }, [{ path: 'pooling', value: ['mean', 'cls'] }])).toMatchObject([
      { code: 'AGENT_NOT_ONE_POINT', given },
    ]);
    expect(await problems({ [temperature]: [0.1, 0.2] })).toMatchObject([{ code: 'EXPERIMENT_INVALID' }]);
  });

  it('refuses a setting that there is not', async () => {
    const [problem] = await problems({ objective: { supCon: { temprature: 0.1, temperature: 0.1 } } });
    expect(problem).toMatchObject({ code: 'EXPERIMENT_UNKNOWN_SETTING', given: 'objective.supCon.temprature' });
  });

  it.each(['', '{', '[]', 'null', '7', '{"seed":-1}', '{"seed":1.5}', '{"seed":"1"}'])('refuses %j', async (text) => {
    const refused = await problemsOf(Promise.resolve().then(() => agentExperiment(experiment, [], text)));
    expect(refused).toMatchObject([{ code: 'AGENT_ARGUMENTS_INVALID', given: `--agent ${text}` }]);
  });
});
