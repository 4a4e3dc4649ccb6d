import { readFileSync } from 'node:fs';
import protobuf from 'protobufjs';

/** A named value: `value_json` is JSON, in which `NaN`, `Infinity` and `-Infinity` stand bare, as in W&B's own logs. */
export interface Item {
  readonly key?: string;
  readonly nested_key?: readonly string[];
  readonly value_json: string;
}

export interface Timestamp {
  readonly seconds: number;
  readonly nanos: number;
}

/** How a metric is shown: against which other one, what of it stands in the summary, which direction is good. */
export interface MetricRecord {
  readonly name: string;
  readonly step_metric?: string;
  readonly options?: { readonly step_sync?: boolean; readonly hidden?: boolean; readonly defined?: boolean };
  readonly summary?: {
    readonly min?: boolean;
    readonly max?: boolean;
    readonly best?: boolean;
    readonly last?: boolean;
  };
  readonly goal?: 1 | 2;
}

export interface RunRecord {
  readonly run_id: string;
  readonly entity?: string;
  readonly project: string;
  readonly config: { readonly update: readonly Item[] };
  readonly run_group?: string;
  readonly job_type?: string;
  readonly display_name?: string;
  readonly notes?: string;
  readonly tags?: readonly string[];
  readonly sweep_id?: string;
  readonly host?: string;
  readonly start_time: Timestamp;
  readonly telemetry?: { readonly cli_version?: string; readonly platform?: string };
  readonly git?: { readonly remote_url?: string; readonly commit?: string };
}

/** What a record of a W&B log holds: one of these. */
export interface RecordContent {
  readonly header?: { readonly version_info: { readonly producer: string; readonly min_consumer: string } };
  readonly run?: RunRecord;
  readonly config?: { readonly update: readonly Item[] };
  readonly metric?: MetricRecord;
  readonly history?: { readonly item: readonly Item[]; readonly step: { readonly num?: number } };
  readonly stats?: { readonly timestamp: Timestamp; readonly item: readonly Item[] };
  readonly output_raw?: { readonly output_type?: number; readonly timestamp: Timestamp; readonly line: string };
  readonly files?: {
    readonly files: readonly { readonly path: string; readonly policy?: number; readonly type?: number }[];
  };
  readonly summary?: { readonly update: readonly Item[] };
  readonly exit?: { readonly exit_code?: number; readonly runtime?: number };
  readonly final?: object;
  readonly footer?: object;
}

/** A record of a W&B log; `num` counts from 1. */
export type WandbRecord = RecordContent & { readonly num: number };

const { root } = protobuf.parse(readFileSync(new URL('record.proto', import.meta.url), 'utf8'), { keepCase: true });
const type = root.lookupType('Record');

export function encodeRecord(record: WandbRecord): Uint8Array {
  return type.encode(record).finish();
}

/** @throws Error if the bytes are no record */
export function decodeRecord(bytes: Uint8Array): WandbRecord {
  return type.toObject(type.decode(bytes), { longs: Number }) as WandbRecord;
}

/** A value as W&B's logs write it: JSON in which numbers that are not finite stand by their names, also further in. */
export function valueJson(value: unknown): string {
  if (typeof value === 'number') return String(value);
  if (Array.isArray(value)) return `[${value.map(valueJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const members = Object.entries(value).map(([name, inner]) => `${JSON.stringify(name)}:${valueJson(inner)}`);
  return `{${members.join(',')}}`;
}

/** @param milliseconds since 1970 */
export function timestampOf(milliseconds: number): Timestamp {
  const seconds = Math.floor(milliseconds / 1000);
  return { seconds, nanos: Math.floor((milliseconds - 1000 * seconds) * 1e6) };
}
