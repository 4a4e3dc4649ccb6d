import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../errors.ts';
import type { RunAddress, StreamBody, WandbApi } from './api.ts';
import type { Connection } from './connection.ts';
import { jsonObject, nameOf, strictJson } from './items.ts';
import { officialConfig } from './officialConfig.ts';
import type { Item, MetricRecord, RunRecord, Timestamp, WandbRecord } from './record.ts';
import { RecordLogReader } from './recordLog.ts';
import { markSynced, type RunFolder } from './runFolder.ts';
import { readProgress, savedProgress, saveProgress, type UploadProgress } from './uploadProgress.ts';

type Stream = 'history' | 'events' | 'output';
const streamFiles = { history: 'wandb-history.jsonl', events: 'wandb-events.jsonl', output: 'output.log' } as const;
const streams: readonly Stream[] = ['history', 'events', 'output'];

/** What one request holds at most; the server's limit is 10 MiB. */
const mostBytes = 4 * 2 ** 20;
const mostLines = 5000;

/** What an upload goes by beside its log. */
export interface UploadPlace {
  readonly baseUrl: string;
  /** Goes before the log's own. */
  readonly entity?: string;
}

/**
 * Uploads a run from its log, line by line. Lines go to the place that they have in the log, and so never arrive twice,
 * however often they are sent; what has arrived is not sent again.
 */
export class RunUpload {
  readonly #place: UploadPlace;
  readonly #folder: RunFolder;
  #reader: RecordLogReader;
  #address: RunAddress | undefined;
  #progress: UploadProgress | undefined;
  /** Lines of each file that have been read since the log was opened. */
  #read = { history: 0, events: 0, output: 0 };
  #waiting = noLines();
  #waitingBytes = 0;
  #run: RunRecord | undefined;
  /** By name. */
  readonly #config = new Map<string, Item>();
  readonly #metrics = new Map<string, MetricRecord>();
  #summary: readonly Item[] = [];
  readonly #files = new Set<string>();
  #exitCode: number | undefined;
  /** Unix seconds. */
  #startedAt = 0;

  constructor(place: UploadPlace, folder: RunFolder) {
    this.#place = place;
    this.#folder = folder;
    this.#reader = new RecordLogReader(folder.log);
  }

