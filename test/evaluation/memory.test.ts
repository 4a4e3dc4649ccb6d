import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { availableEngines } from '../engine/engines.ts';

const modules = {
  knn: ['neighbours', '{}'],
  retrieval: ['retrieval', "{ among: 'train', chunk: 100_000 }"],
  clustering: ['clustering', '{ starts: 1, maxIterations: 5 }'],
} as const;

/** Evaluates on 50,000 embeddings of width 768, in a process of its own, and prints the peak of memory before and after. */
function program(name: keyof typeof modules, engine: string): string {
  const [file, options] = modules[name];
  const source = (path: string) => JSON.stringify(new URL(`../../src/${path}.ts`, import.meta.url).href);
  return `
    import { startEngine } from ${source('engine/engine')};
    import { ${name} } from ${source(`evaluation/${file}`)};
    import { stream } from ${source('random')};
    await startEngine({ engine: '${engine}', precision: 'float32', threads: 0 });
    const [rows, columns] = [50_000, 768];
    const random = stream(1, 'memory');
    const data = new Float32Array(rows * columns);
    for (let i = 0; i < data.length; i++) data[i] = random.uniform() - 0.5;
    const labels = Int32Array.from({ length: rows }, () => random.integer(28));
    const all = { embeddings: { data, rows, columns }, labels };
    const few = ${engine === 'wasm' ? 500 : 4000};
    const some = { embeddings: { data: data.subarray(0, few * columns), rows: few, columns }, labels: labels.subarray(0, few) };
    const peak = () => process.resourceUsage().maxRSS * 1024;
    const before = peak();
    const context = { train: all, test: ${name === 'clustering' ? 'all' : 'some'}, original: { test: all.embeddings }, seed: 1 };
    const scores = await ${name}.evaluate(context, ${name}.schema.parse(${options}));
    console.log(JSON.stringify({ before, after: peak(), scores }));
  `;
}

describe.each(availableEngines)('50,000 embeddings of width 768 (%s)', (engine) => {
  it.each(
    Object.keys(modules) as (keyof typeof modules)[],
  )('take less than 1 GB beside themselves for %s', async (name) => {
    const args = ['--import', 'tsx', '--input-type=module', '--eval', program(name, engine)];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    const { before, after, scores } = JSON.parse(stdout) as { before: number; after: number; scores: object };
    expect(after - before).toBeLessThan(1e9);
    expect(Object.values(scores).every(Number.isFinite)).toBe(true);
  }, 120_000);
});
