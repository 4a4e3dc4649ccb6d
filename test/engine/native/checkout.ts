import { spawn } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packageFolder } from '../../../src/engine/native/places.ts';
import { oneDnnVersion } from '../../../src/engine/native/variants.ts';

const repository = fileURLToPath(new URL('../../..', import.meta.url));
const nativePackage = '@tensorflow/tfjs-node-gpu';

/** What a command did. */
export interface Outcome {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that runs. */
export interface Running {
  readonly pid: number;
  readonly outcome: Promise<Outcome>;
  kill(signal: NodeJS.Signals): void;
}

/**
 * A second checkout of this repository in a temporary folder: the same sources and packages, but a native package
 * without an engine, and a cache of its own. Its commands are the real ones.
 */
export class Checkout {
  readonly folder = mkdtempSync(join(tmpdir(), 'contrafit-checkout-'));
  readonly package = join(this.folder, 'node_modules', nativePackage);

  constructor() {
    const modules = join(this.folder, 'node_modules');
    cpSync(join(repository, 'src'), join(this.folder, 'src'), { recursive: true });
    cpSync(join(repository, 'package.json'), join(this.folder, 'package.json'));
    const [scope] = nativePackage.split('/') as [string];
    mkdirSync(join(modules, scope), { recursive: true });
    const packages = readdirSync(join(repository, 'node_modules')).filter((name) => name !== scope);
    const scoped = readdirSync(join(repository, 'node_modules', scope)).map((name) => `${scope}/${name}`);
    for (const name of [...packages, ...scoped]) {
      if (name !== nativePackage) symlinkSync(join(repository, 'node_modules', name), join(modules, name));
    }
    for (const part of ['package.json', 'binding', 'dist', 'node_modules']) {
      cpSync(join(packageFolder, part), join(this.package, part), { recursive: true });
    }
  }

  /** Starts a script of the checkout, e.g. `src/engine/postinstall.ts`. */
  start(script: string, args: readonly string[], environment: NodeJS.ProcessEnv): Running {
    return startNode(['--import', 'tsx', script, ...args], this.folder, environment);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Starts Node with some arguments and collects what it prints. */
export function startNode(args: readonly string[], folder: string, environment: NodeJS.ProcessEnv): Running {
  const child = spawn(process.execPath, args, { cwd: folder, env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
  const printed = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      printed[name] += text;
    });
  }
  return {
    pid: child.pid as number,
    outcome: new Promise((resolve) => {
      child.on('close', (exitCode, signal) => resolve({ exitCode, signal, ...printed }));
    }),
    kill: (signal) => child.kill(signal),
  };
}

/**
 * Stand-ins for the programs that an installation runs, in a folder that becomes the whole PATH. Their `pip` finds the
 * libraries in the engine that is installed here instead of downloading them, and their compiler takes its bindings
 * from there; what is tested is everything around them.
 *
 * - python3 prints `PIP_SAYS` and fails if that is set; with `PIP_WAITS` it makes a file of that name, and waits
 *   until its parent is gone.
 */
export function standInPrograms(folder: string, engine: string): string {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "type": "commonjs" }');
  program(
    join(folder, 'python3'),
    `const [, , flag, ...rest] = process.argv;
    if (rest.includes('--version')) process.exit(0);
    if (flag === '-m') {
      if (process.env.PIP_SAYS) { console.error(process.env.PIP_SAYS); process.exit(1); }
      const target = rest[rest.indexOf('--dest') + 1];
      fs.writeFileSync(path.join(target, 'tensorflow_cpu-any.whl'), '');
      if (process.env.PIP_WAITS) { fs.writeFileSync(process.env.PIP_WAITS, ''); waitForParent(); }
    } else {
      const unpacked = path.join(rest[2], 'tensorflow');
      fs.mkdirSync(path.join(unpacked, 'include'), { recursive: true });
      for (const name of ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2']) {
        fs.symlinkSync(path.join(${JSON.stringify(engine)}, 'deps/lib', name), path.join(unpacked, name));
      }
      const library = path.join(rest[2], 'onednn_cpu_gomp-${oneDnnVersion}.data/data/lib');
      fs.mkdirSync(library, { recursive: true });
      fs.symlinkSync(path.join(${JSON.stringify(engine)}, 'deps/lib/libdnnl.so.3'), path.join(library, 'libdnnl.so.3'));
      fs.mkdirSync(path.join(rest[2], 'onednn_devel_cpu_gomp-${oneDnnVersion}.data/data/include/oneapi'), { recursive: true });
    }
    function waitForParent() {
      const parent = process.ppid;
      setInterval(() => process.ppid !== parent && process.exit(1), 50);
    }`,
  );
  program(
    join(folder, 'g++'),
    `const output = process.argv[process.argv.indexOf('-o') + 1];
    if (!process.argv.includes('--version')) {
      // Fused ops are compiled beside their place.
      const name = path.basename(output).replace(/[.]node[.].*$/, '.node');
      fs.copyFileSync(path.join(${JSON.stringify(engine)}, 'lib/napi-v8', name), output);
    }`,
  );
  return folder;
}

function program(file: string, body: string): void {
  writeFileSync(file, `#!${process.execPath}\nconst fs = require('node:fs'), path = require('node:path');\n${body}\n`);
  chmodSync(file, 0o755);
}
