import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { stream } from '../random.ts';
import { installedFolder } from './installed.ts';
import { isFolder } from './isFolder.ts';
import { ProblemList } from './problemList.ts';
import { type CorpusSource, type Example, mapSplits, type PublicDataset, type SplitName } from './source.ts';
import { readTextFile } from './textFile.ts';

const labelNames = ['angry', 'happy', 'sad', 'neutral'] as const;

/** The classes by the codes of the evaluation files; excitement counts as happiness, as is usual. */
const classOf = new Map<string, (typeof labelNames)[number]>([
  ['ang', 'angry'],
  ['hap', 'happy'],
  ['exc', 'happy'],
  ['sad', 'sad'],
  ['neu', 'neutral'],
]);

const sessions = [1, 2, 3, 4, 5] as const;
const testSession = 5;

/** Turns before a text that are its context. */
const contextTurns = 2;

const formats = {
  transcriptions: { line: 'Ses01F_impro01_F000 [006.2901-008.2357]: text', holds: 'turns' },
  EmoEvaluation: { line: '[6.2901 - 8.2357] TAB Ses01F_impro01_F000 TAB neu TAB [2.5, 2.5, 2.5]', holds: 'labels' },
} as const;

const dataset: PublicDataset = {
  folder: 'iemocap',
  title: 'IEMOCAP, the full release',
  files: Object.entries(formats).map(([name, { line }]) => `Session1 to Session5/dialog/${name}/*.txt, lines ${line}`),
  publishedAt: 'your licensed copy, which the University of Southern California gives on request',
};

interface Dialogue {
  readonly session: number;
  readonly examples: readonly Example[];
}

/**
 * Turns of acted dialogues of two (IEMOCAP, Busso et al. 2008, Language Resources and Evaluation), from the folders of the full
 * release, which may lie in a folder `IEMOCAP_full_release`. Its authors' are the transcripts and the labels that a majority
 * of the evaluators gave; it has no split. Usual in the literature are the four classes, with excitement as happiness, and the
 * fifth session, whose speakers are in no other, as the test. Ours is that a tenth of the other sessions' dialogues is for
 * validation, drawn once for all, so that its speakers, but not its dialogues, are in train; that the last two turns
 * before a text, with who says them, are its context, empty for a dialogue's first turn; and that the character is F or
 * M, the woman or the man of the session. Turns of other classes or without a label are context only, and counted.
 */
export const iemocap: CorpusSource = {
  dataset,
  async read(places) {
    const folder = await installedFolder(places, dataset);
    const release = join(folder, 'IEMOCAP_full_release');
    const root = (await isFolder(release)) ? release : folder;
    const problems = new ProblemList();
    const dialogues: Dialogue[] = [];
    const leftOut = new Map<string, number>();
    const count = (reason: string) => leftOut.set(reason, (leftOut.get(reason) ?? 0) + 1);
    for (const session of sessions) {
      const folders = {
        transcriptions: join(root, `Session${session}`, 'dialog', 'transcriptions'),
        EmoEvaluation: join(root, `Session${session}`, 'dialog', 'EmoEvaluation'),
      };
      for (const file of await transcriptsIn(folders.transcriptions, problems)) {
        const turns = await readLines(join(folders.transcriptions, file), 'transcriptions', turnsOf, problems);
        const codes = await readLines(join(folders.EmoEvaluation, file), 'EmoEvaluation', codesOf, problems);
        dialogues.push({ session, examples: examplesOf(turns, new Map(codes), count) });
      }
    }
    problems.throwIfAny();
    return {
      name: 'iemocap',
      labelNames,
      splits: splitDialogues(dialogues),
      provenance: 'IEMOCAP (Busso et al. 2008), four classes; session 5 is the test',
      licence: "its publisher's, for those whom it is granted to",
      notes: [...leftOut].sort(([a], [b]) => (a < b ? -1 : 1)).map(([reason, n]) => `${n} turns left out: ${reason}`),
    };
  },
};