  /**
   * Creates the run on the server; gives where it is.
   *
   * @throws UserError WANDB_UNREACHABLE, WANDB_REFUSED, WANDB_NOT_TAKEN, WANDB_LOG_INCOMPLETE, WANDB_LOG_MALFORMED
   */
  async begin(api: WandbApi): Promise<RunAddress> {
    for (const record of this.#reader.read()) this.#take(record, []);
    this.#reopen();
    this.#address = await this.#upsert(api);
    const { entity, project } = this.#address;
    const known = readProgress(this.#folder, { baseUrl: this.#place.baseUrl, entity, project });
    const sweep = this.#run?.sweep_id || known.sweep;
    this.#progress = { ...known, ...(sweep !== undefined && { sweep }) };
    return this.#address;
  }

  /** Notes that another way has brought lines of the history. */
  arrived(rows: number): void {
    if (!this.#progress || rows <= this.#progress.history) return;
    this.#progress.history = rows;
    this.#keepProgress();
  }

  /**
   * Sends the lines that were not sent yet: of the console, of the machine's measurements and, unless the SDK brings them,
   * of the history. Without any it sends a sign of life, or the server takes the run for crashed.
   *
   * @throws UserError WANDB_UNREACHABLE, WANDB_REFUSED, WANDB_NOT_TAKEN
   */
  async push(api: WandbApi, { history }: { readonly history: boolean }): Promise<void> {
    // What the SDK was to bring may lie before what was read last.
    if (history) this.#reopen();
    for (const record of this.#reader.read()) {
      this.#take(record, history ? streams : ['events', 'output']);
      if (this.#isFull) await this.#flush(api);
    }
    if (this.#waitingBytes > 0) await this.#flush(api);
    else await this.#stream(api, {});
  }

  /**
   * Sends all that is missing, and the end. Marks the folder when everything has arrived.
   *
   * @throws UserError WANDB_UNREACHABLE, WANDB_REFUSED, WANDB_NOT_TAKEN, WANDB_LOG_INCOMPLETE, WANDB_LOG_MALFORMED
   */
  async finish(api: WandbApi): Promise<void> {
    const progress = this.#progress;
    if (!progress) throw new Error('an upload is finished that has not begun');
    this.#reopen();
    for (const record of this.#reader.read()) {
      this.#take(record, streams);
      if (this.#isFull) await this.#flush(api);
    }
    if (this.#waitingBytes > 0) await this.#flush(api);
    for (const path of this.#files) {
      if (progress.files.includes(path)) continue;
      await api.uploadFile(this.#where, path, this.#content(path));
      progress.files.push(path);
      this.#keepProgress();
    }
    if (this.#files.size > 0) await this.#stream(api, { uploaded: [...this.#files] });
    // Once more, since metrics and panels have been defined since it began.
    const summaryMetrics = jsonObject(this.#summary);
    await this.#upsert(api, strictJson(summaryMetrics));
    await this.#stream(api, { files: { 'wandb-summary.json': { offset: 0, content: [summaryMetrics] } } });
    if (this.#exitCode === undefined) throw incomplete(this.#folder.log);
    await this.#stream(api, { complete: true, exitcode: this.#exitCode });
    markSynced(this.#folder);
  }

  close(): void {
    this.#reader.close();
  }

  get #where(): RunAddress {
    if (!this.#address) throw new Error('an upload goes on that has not begun');
    return this.#address;
  }

  /** The configuration as the server wants it. Only after `begin`. */
  get config(): Readonly<Record<string, unknown>> {
    return officialConfig([...this.#config.values()], [...this.#metrics.values()]);
  }

  async #upsert(api: WandbApi, summaryMetrics?: string): Promise<RunAddress> {
    const run = this.#run;
    if (!run) throw incomplete(this.#folder.log);
    const named = this.#address?.entity ?? this.#place.entity ?? run.entity;
    const entity = named || (await api.defaultEntity());
    return api.upsertRun({
      name: run.run_id,
      ...(entity !== undefined && { entity }),
      project: run.project,
      groupName: run.run_group,
      displayName: run.display_name,
      notes: run.notes,
      tags: run.tags,
      jobType: run.job_type,
      host: run.host,
      commit: run.git?.commit,
      repo: run.git?.remote_url,
      sweep: run.sweep_id || this.#progress?.sweep,
      config: JSON.stringify(this.config),
      summaryMetrics,
    });
  }

  #reopen(): void {
    const before = this.#reader;
    this.#reader = new RecordLogReader(this.#folder.log);
    before.close();
    this.#read = { history: 0, events: 0, output: 0 };
  }

  #content(path: string): Buffer {
    try {
      return readFileSync(join(this.#folder.files, path));
    } catch {
      throw incomplete(join(this.#folder.files, path));
    }
  }

  /** @param wanted the files whose lines are sent now */
  #take(record: WandbRecord, wanted: readonly Stream[]): void {
    const { run, config, metric, history, stats, output_raw: output, files, summary, exit } = record;
    if (run) {
      this.#run = run;
      this.#startedAt = secondsOf(run.start_time);
    }
    for (const item of (run?.config ?? config)?.update ?? []) this.#config.set(nameOf(item), item);
    if (metric) this.#metrics.set(metric.name, metric);
    for (const { path } of files?.files ?? []) this.#files.add(path);
    if (summary) this.#summary = summary.update;
    if (exit) this.#exitCode = exit.exit_code ?? 0;
    if (history) this.#line('history', jsonObject(history.item), wanted);
    if (stats) this.#line('events', this.#eventLine(stats), wanted);
    if (output)
      this.#line('output', `${new Date(1000 * secondsOf(output.timestamp)).toISOString()} ${output.line}`, wanted);
  }

  #line(stream: Stream, line: string, wanted: readonly Stream[]): void {
    const place = this.#read[stream]++;
    if (!wanted.includes(stream) || place < (this.#progress?.[stream] ?? 0)) return;
    this.#waiting[stream].push(line);
    // As it stands in a request, where quotes are escaped.
    this.#waitingBytes += Buffer.byteLength(JSON.stringify(line));
  }

  #eventLine({ timestamp, item }: NonNullable<WandbRecord['stats']>): string {
    const at = secondsOf(timestamp);
    return jsonObject([
      ...item.map(({ key, value_json }) => ({ key: `system.${key}`, value_json })),
      { key: '_wandb', value_json: 'true' },
      { key: '_timestamp', value_json: String(at) },
      { key: '_runtime', value_json: String(at - this.#startedAt) },
    ]);
  }

  get #isFull(): boolean {
    return this.#waitingBytes >= mostBytes || streams.some((stream) => this.#waiting[stream].length >= mostLines);
  }

  async #flush(api: WandbApi): Promise<void> {
    const progress = this.#progress;
    if (!progress) throw new Error('an upload goes on that has not begun');
    const lines = this.#waiting;
    const files: Record<string, { offset: number; content: string[] }> = {};
    for (const stream of streams) {
      if (lines[stream].length > 0) {
        files[streamFiles[stream]] = { offset: progress[stream], content: lines[stream] };
      }
    }
    await this.#stream(api, { files });
    for (const stream of streams) progress[stream] += lines[stream].length;
    this.#waiting = noLines();
    this.#waitingBytes = 0;
    this.#keepProgress();
  }

  #stream(api: WandbApi, body: StreamBody): Promise<void> {
    return api.stream(this.#where, body);
  }

  #keepProgress(): void {
    if (this.#progress) saveProgress(this.#folder, this.#progress);
  }
}

/**
 * Uploads what is missing of a run.
 *
 * @throws UserError WANDB_UNREACHABLE, WANDB_REFUSED, WANDB_NOT_TAKEN, WANDB_LOG_INCOMPLETE, WANDB_LOG_MALFORMED
 */
export async function uploadRun(connection: Connection, folder: RunFolder): Promise<void> {
  const api = connection.api();
  const upload = new RunUpload(connection.settings, folder);
  try {
    connection.took(await upload.begin(api));
    await upload.finish(api);
  } finally {
    upload.close();
  }
}

/**
 * Lets a run that has arrived belong to a sweep, unless it does so already.
 *
 * @throws UserError WANDB_UNREACHABLE, WANDB_REFUSED, WANDB_NOT_TAKEN
 */
export async function attachToSweep(connection: Connection, folder: RunFolder, sweep: string): Promise<void> {
  const known = savedProgress(folder);
  if (!known || known.sweep === sweep) return;
  const { entity, project } = known;
  await connection.api().upsertRun({ name: folder.runId, entity, project, sweep });
  saveProgress(folder, { ...known, sweep });
}

function noLines(): Record<Stream, string[]> {
  return { history: [], events: [], output: [] };
}

function incomplete(given: string): UserError {
  return new UserError({
    code: 'WANDB_LOG_INCOMPLETE',
    given,
    expected: "a log with a run's beginning and end, and the files that it names",
    remedy: 'Run the sweep again: its command continues what is missing.',
  });
}

function secondsOf({ seconds = 0, nanos = 0 }: Partial<Timestamp>): number {
  return seconds + nanos / 1e9;
}
