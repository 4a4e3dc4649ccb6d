import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { LoraOptions } from '../encoders/lora.ts';
import type { Settings } from './experiment.ts';
import type { GridPoint } from './plan.ts';

/** What a cell's numbers depend on beside its settings: contents, not names. */
export interface CellContents {
  readonly dataHash: string;
  /** Of the corpora of the downstream tasks, in their order. */
  readonly taskHashes: readonly string[];
  readonly encoderHash: string;
  /** What computes, as far as it decides on rounding and random masks. */
  readonly engine: string;
}

/** One run: completely resolved settings and a seed, or the untouched encoder as the row to compare with. */
export interface Cell {
  /** First 16 hex digits of the sha256 over everything that the run's numbers depend on. */
  readonly id: string;
  readonly kind: 'original' | 'retrofit';
  readonly axes: Readonly<Record<string, unknown>>;
  /** Null for the untouched encoder, in which nothing is random. */
  readonly seed: number | null;
  readonly settings: Settings;
}

export function retrofitCell(point: GridPoint, seed: number, contents: CellContents): Cell {
  // Left out: names of data and encoder, since the same contents under another path are the same run; and whether and how
  // the encoder is saved.
  const { data: _data, encoder: _encoder, training, ...settings } = point.settings;
  const { save: _save, lora, ...trained } = training;
  const id = contentId({
    kind: 'retrofit',
    settings: { ...settings, training: { ...trained, lora: lora && withoutSave(lora) } },
    seed,
    ...contents,
  });
  return { id, kind: 'retrofit', axes: point.axes, seed, settings: point.settings };
}

function withoutSave({ save: _save, ...lora }: LoraOptions): Omit<LoraOptions, 'save'> {
  return lora;
}

/** The cell of the untouched encoder that a point is compared with; points that train alike share it. */
export function originalCell(point: GridPoint, contents: CellContents): Cell {
  const { pooling, segments, maxLength, precision, evaluation } = point.settings;
  const id = contentId({ kind: 'original', pooling, segments, maxLength, precision, evaluation, ...contents });
  const axes = Object.fromEntries(Object.entries(point.axes).filter(([path]) => changesOriginal(path)));
  return { id, kind: 'original', axes, seed: null, settings: point.settings };
}

function changesOriginal(path: string): boolean {
  return /^(data|encoder|pooling|segments|maxLength|precision|evaluation)(\.|$)/.test(path);
}

/** What a training leaves in its cell's folder beside the journal, if it is saved: the `encoder`, or `adapters` of it. */
export function savedModel({ training: { lora } }: Pick<Settings, 'training'>): 'encoder' | 'adapters' {
  return lora?.save === 'adapters' ? 'adapters' : 'encoder';
}

/** Where the process `pid` writes a cell until it is finished, below the experiment's folder. */
export function folderAtWork(folder: string, id: string, pid: number): string {
  return join(folder, 'cells', `.${id}.${pid}`);
}

/** The cell that a folder among those of an experiment's cells is at work on; undefined for a finished one. */
export function cellAtWork(name: string): string | undefined {
  return /^\.([0-9a-f]+)\.\d+$/.exec(name)?.[1];
}

/** A short content address of JSON data; the order of keys does not matter. */
export function contentId(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex').slice(0, 16);
}

function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
