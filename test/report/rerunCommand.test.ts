import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { rerunCommand } from '../../src/report/rerunCommand.ts';

const cell = { axes: { 'objective.supCon.temperature': 0.1, pooling: 'cls' }, seed: 2 };
const agent = `--agent '{"objective.supCon.temperature":0.1,"pooling":"cls","seed":2}' --out results/rerun`;

/** The arguments as a shell passes them. */
function words(command: string): string[] {
  const script = `for word in "$@"; do printf '%s\\0' "$word"; done`;
  const text = execFileSync('sh', ['-c', `set -- ${command}; ${script}`], { encoding: 'utf8' });
  return text.split('\0').slice(0, -1);
}

test('computes one cell into another folder', () => {
  expect(rerunCommand('yarn sweep experiments/a.ts', cell)).toBe(`yarn sweep experiments/a.ts ${agent}`);
});

describe('keeps what its numbers depend on', () => {
  test.each([
    'yarn sweep experiments/a.ts --smoke',
    "yarn sweep experiments/a.ts --set 'training.steps=[10,20]' --set pooling=mean --encoder mini",
    'yarn sweep experiments/a.ts --data=sst2 --engine wasm --workers 4',
    "yarn sweep 'my experiments/a b.ts' --encoder 'it'\\''s'",
    // These only look like flags.
    'yarn sweep experiments/--out.ts --tasks sst2,json --outer 1',
    "yarn sweep experiments/a.ts --data 'a --out b --json c'",
  ])('%s', (command) => {
    expect(rerunCommand(command, cell)).toBe(`${command} ${agent}`);
  });
});

describe('leaves out', () => {
  test.each([
    '--seeds 1..5',
    '--seeds=1,2',
    "--seeds '1 2'",
    '--out results/elsewhere',
    '--out=/tmp/x',
    "--out '/my results'",
    "'--out=/my results'",
    "--out 'it'\\''s mine'",
    "'--out=it'\\''s mine'",
    '--fresh',
    '--fresh=true',
    '--wandb-sweep',
    '--json',
    '--json=true',
    // The sweep of an agent of W&B is itself one cell.
    `--agent '{"pooling":"it'\\''s","seed":1}'`,
    `'--agent={"pooling":"cls"}'`,
  ])('%s', (flag) => {
    expect(rerunCommand(`yarn sweep experiments/a.ts ${flag}`, cell)).toBe(`yarn sweep experiments/a.ts ${agent}`);
    expect(rerunCommand(`yarn sweep ${flag} experiments/a.ts ${flag} --smoke`, cell)).toBe(
      `yarn sweep experiments/a.ts --smoke ${agent}`,
    );
  });
});

test('an original encoder has no seed', () => {
  expect(rerunCommand('yarn sweep a.ts', { axes: { encoder: 'mini' }, seed: null })).toBe(
    `yarn sweep a.ts --agent '{"encoder":"mini"}' --out results/rerun`,
  );
  expect(rerunCommand('yarn sweep a.ts', { axes: {}, seed: 0 })).toContain(`'{"seed":0}'`);
});

test('a shell reads what was meant', () => {
  const axes = { pooling: "it's $HOME", head: { kind: 'mlp', out: 64 }, 'data.exclude': ['a "b"', '\\', '`'] };
  const command = rerunCommand("yarn sweep a.ts --out 'it'\\''s' --data 'x y'", { axes, seed: 3 });
  const given = words(command);
  expect(given.toSpliced(6, 1)).toEqual([
    'yarn',
    'sweep',
    'a.ts',
    '--data',
    'x y',
    '--agent',
    '--out',
    'results/rerun',
  ]);
  expect(JSON.parse(given[6] ?? '')).toEqual({ ...axes, seed: 3 });
});
