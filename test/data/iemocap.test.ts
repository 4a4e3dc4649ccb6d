import { expect, it } from 'vitest';
import { loadCorpus } from '../../src/data/corpus.ts';
import { iemocap } from '../../src/data/iemocap.ts';
import { splitNames } from '../../src/data/source.ts';
import { problemsOf, summaries } from './problems.ts';
import { temporaryFolder } from './temporaryFolder.ts';

const at = (session: number, folder: string, dialogue: string) => `Session${session}/dialog/${folder}/${dialogue}.txt`;

/** What the release has of a dialogue: a transcript, and an evaluation whose lines are followed by those of single evaluators. */
function dialogue(session: number, name: string, turns: readonly (readonly [string, string, string?])[]) {
  const id = `Ses0${session}F_${name}`;
  const turn = (of: string) => (of.length > 1 ? `${id}_${of} [006.2901-008.2357]: ` : `${of}: `);
  const evaluation = turns.flatMap(([of, , code]) =>
    code === undefined
      ? []
      : [
          '',
          `[6.2901 - 8.2357]\t${id}_${of}\t${code}\t[2.5000, 2.5000, 2.5000]`,
          'C-E2:\tNeutral;\t()',
          'C-F1:\tAnger; Frustration;\t()',
          'A-E3:\tval 3; act 2; dom  2;\t()',
        ],
  );
  return {
    [at(session, 'transcriptions', id)]: turns.map(([of, text]) => `${turn(of)}${text}\n`).join(''),
    [at(session, 'EmoEvaluation', id)]: ['% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]', ...evaluation].join(
      '\n',
    ),
  };
}

const codes = ['ang', 'hap', 'exc', 'sad', 'neu'];
const many = Object.assign(
  {},
  ...[1, 2, 3, 4].flatMap((session) =>
    Array.from({ length: 5 }, (_, d) =>
      dialogue(
        session,
        `impro0${d + 1}`,
        codes.map(
          (code, i) => [`${'FM'[i % 2]}00${i}`, `session ${session} dialogue ${d + 1} turn ${i}`, code] as const,
        ),
      ),
    ),
  ),
  dialogue(5, 'impro01', [
    ['F000', 'Excuse me.', 'neu'],
    ['M000', 'Do you have your forms?', 'fru'],
    ['F001', ' Yeah. ', 'exc'],
    ['M', '[LAUGHTER]'],
    ['M001', 'Let me see them.', 'xxx'],
    ['F002', 'Is there a problem?', 'ang'],
    ['MXX0', 'Who told you?'],
  ]),
) as Record<string, string>;

const release = (files: Readonly<Record<string, string>>, root = 'iemocap') =>
  temporaryFolder(Object.fromEntries(Object.entries(files).map(([name, content]) => [`${root}/${name}`, content])));

it('has four classes, the turns before as context and the speaker as character', async () => {
  const { test, labelNames, notes } = await loadCorpus(
    { source: 'iemocap', exclude: [] },
    { dataFolder: await release(many) },
  );
  expect(labelNames).toEqual(['angry', 'happy', 'sad', 'neutral']);
  expect(test.texts).toEqual(['Excuse me.', 'Yeah.', 'Is there a problem?']);
  expect([...test.labels]).toEqual([3, 1, 0]);
  expect(test.contexts).toEqual([
    '',
    'F: Excuse me.\nM: Do you have your forms?',
    'M: [LAUGHTER]\nM: Let me see them.',
  ]);
  expect(test.characters).toEqual(['F', 'F', 'F']);
  expect(notes).toEqual([
    '1 turns left out: labelled fru',
    '1 turns left out: labelled xxx',
    '2 turns left out: without a label',
  ]);
});

it('tests by session 5 and validates by whole dialogues, a tenth of the others', async () => {
  const { splits } = await iemocap.read({ dataFolder: await release(many) });
  const dialoguesOf = splitNames.map(
    (split) => new Set(splits[split].map(({ text }) => /session \d dialogue \d/.exec(text)?.[0])),
  );
  expect(dialoguesOf.map(({ size }) => size)).toEqual([18, 2, 1]);
  expect(splits.train).toHaveLength(90);
  expect(splits.validation).toHaveLength(10);
  for (const dialogue of dialoguesOf[1] ?? []) expect(dialoguesOf[0]).not.toContain(dialogue);
  const happy = splits.train.filter(({ label }) => label === 'happy');
  expect(happy).toHaveLength(36);
});

it('may lie in the folder of the release, with what macOS writes beside the files', async () => {
  const nested = await release(many, 'iemocap/IEMOCAP_full_release');
  const beside = await release({
    ...many,
    'Session1/dialog/transcriptions/._Ses01F_impro01.txt': 'no transcript',
    'Session1/dialog/EmoEvaluation/Attribute/Ses01F_impro01_e1.anvil': '',
  });
  const plain = (await iemocap.read({ dataFolder: await release(many) })).splits;
  expect((await iemocap.read({ dataFolder: nested })).splits).toEqual(plain);
  expect((await iemocap.read({ dataFolder: beside })).splits).toEqual(plain);
});

it('counts labels without a transcribed turn', async () => {
  const id = at(5, 'transcriptions', 'Ses05F_impro01');
  const dataFolder = await release({ ...many, [id]: (many[id] as string).replace(/^.*F002.*\n/m, '') });
  const { notes } = await iemocap.read({ dataFolder });
  expect(notes).toContain('1 turns left out: labelled, but not transcribed');
});

it('reports what is missing or of another format, all at once', async () => {
  const files = Object.fromEntries(Object.entries(many).filter(([name]) => !name.startsWith('Session2/')));
  delete files[at(1, 'EmoEvaluation', 'Ses01F_impro02')];
  files[at(3, 'transcriptions', 'Ses03F_impro01')] = 'F000 Excuse me.\n';
  files[at(4, 'EmoEvaluation', 'Ses04F_impro01')] = 'C-E2:\tNeutral;\t()\n';
  const dataFolder = await release(files);
  const problems = await problemsOf(iemocap.read({ dataFolder }));
  expect(summaries(problems, `${dataFolder}/iemocap`)).toEqual([
    'DATA_MISSING_FILE: no Session1/dialog/EmoEvaluation/Ses01F_impro02.txt',
    'DATA_MISSING_FILE: no transcript in Session2/dialog/transcriptions',
    'DATA_BAD_FORMAT: Session3/dialog/transcriptions/Ses03F_impro01.txt has no turns',
    'DATA_BAD_FORMAT: Session4/dialog/EmoEvaluation/Ses04F_impro01.txt has no labels',
  ]);
  expect(problems[2]?.expected).toBe('lines Ses01F_impro01_F000 [006.2901-008.2357]: text');
});
