import type { NumberTable } from '../report/comparisonNumbers.ts';
import { confusionMatrixTable } from '../report/confusionMatrixChart.ts';
import type { JournalRecord, LayersRecord, PredictionsRecord, StartRecord } from '../tracking/journal.ts';
import { metricsOf } from '../tracking/loggedMetrics.ts';
import { type Media, writePicture, writeTable } from './media.ts';
import { metricDefinition, stepMetric } from './metricDefinition.ts';
import { type Item, timestampOf, valueJson } from './record.ts';
import { RecordLogReader, RecordLogWriter } from './recordLog.ts';
import type { RunFolder } from './runFolder.ts';
import type { RunIdentity } from './runIdentity.ts';
import { MetricSummary } from './summary.ts';

/** A confusion matrix of more can neither be looked at nor be drawn in reasonable memory. */
const mostClasses = 100;

/** What is known when a run begins. */
export interface RunBeginning {
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly config: Readonly<Record<string, unknown>>;
  readonly host?: string;
  readonly git?: { readonly commit: string; readonly remote: string | null } | null;
}

/** What an earlier writer has left in a log. */
interface Written {
  readonly rows: number;
  readonly defined: ReadonlySet<string>;
  /** Of the records. */
  readonly kinds: ReadonlySet<string>;
  /** What the console has shown since the last row. */
  readonly lines: ReadonlySet<string>;
}

/**
 * Turns the records of a journal into W&B's log of the run, and gives the rows of the history on the way. Of a log that
 * was cut off only what is missing is written: the journal says it all again, and its records give the same rows.
 */
export class RunLog {
  readonly #identity: RunIdentity;
  readonly #folder: RunFolder;
  readonly #log: RecordLogWriter;
  readonly #written: Written;
  readonly #defined: Set<string>;
  readonly #summary = new MetricSummary();
  readonly #predictions: PredictionsRecord[] = [];
  #layers: LayersRecord | undefined;
  #hasBegun = false;
  #startedAt = 0;
  /** Seconds since the start. */
  #elapsed = 0;
  #rows = 0;

  constructor(identity: RunIdentity, folder: RunFolder) {
    this.#identity = identity;
    this.#folder = folder;
    this.#log = new RecordLogWriter(folder.log);
    this.#written = whatIsWritten(folder.log);
    this.#defined = new Set(this.#written.defined);
  }

  /** Whether it says what the run is. */
  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** Takes the next record of the journal. */
  async take(record: JournalRecord): Promise<void> {
    if (record.type === 'start') this.#start(record);
    if (record.type === 'predictions') this.#predictions.push(record);
    if (record.type === 'layers') this.#layers = record;
    if (record.type === 'event') {
      this.#remark(record.event, this.#startedAt + 1000 * (record.wall.seconds ?? this.#elapsed));
    }
    if (record.type === 'step' || record.type === 'validation') this.#elapsed += Number(record.wall.seconds ?? 0);
    if (record.type === 'end') this.#elapsed = Number(record.wall.seconds ?? this.#elapsed);
    const logged = metricsOf(record);
    if (!logged) return;
    const media = record.type === 'end' ? await this.#mediaIfPossible() : {};
    this.row({ [stepMetric]: logged.step, ...logged.metrics, ...media });
  }

  /** Adds what a console would show, at a time in milliseconds since 1970. */
  output(line: string, at: number): void {
    this.#log.write({ output_raw: { output_type: 1, timestamp: timestampOf(at), line: lineOf(line) } });
  }

  /** Adds a measurement of the machine, as `SystemMetrics` gives it. */
  stats(values: Readonly<Record<string, number>>, at: number): void {
    this.#log.write({ stats: { timestamp: timestampOf(at), item: items(values, 'key') } });
  }

  /** Adds a row of the history. `_step` counts rows from 0, and the training step is a metric of its own. */
  row(values: Readonly<Record<string, unknown>>): void {
    const index = this.#rows++;
    const row = {
      ...values,
      _step: index,
      _runtime: this.#elapsed,
      _timestamp: this.#startedAt / 1000 + this.#elapsed,
    };
    for (const name of Object.keys(values)) this.#define(name);
    this.#summary.take(row);
    if (index >= this.#written.rows) {
      this.#log.write({ history: { item: items(row, 'nested_key'), step: { num: index } } });
    }
  }

  /** Writes files of the run. */
  attach(media: Readonly<Record<string, Media>>): Record<string, unknown> {
    const files = Object.values(media).map(({ path }) => ({ path, policy: 1, type: 2 }));
    if (files.length > 0) this.#log.write({ files: { files } });
    return Object.fromEntries(Object.entries(media).map(([name, { value }]) => [name, value]));
  }

