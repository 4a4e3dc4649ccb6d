import { readFileSync, statSync } from 'node:fs';
import { understoodRecords } from '../../tracking/journal.ts';
import { metricsOf } from '../../tracking/loggedMetrics.ts';
import { thin } from '../thinning.ts';
import type { Courses, Extremes, Series } from '../wire.ts';

/** What a run logs on its way, read from its journal. */
export interface Course {
  /** Of each record that something is logged of. */
  readonly step: readonly number[];
  readonly epoch: readonly number[];
  readonly seconds: readonly number[];
  /** By metric: its values, and the places of their records. */
  readonly values: ReadonlyMap<string, { readonly at: readonly number[]; readonly value: readonly number[] }>;
  /** Numbers that it holds, by which the memory for courses is bounded. */
  readonly size: number;
}

/** Values that are sent at a time, and at least of each series. */
const mostSent = 300_000;
const leastOfEach = 1000;

/** Courses of runs, the latest used ones of which are kept. */
export class CourseReader {
  readonly #most: number;
  readonly #kept = new Map<string, { readonly stamp: string; readonly course: Course }>();
  #size = 0;

  /** @param most numbers, of 8 bytes each, that are kept of all courses */
  constructor(most = 16_000_000) {
    this.#most = most;
  }

  /** The course in a journal; what it holds of another version's records is left out. */
  read(journal: string): Course {
    const { mtimeMs, size, ino } = statSync(journal);
    const stamp = `${ino} ${mtimeMs} ${size}`;
    const known = this.#kept.get(journal);
    const course = known?.stamp === stamp ? known.course : parseCourse(readFileSync(journal, 'utf8'));
    this.#drop(journal);
    this.#kept.set(journal, { stamp, course });
    this.#size += course.size;
    for (const oldest of this.#kept.keys()) {
      if (this.#size <= this.#most || oldest === journal) break;
      this.#drop(oldest);
    }
    return course;
  }

  #drop(journal: string): void {
    this.#size -= this.#kept.get(journal)?.course.size ?? 0;
    this.#kept.delete(journal);
  }
}

function parseCourse(text: string): Course {
  const [steps, epochs, times]: [number[], number[], number[]] = [[], [], []];
  const values = new Map<string, { at: number[]; value: number[] }>();
  let [epoch, seconds, size] = [0, 0, 0];
  for (const record of understoodRecords(text)) {
    if (record.type !== 'step' && record.type !== 'validation') continue;
    if (record.type === 'step') {
      epoch = record.epoch;
      seconds += Number(record.wall.seconds ?? 0);
    }
    const logged = metricsOf(record);
    if (!logged) continue;
    const place = steps.push(logged.step) - 1;
    epochs.push(epoch);
    times.push(seconds);
    for (const [name, value] of Object.entries(logged.metrics)) {
      const own = values.get(name) ?? { at: [], value: [] };
      values.set(name, own);
      own.at.push(place);
      own.value.push(value);
      size += 2;
    }
  }
  return { step: steps, epoch: epochs, seconds: times, values, size: size + 3 * steps.length };
}

/** One metric in several courses. Long ones of many runs are thinned without losing a spike; what is not finite stays. */
export function coursesOf(courses: ReadonlyMap<string, Course>, metric: string): Courses {
  const series: Record<string, Series> = {};
  const metrics = new Set<string>();
  const most = Math.max(leastOfEach, Math.floor(mostSent / Math.max(1, courses.size)));
  let isThinned = false;
  for (const [cell, course] of courses) {
    for (const name of course.values.keys()) metrics.add(name);
    const own = seriesOf(course, metric, most);
    if (own) series[cell] = own;
    isThinned ||= (course.values.get(metric)?.value.length ?? 0) > most;
  }
  return { series, metrics: [...metrics], isThinned };
}

/** Least, greatest and last finite value of a metric in several courses. */
export function extremesOf(courses: ReadonlyMap<string, Course>, metric: string): Record<string, Extremes> {
  const extremes: Record<string, Extremes> = {};
  for (const [cell, { values }] of courses) {
    const finite = values.get(metric)?.value.filter(Number.isFinite) ?? [];
    const least = (order: 1 | -1) =>
      finite.reduce<number | null>(
        (best, value) => (best === null || order * value < order * best ? value : best),
        null,
      );
    extremes[cell] = { min: least(1), max: least(-1), last: finite.at(-1) ?? null };
  }
  return extremes;
}

/**
 * A metric in one course, thinned to about `most` values without losing a spike, and whatever is not finite; undefined if it
 * is not logged.
 */
export function seriesOf({ step, epoch, seconds, values }: Course, metric: string, most: number): Series | undefined {
  const own = values.get(metric);
  if (!own) return undefined;
  const notFinite = own.value.flatMap((value, i) => (Number.isFinite(value) ? [] : [i]));
  const places = [...thin(own.value, most), ...notFinite].sort((a, b) => a - b);
  const ofRecord = (numbers: readonly number[]) => places.map((place) => numbers[own.at[place] as number] as number);
  return {
    step: ofRecord(step),
    epoch: ofRecord(epoch),
    seconds: ofRecord(seconds),
    // NaN and infinities are named when it is written as JSON.
    value: places.map((place) => own.value[place]) as Series['value'],
  };
}
