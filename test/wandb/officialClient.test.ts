import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeOfficialRun, officialPython, officialSync, readWithOfficialReader } from './officialClient.ts';
import { startWandbServer, type WandbServer } from './server.ts';

describe.skipIf(!officialPython)('The official client (which takes a Python that can import wandb)', () => {
  let scratch: string;
  let made: string;
  let server: WandbServer;

  beforeAll(async () => {
    scratch = mkdtempSync(join(tmpdir(), 'contrafit-official-'));
    server = await startWandbServer();
    made = await makeOfficialRun(scratch);
  });

  afterAll(async () => {
    await server.close();
    rmSync(scratch, { recursive: true, force: true });
  });

  /** A copy of the run, since whoever uploads it leaves its marks there. */
  function copyOfRun(name: string): string {
    const copy = join(scratch, name);
    cpSync(made, copy, { recursive: true, dereference: true });
    return copy;
  }

  test('reads its own log', async () => {
    const records = await readWithOfficialReader(join(made, 'run-official1.wandb'));
    expect(records[0]).toMatchObject({ num: '1', header: { version_info: { producer: expect.any(String) } } });
    expect(records[1]).toMatchObject({ run: { run_id: 'official1', run_group: 'a-group', tags: ['first', 'second'] } });
    expect(records.filter((record) => Object.hasOwn(record as object, 'history'))).toHaveLength(6);
    expect(records.at(-1)).toMatchObject({ exit: { exit_code: 3 } });
  });

  test.each([
    // This one learns the exit code from a record "final", which the client itself no longer writes.
    { beta: false, exitCode: 0, state: 'finished' },
    { beta: true, exitCode: 3, state: 'failed' },
  ])('delivers what was logged (beta: $beta)', async ({ beta, exitCode, state }) => {
    const fresh = await startWandbServer();
    const folder = copyOfRun(`run-${beta}`);
    try {
      expect(await officialSync(folder, fresh, { beta })).toMatchObject({ code: 0 });
    } finally {
      await fresh.close();
    }
    expect(fresh.requests.filter(({ status }) => status !== 200)).toEqual([]);
    expect(existsSync(join(folder, 'run-official1.wandb.synced'))).toBe(true);
    const run = fresh.runs.get('official1');
    expect(run).toMatchObject({
      ...{ project: 'stand-in-project', displayName: 'A display name', group: 'a-group', jobType: 'training' },
      ...{ notes: 'Some notes', tags: ['first', 'second'], host: 'stand-in', sweep: undefined, commit: undefined },
      config: {
        ...{
          lr: { value: 0.1 },
          nested: { value: { layers: [1, 2] } },
          name: { value: 'x' },
          nothing: { value: null },
        },
      },
      ...{ duplicates: 0, complete: true, exitCode, state },
    });
    const table = { _type: 'table-file', nrows: 2, ncols: 2, path: expect.stringMatching(/^media\/table\//) };
    const page = { _type: 'html-file', path: expect.stringMatching(/^media\/html\//) };
    const histogram = { _type: 'histogram', values: [1, 2], bins: [0, 0.5, 1] };
    const unbounded = { nan: Number.NaN, inf: Number.NEGATIVE_INFINITY };
    const clock = { _runtime: expect.any(Number), _timestamp: expect.any(Number) };
    expect(run?.rows()).toEqual([
      { _step: 0, 'train/step': 1, 'train/loss': 1, 'knn/f1': 0, ...unbounded, ...clock },
      { _step: 1, 'train/step': 2, 'train/loss': 0.25, 'knn/f1': 0.75, ...unbounded, ...clock },
      { _step: 2, 'train/step': 3, 'train/loss': 0.5, 'knn/f1': 0.5, ...unbounded, ...clock },
      { _step: 3, table: expect.objectContaining(table), ...clock },
      { _step: 4, page: expect.objectContaining(page), ...clock },
      { _step: 5, histogram, ...clock },
    ]);
    expect(run?.summary).toMatchObject({
      ...{ _step: 5, 'train/step': 3, 'train/loss': { min: 0.25, max: 1, last: 0.5 }, 'by hand': 7 },
      ...{ 'knn/f1': { last: 0.5 }, histogram, table, page, ...unbounded },
    });
    expect(run?.eventRows()[0]).toMatchObject({ _wandb: true, 'system.cpu': expect.any(Number), ...clock });
    expect([...(run?.output.values() ?? [])].join('\n')).toContain('a line of output');
    const fileOf = (key: string) => {
      const entry = run?.rows().find((row) => Object.hasOwn(row, key))?.[key] as { path: string } | undefined;
      return run?.files.get(entry?.path ?? '')?.toString() ?? '';
    };
    expect(JSON.parse(fileOf('table'))).toEqual({
      columns: ['text', 'number'],
      data: [
        ['a', 1],
        ['b', null],
      ],
    });
    expect(fileOf('page')).toBe('<p>page</p>');
  });

  test('is stopped if it takes too long', async () => {
    server.faults = () => 'hang';
    expect(await officialSync(copyOfRun('hanging'), server, { limit: 3000 })).toMatchObject({ code: null });
  });
});
