import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeRecord, encodeRecord, type RecordContent, timestampOf, valueJson } from '../../src/wandb/record.ts';
import { RecordLogWriter } from '../../src/wandb/recordLog.ts';
import { officialPython, readWithOfficialReader } from './officialClient.ts';
import { parsePythonJson } from './server.ts';

const timestamp = { seconds: 1_795_244_040, nanos: 250_000_000 };
const shownTimestamp = '2026-11-21T06:54:00.250Z';
const items = [{ key: 'ä.b', value_json: '{"a":[1,NaN]}' }];
const nested = [{ nested_key: ['a', 'b'], value_json: '-Infinity' }];

/** Each kind of record with all of its fields, and as the official client shows it where that differs. */
const contents: [content: RecordContent, shown?: object][] = [
  [{ header: { version_info: { producer: 'contrafit', min_consumer: '0.40.0' } } }],
  [
    {
      run: {
        ...{ run_id: 'id', entity: 'e', project: 'p', config: { update: items }, run_group: 'g', job_type: 'j' },
        ...{ display_name: 'd', notes: 'n', tags: ['a', 'b'], sweep_id: 's', host: 'h', start_time: timestamp },
        telemetry: { cli_version: '1', platform: 'linux-x64' },
        git: { remote_url: 'https://example.org/a.git', commit: 'c' },
      },
    },
    {
      run: {
        ...{ run_id: 'id', entity: 'e', project: 'p', config: { update: items }, run_group: 'g', job_type: 'j' },
        ...{ display_name: 'd', notes: 'n', tags: ['a', 'b'], sweep_id: 's', host: 'h', start_time: shownTimestamp },
        telemetry: { cli_version: '1', platform: 'linux-x64' },
        git: { remote_url: 'https://example.org/a.git', commit: 'c' },
      },
    },
  ],
  [{ config: { update: items } }],
  [
    {
      metric: {
        ...{ name: 'm', step_metric: 's', options: { step_sync: true, hidden: true, defined: true }, goal: 2 },
        summary: { min: true, max: true, best: true, last: true },
      },
    },
    {
      metric: {
        ...{ name: 'm', step_metric: 's', options: { step_sync: true, hidden: true, defined: true } },
        ...{ goal: 'GOAL_MAXIMIZE', summary: { min: true, max: true, best: true, last: true } },
      },
    },
  ],
  [{ metric: { name: 'm', goal: 1 } }, { metric: { name: 'm', goal: 'GOAL_MINIMIZE' } }],
  [
    { history: { item: nested, step: { num: 2 ** 40 } } },
    { history: { item: nested, step: { num: '1099511627776' } } },
  ],
  [{ stats: { timestamp, item: items } }, { stats: { timestamp: shownTimestamp, item: items } }],
  [
    { output_raw: { output_type: 1, timestamp, line: 'a line\n' } },
    { output_raw: { output_type: 'STDOUT', timestamp: shownTimestamp, line: 'a line\n' } },
  ],
  [
    { files: { files: [{ path: 'a/b.json', policy: 1, type: 2 }] } },
    { files: { files: [{ path: 'a/b.json', policy: 'END', type: 'MEDIA' }] } },
  ],
  [{ summary: { update: nested } }],
  [{ exit: { exit_code: 3, runtime: 7 } }],
  [{ final: {} }],
  [{ footer: {} }],
];

test('a record comes back as it was', () => {
  for (const [i, [content]] of contents.entries()) {
    const record = { ...content, num: i + 1 };
    expect(decodeRecord(encodeRecord(record))).toEqual(record);
  }
});

test.skipIf(!officialPython)('the official client reads every field (takes a Python with wandb)', async () => {
  const scratch = mkdtempSync(join(tmpdir(), 'contrafit-record-'));
  try {
    const path = join(scratch, 'log.wandb');
    const writer = new RecordLogWriter(path);
    for (const [content] of contents) writer.write(content);
    writer.close();
    const shown = contents.map(([content, differently], i) => ({ num: String(i + 1), ...(differently ?? content) }));
    const found = await readWithOfficialReader(path);
    expect(found).toEqual(shown);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
});

describe('valueJson', () => {
  test('is JSON of what JSON holds', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => void expect(valueJson(value)).toBe(JSON.stringify(value))));
  });

  test('keeps what JSON does not hold by its name, at any depth', () => {
    const values = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        fc.double().map((value) => value + 0),
        fc.constantFrom(null, true, '', 'NaN', '"NaN', '\\', Number.NaN, Number.NEGATIVE_INFINITY),
        fc.string(),
        fc.array(tie('value')),
        fc.dictionary(fc.string(), tie('value'), { noNullPrototype: true }),
      ),
    })).value;
    fc.assert(fc.property(values, (value) => void expect(parsePythonJson(valueJson(value))).toEqual(value)));
  });

  test.each([
    [Number.NaN, 'NaN'],
    [Number.NEGATIVE_INFINITY, '-Infinity'],
    [{ min: Number.NaN, last: Number.POSITIVE_INFINITY }, '{"min":NaN,"last":Infinity}'],
    [[1, [Number.NaN]], '[1,[NaN]]'],
    ['NaN', '"NaN"'],
    [1e21, '1e+21'],
    [-0, '0'],
    [undefined, 'null'],
  ])('%o is %s', (value, json) => {
    expect(valueJson(value)).toBe(json);
  });
});

test('a timestamp is that of the milliseconds, to the nanosecond, and never a whole second of them', () => {
  expect(timestampOf(1_795_244_040_250)).toEqual(timestamp);
  expect(timestampOf(0)).toEqual({ seconds: 0, nanos: 0 });
  expect(timestampOf(999.999_999_9)).toEqual({ seconds: 0, nanos: 999_999_999 });
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1e13, noNaN: true }), (milliseconds) => {
      const { seconds, nanos } = timestampOf(milliseconds);
      expect(Number.isInteger(seconds) && Number.isInteger(nanos) && nanos >= 0 && nanos < 1e9).toBe(true);
      expect(Math.abs(1000 * seconds + nanos / 1e6 - milliseconds)).toBeLessThan(0.01);
    }),
    { numRuns: 1000 },
  );
});