  /** Ends the log. `exitCode` is 0 for a run that has its numbers. */
  finish(exitCode: number): void {
    const { kinds } = this.#written;
    if (!kinds.has('exit')) {
      const runtime = Math.round(this.#elapsed);
      this.#summary.set('_wandb', { runtime });
      this.#log.write({ summary: { update: items(Object.fromEntries(this.#summary.entries), 'nested_key') } });
      this.#log.write({ exit: { exit_code: exitCode, runtime } });
    }
    // W&B's client takes a second one for a mistake.
    if (!kinds.has('final')) this.#log.write({ final: {} });
    this.#log.write({ footer: {} });
    this.#log.close();
  }

  #start({ wall, settings, ...start }: StartRecord): void {
    this.#startedAt = Date.parse(wall.at ?? '') || 0;
    const { experiment, cell, kind, seed, code, engine, data, encoder, notes } = start;
    this.begin({
      startedAt: this.#startedAt,
      config: {
        ...settings,
        ...{ experiment, cell, kind, seed, code, engine, point: this.#identity.point },
        hashes: { data: data.hash, encoder: encoder.hash },
        environment: wall.environment ?? null,
      },
      ...(wall.environment && { host: wall.environment.host, git: wall.environment.git }),
    });
    for (const note of notes) this.#remark(note, this.#startedAt);
  }

  /** Adds a line between two rows, unless an earlier writer has. */
  #remark(line: string, at: number): void {
    const { rows, lines } = this.#written;
    const isKnown = this.#rows < rows || (this.#rows === rows && lines.has(lineOf(line)));
    if (!isKnown) this.output(line, at);
  }

  /** Writes what the run is. */
  begin({ startedAt, config, host, git }: RunBeginning): void {
    this.#hasBegun = true;
    this.#startedAt = startedAt;
    const { kinds } = this.#written;
    if (kinds.has('run')) return;
    const { runId, entity, project, group, jobType, name, notes, tags, sweepId } = this.#identity;
    if (!kinds.has('header'))
      this.#log.write({ header: { version_info: { producer: 'contrafit', min_consumer: '0.40.0' } } });
    this.#log.write({
      run: {
        run_id: runId,
        ...(entity !== undefined && { entity }),
        project,
        config: { update: items(config, 'key') },
        run_group: group,
        job_type: jobType,
        display_name: name,
        ...(notes !== undefined && { notes }),
        tags,
        ...(sweepId !== undefined && { sweep_id: sweepId }),
        ...(host !== undefined && { host }),
        start_time: timestampOf(startedAt),
        telemetry: { platform: `${process.platform}-${process.arch}` },
        ...(git && { git: { ...(git.remote && { remote_url: git.remote }), commit: git.commit } }),
      },
    });
  }

  #define(name: string): void {
    const definition = metricDefinition(name);
    this.#summary.define(definition);
    if (this.#defined.has(name)) return;
    this.#defined.add(name);
    this.#log.write({ metric: definition });
  }

  /** The numbers count whatever becomes of the pictures. */
  async #mediaIfPossible(): Promise<Record<string, unknown>> {
    try {
      return await this.#media();
    } catch (error) {
      this.#remark(`no tables and pictures: ${String(error)}`, this.#startedAt + 1000 * this.#elapsed);
      return {};
    }
  }

  /** Confusion matrices of all classifiers, as a picture too of the experiment's own, and the drift by layer. */
  async #media(): Promise<Record<string, unknown>> {
    const { files } = this.#folder;
    const media: Record<string, Media> = {};
    for (const record of this.#predictions.filter(({ labelNames }) => labelNames.length <= mostClasses)) {
      const key = `${record.classifier.replaceAll('.', '/')}/confusionMatrix`;
      media[key] = writeTable(files, key, this.#rows, confusionMatrixTable(record));
      if (record.classifier.includes('.')) continue;
      // Loaded only by then: the libraries that draw take longer than all else here.
      const { confusionMatrixPicture } = await import('./pictures.ts');
      const picture = confusionMatrixPicture(record, this.#identity.name);
      media[`${key}Image`] = writePicture(files, `${key}Image`, this.#rows, picture);
    }
    if (this.#layers) media['drift/layers'] = writeTable(files, 'drift/layers', this.#rows, layersTable(this.#layers));
    return this.attach(media);
  }
}

function items(values: Readonly<Record<string, unknown>>, by: 'key' | 'nested_key'): Item[] {
  return Object.entries(values).map(([name, value]) => ({
    ...(by === 'key' ? { key: name } : { nested_key: [name] }),
    value_json: valueJson(value),
  }));
}

function whatIsWritten(path: string): Written {
  const reader = new RecordLogReader(path);
  let rows = 0;
  const defined = new Set<string>();
  const kinds = new Set<string>();
  const lines = new Set<string>();
  for (const record of reader.read()) {
    for (const kind of Object.keys(record)) kinds.add(kind);
    if (record.metric) defined.add(record.metric.name);
    if (record.output_raw) lines.add(record.output_raw.line);
    if (!record.history) continue;
    rows++;
    lines.clear();
  }
  reader.close();
  return { rows, defined, kinds, lines };
}

function lineOf(text: string): string {
  return `${text}\n`;
}

function layersTable({ drift }: LayersRecord): NumberTable {
  return {
    columns: ['layer', 'deltaEmb', 'deltaCos', 'cka'],
    rows: drift.map(({ deltaEmb, deltaCos, cka }, layer) => [layer, deltaEmb, deltaCos, cka]),
  };
}
