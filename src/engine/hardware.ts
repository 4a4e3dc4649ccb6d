import { existsSync, readFileSync } from 'node:fs';

/** What of this machine decides which engine suits it. */
export interface Hardware {
  /** e.g. `AMD EPYC 9654`; undefined where the system does not tell. */
  readonly cpu: string | undefined;
  /** What the processor can do, as Linux names it, e.g. `avx2`; none where the system does not tell. */
  readonly flags: ReadonlySet<string>;
  /** Whether an NVIDIA driver is loaded. */
  readonly nvidia: boolean;
}

/** Reads the hardware from the Linux kernel's files, in well under a millisecond. `root` is `/`, but in tests. */
export function detectHardware(root = '/'): Hardware {
  const cpuinfo = readIfThere(`${root}proc/cpuinfo`);
  return {
    cpu: /^model name\s*:\s*(.*)$/m.exec(cpuinfo)?.[1],
    flags: new Set(/^flags\s*:\s*(.*)$/m.exec(cpuinfo)?.[1]?.split(' ')),
    // The driver's own file is missing in some containers, which have only the device.
    nvidia: ['proc/driver/nvidia/version', 'dev/nvidiactl'].some((file) => existsSync(`${root}${file}`)),
  };
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
