import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { detectHardware } from '../../src/engine/hardware.ts';

let root: string;
beforeEach(() => {
  root = `${mkdtempSync(join(tmpdir(), 'contrafit-hardware-'))}/`;
});
afterEach(() => rmSync(root, { recursive: true }));

function file(name: string, content = ''): void {
  mkdirSync(dirname(join(root, name)), { recursive: true });
  writeFileSync(join(root, name), content);
}

it('reads the name of the first processor', () => {
  file(
    'proc/cpuinfo',
    'processor\t: 0\nmodel name\t: AMD EPYC 9654\nflags\t\t: fpu avx2\n\nprocessor\t: 1\nmodel name\t: other\n',
  );
  expect(detectHardware(root)).toEqual({ cpu: 'AMD EPYC 9654', flags: new Set(['fpu', 'avx2']), nvidia: false });
});

it('knows nothing where the kernel tells nothing', () => {
  expect(detectHardware(root)).toEqual({ cpu: undefined, flags: new Set(), nvidia: false });
});

it.each(['proc/driver/nvidia/version', 'dev/nvidiactl'])('takes %s for an NVIDIA driver', (name) => {
  file(name);
  expect(detectHardware(root).nvidia).toBe(true);
});
