import { join } from 'node:path';
import { stream } from '../random.ts';
import { installedFolder } from './installed.ts';
import { ProblemList } from './problemList.ts';
import { type CorpusSource, type Example, type PublicDataset, type SplitName, splitNames } from './source.ts';
import { readTextFile } from './textFile.ts';

const labelNames = ['joy', 'fear', 'anger', 'sadness', 'disgust', 'shame', 'guilt'];
const columns = { participant: 'ID', label: 'Field1', text: 'SIT' } as const;

/** Of the participants; the rest are for testing. */
const shares = { train: 0.7, validation: 0.15 };

const nonAnswer = new RegExp(
  `^(${[
    'no (response|reponse|description|answer)',
    'blank|none|nothing|never|not applicable|do not know',
    "does(n't| not) apply",
    '(i have )?(never|not) (felt|experienced).*',
    '(can ?not|do not|could not) (think of|remember|recall) any.*',
  ].join('|')})$`,
);

const dataset: PublicDataset = {
  folder: 'isear',
  title: 'ISEAR',
  files: ['isear.csv'],
  publishedAt: 'the public py_isear_dataset repository',
};

/**
 * Situations in which people felt an emotion, told by them (ISEAR, Scherer & Wallbott 1994): a table with `|` between
 * its columns. No split is published; here 70 % of the participants are for training, 15 % for validation and 15 % for
 * testing, drawn once for all, so that nobody is in two splits. What stands for line breaks in the file is taken out, rows
 * that were cut at a quotation mark are put together, and answers that are none are left out and counted.
 */
export const isear: CorpusSource = {
  dataset,
  async read(places) {
    const folder = await installedFolder(places, dataset);
    const file = join(folder, 'isear.csv');
    const problems = new ProblemList();
    const rows = readRows(file, await readTextFile(file, problems), problems);
    problems.throwIfAny();
    const splitOf = splitParticipants([...new Set(rows.map(({ participant }) => participant))]);
    const splits: Record<SplitName, Example[]> = { train: [], validation: [], test: [] };
    const left = { train: 0, validation: 0, test: 0 };
    for (const { participant, text, label } of rows) {
      const split = splitOf.get(participant) as SplitName;
      if (isNonAnswer(text)) left[split]++;
      else splits[split].push({ text, label });
    }
    return {
      name: 'isear',
      labelNames,
      splits,
      provenance: 'ISEAR (Scherer & Wallbott 1994), split by participant for this project',
      licence: 'not stated',
      notes: splitNames
        .filter((split) => left[split] > 0)
        .map((split) => `${split}: ${left[split]} texts left out that are no answer`),
    };
  },
};

interface IsearRow {
  readonly participant: string;
  readonly label: string;
  readonly text: string;
}

function readRows(file: string, content: string, problems: ProblemList): IsearRow[] {
  const [header = '', ...lines] = content.replace(/\r?\n$/, '').split(/\r?\n/);
  if (content === '') return [];
  const names = header.split('|');
  const place = {
    participant: names.indexOf(columns.participant),
    label: names.indexOf(columns.label),
    text: names.indexOf(columns.text),
  };
  const missing = Object.values(columns).filter((name) => !names.includes(name));
  for (const name of missing) {
    problems.add({
      code: 'DATA_MISSING_COLUMN',
      given: `${file} has no column "${name}"`,
      expected: `the columns ${Object.values(columns).join(', ')} in its first line`,
      remedy: 'Fetch the file anew.',
    });
  }
  if (missing.length > 0) return [];
  return lines.flatMap((line, i) => {
    const fields = line.split('|');
    const at = `${file}:${i + 2}`;
    const label = fields[place.label] ?? '';
    // What was cut stands in further columns, before those that follow the text.
    const parts = fields.slice(place.text, fields.length - (names.length - place.text - 1));
    const text = cleaned(parts);
    if (fields.length < names.length || text === '') {
      problems.add({
        code: 'DATA_BAD_ROW',
        given: fields.length < names.length ? `${at} has ${fields.length} fields` : `${at} has no text`,
        expected: `${names.length} fields, with a text`,
        remedy: 'Mend or remove the line.',
      });
      return [];
    }
    if (!labelNames.includes(label)) {
      problems.add({
        code: 'DATA_UNKNOWN_LABEL',
        given: `${at}, label "${label}"`,
        expected: `one of ${labelNames.join(', ')}`,
        remedy: 'Fetch the file anew.',
      });
      return [];
    }
    return [{ participant: fields[place.participant] as string, label, text }];
  });
}

/** A line break is a lone á in the file, a quotation mark a backslash, and a row that was cut ends in a mark too many. */
function cleaned(parts: readonly string[]): string {
  const joined = parts.join(' ');
  const whole = parts.length > 1 ? joined.replace(/"\s*$/, '') : joined;
  return whole
    .replace(/(^|\s)á(?=\s|$)/g, ' ')
    .replace(/\\"?/g, '"')
    .replace(/\s+/g, ' ')
    .trim();
}

function isNonAnswer(text: string): boolean {
  return nonAnswer.test(
    text
      .toLowerCase()
      .replace(/^\[|\]$/g, '')
      .replace(/[.\s]+$/, '')
      .trim(),
  );
}

function splitParticipants(participants: readonly string[]): ReadonlyMap<string, SplitName> {
  const order = stream(0, 'isear').shuffle(participants);
  const train = Math.round(shares.train * order.length);
  const validation = train + Math.round(shares.validation * order.length);
  return new Map(
    order.map((participant, i) => [participant, i < train ? 'train' : i < validation ? 'validation' : 'test']),
  );
}