/** The names of the transcripts in a folder. Those with a full stop before them are what macOS writes beside files. */
async function transcriptsIn(folder: string, problems: ProblemList): Promise<string[]> {
  const present = (await isFolder(folder)) ? await readdir(folder) : [];
  const files = present.filter((name) => name.endsWith('.txt') && !name.startsWith('.')).sort();
  if (files.length === 0) {
    problems.add({
      code: 'DATA_MISSING_FILE',
      given: `no transcript in ${folder}`,
      expected: `files of lines ${formats.transcriptions.line}`,
      remedy: 'Put the folders Session1 to Session5 of the full release there as they are.',
    });
  }
  return files;
}

/** What a file holds; a problem (DATA_BAD_FORMAT) if no line of it is of its format. */
async function readLines<T>(
  file: string,
  format: keyof typeof formats,
  parse: (text: string) => T[],
  problems: ProblemList,
): Promise<T[]> {
  const text = await readTextFile(file, problems);
  const parsed = parse(text);
  if (text !== '' && parsed.length === 0) {
    problems.add({
      code: 'DATA_BAD_FORMAT',
      given: `${file} has no ${formats[format].holds}`,
      expected: `lines ${formats[format].line}`,
      remedy: 'Copy the file anew from the release.',
    });
  }
  return parsed;
}

interface Turn {
  /** None of turns that are transcribed without. */
  readonly id?: string | undefined;
  readonly speaker: string;
  readonly text: string;
}

/** The turns of a transcript in its order; lines that are none are passed over. */
function turnsOf(transcript: string): Turn[] {
  return transcript.split(/\r?\n/).flatMap((line) => {
    const turn = /^(Ses\S+_([FM])\w*)\s*\[[^\]]*\]:?\s*(.*)$/.exec(line);
    const nameless = /^([FM]):\s*(.*)$/.exec(line);
    const [id, speaker, text] = turn ? turn.slice(1) : [undefined, ...(nameless?.slice(1) ?? [])];
    return speaker && text?.trim() ? [{ id, speaker, text: text.trim() }] : [];
  });
}

/** The ids of the turns, each with the code of its class; the lines of single evaluators are passed over. */
function codesOf(evaluation: string): [string, string][] {
  const lines = evaluation.matchAll(/^\[[^\]]*\]\s+(\S+)\s+(\w+)\s+\[/gm);
  return Array.from(lines, ([, id, code]) => [id as string, code as string]);
}

function examplesOf(
  turns: readonly Turn[],
  codes: ReadonlyMap<string, string>,
  leaveOut: (reason: string) => void,
): Example[] {
  const examples: Example[] = [];
  for (const [i, { id, speaker, text }] of turns.entries()) {
    const code = codes.get(id ?? '');
    const label = classOf.get(code ?? '');
    const before = turns.slice(Math.max(0, i - contextTurns), i);
    const context = before.map((turn) => `${turn.speaker}: ${turn.text}`).join('\n');
    if (label) examples.push({ text, label, context, character: speaker });
    else leaveOut(code ? `labelled ${code}` : 'without a label');
  }
  const transcribed = new Set(turns.map(({ id }) => id));
  for (const id of codes.keys()) if (!transcribed.has(id)) leaveOut('labelled, but not transcribed');
  return examples;
}

function splitDialogues(dialogues: readonly Dialogue[]): Record<SplitName, Example[]> {
  const others = dialogues.filter(({ session }) => session !== testSession);
  const drawn = new Set(
    stream(0, 'iemocap')
      .shuffle(others)
      .slice(0, Math.ceil(others.length / 10)),
  );
  const splitOf = (dialogue: Dialogue): SplitName =>
    dialogue.session === testSession ? 'test' : drawn.has(dialogue) ? 'validation' : 'train';
  return mapSplits((split) => dialogues.filter((own) => splitOf(own) === split).flatMap(({ examples }) => examples));
}
