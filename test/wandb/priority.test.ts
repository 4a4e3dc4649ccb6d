import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { setTimeout } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { reclaimCpu, yieldCpu } from '../../src/wandb/priority.ts';

/** As the kernel numbers them. */
const [usual, idle] = [0, 5];

function policyOf(pid: number): number {
  // After the name, which may hold anything, come the fields from the third on; the 41st is the policy.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
  return Number(fields[41 - 3]);
}

async function expectPolicy(pid: number, policy: number): Promise<void> {
  for (let waited = 0; waited < 10_000 && policyOf(pid) !== policy; waited += 50) await setTimeout(50);
  expect(policyOf(pid)).toBe(policy);
}

// Only the system's administrator may take it back.
test.skipIf(process.platform !== 'linux' || process.getuid?.() !== 0)(
  'a process that yields runs where a core has nothing else to do, until it is taken back',
  async (context) => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    context.onTestFinished(() => void child.kill('SIGKILL'));
    const pid = child.pid ?? expect.fail();
    yieldCpu(pid);
    expect(getPriority(pid)).toBe(19);
    await expectPolicy(pid, idle);
    reclaimCpu(pid);
    await expectPolicy(pid, usual);
  },
);

test('a process that is gone is no problem', () => {
  yieldCpu(2 ** 22 + 1);
  reclaimCpu(2 ** 22 + 1);
});
