import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import protobuf from 'protobufjs';
import { expect } from 'vitest';
import type { JournalRecord } from '../../src/tracking/journal.ts';
import { metricsOf } from '../../src/tracking/loggedMetrics.ts';

interface Histogram {
  readonly min: number;
  readonly max: number;
  readonly num: number;
  readonly sum: number;
  readonly bucketLimit: number[];
  readonly bucket: number[];
}

interface Event {
  readonly step: number;
  readonly wallTime: number;
  readonly fileVersion?: string;
  readonly summary?: { readonly value: { tag: string; simpleValue?: number; histo?: Histogram }[] };
}

/** The fields of TensorFlow's event.proto and summary.proto that are read here. */
const eventType = protobuf
  .parse(`
    syntax = "proto3";
    message Event {
      double wall_time = 1;
      int64 step = 2;
      oneof what { string file_version = 3; Summary summary = 5; }
    }
    message Summary { repeated Value value = 1; }
    message Value {
      string tag = 1;
      oneof value { float simple_value = 2; HistogramProto histo = 5; }
    }
    message HistogramProto {
      double min = 1;
      double max = 2;
      double num = 3;
      double sum = 4;
      repeated double bucket_limit = 6;
      repeated double bucket = 7;
    }`)
  .root.lookupType('Event');

/** CRC-32 by Castagnoli's polynomial, bit by bit. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}

/** As a TFRecord has it: turned by 15 bits, plus a constant. */
function maskedCrc32c(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** The events of the one event file in a folder: length, its checksum, data, their checksum. */
function readEvents(folder: string): Event[] {
  const [name = '', ...more] = readdirSync(folder);
  expect(more).toEqual([]);
  expect(name).toContain('tfevents');
  const file = readFileSync(join(folder, name));
  const events: Event[] = [];
  for (let at = 0; at < file.length; ) {
    const length = Number(file.readBigUInt64LE(at));
    expect(file.readUInt32LE(at + 8)).toBe(maskedCrc32c(file.subarray(at, at + 8)));
    const data = file.subarray(at + 12, at + 12 + length);
    expect(file.readUInt32LE(at + 12 + length)).toBe(maskedCrc32c(data));
    events.push(eventType.toObject(eventType.decode(data), { longs: Number, defaults: true }) as Event);
    at += 16 + length;
  }
  return events;
}

/** Each value in the order of the file, after the event that names the format. */
export function valuesIn(folder: string) {
  const [first, ...events] = readEvents(folder);
  expect(first?.fileVersion).toBe('brain.Event:2');
  return events.flatMap(({ step, summary }) => (summary?.value ?? []).map((value) => ({ step, ...value })));
}

export function histogramsIn(folder: string) {
  return valuesIn(folder).map(({ histo, tag, step }) => {
    if (!histo) throw new Error(`${tag} is no histogram`);
    return { tag, step, ...histo };
  });
}

/** What the file has to hold of these records. */
export function expectedScalars(records: readonly JournalRecord[]) {
  return records.flatMap((record) => {
    const { step, metrics } = metricsOf(record) ?? { step: 0, metrics: {} };
    return Object.entries(metrics).map(([tag, value]) => ({ step, tag, simpleValue: Math.fround(value) }));
  });
}
