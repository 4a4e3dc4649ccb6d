import { existsSync, readFileSync } from 'node:fs';

/** What of this machine decides which engine and which precision it can run. */
export interface Hardware {
  /** e.g. `AMD EPYC 9654`; undefined where the system does not tell. */
  readonly cpu: string | undefined;
  /** Whether oneDNN has bfloat16 products here (AVX512-BF16 or AMX); without them its bfloat16 mode does nothing. */
  readonly bfloat16: boolean;
  /** Whether an NVIDIA driver is loaded. */
  readonly nvidia: boolean;
}

/** Reads the hardware from the Linux kernel's files, in well under a millisecond. `root` is `/`, but in tests. */
export function detectHardware(root = '/'): Hardware {
  const cpuinfo = readIfThere(`${root}proc/cpuinfo`);
  const flags = /^flags\s*:(.*)$/m.exec(cpuinfo)?.[1]?.split(' ') ?? [];
  return {
    cpu: /^model name\s*:\s*(.*)$/m.exec(cpuinfo)?.[1],
    bfloat16: flags.includes('avx512_bf16') || flags.includes('amx_bf16'),
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
