import { execFile } from 'node:child_process';
import { setPriority } from 'node:os';

const lowest = 19;

/**
 * Lets a process, and those that it starts, have what others leave of the CPU: on Linux only where a core has nothing else
 * to do, elsewhere by the lowest priority.
 */
export function yieldCpu(pid: number): void {
  try {
    setPriority(pid, lowest);
  } catch {
    // It is gone already, or the system does not let us.
  }
  schedule(pid, '--idle');
}

/** Ends that, as far as the system lets us; its priority stays the lowest. */
export function reclaimCpu(pid: number): void {
  schedule(pid, '--other');
}

function schedule(pid: number, policy: '--idle' | '--other'): void {
  // Whether there is such a command, and whether it may, is all one: the process works on either way.
  execFile('chrt', ['--all-tasks', policy, '--pid', '0', String(pid)], () => {});
}
