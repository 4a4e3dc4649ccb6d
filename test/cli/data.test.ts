import { execFile } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { sources } from '../../src/data/corpus.ts';
import { temporaryFolder } from '../data/temporaryFolder.ts';

const command = new URL('../../src/cli/data.ts', import.meta.url).pathname;

function data(args: readonly string[], dataFolder: string): Promise<{ code: number; stdout: string; stderr: string }> {
  const env = { ...process.env, CONTRAFIT_DATA: dataFolder };
  return new Promise((resolve) => {
    execFile(process.execPath, ['--import', 'tsx', command, ...args], { env }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr });
    });
  });
}

const irony = Object.fromEntries(
  ['train', 'val', 'test'].flatMap((split) => [
    [`tweeteval-irony/${split}_text.txt`, `${split} one \n${split} two \n${split} one \n${split} four \n`],
    [`tweeteval-irony/${split}_labels.txt`, '0\n1\n1\n0\n'],
  ]),
);

describe('yarn data', () => {
  it('list names every corpus, with its size where it is here', async () => {
    const { code, stdout } = await data(['list'], await temporaryFolder(irony));
    expect(code).toBe(0);
    for (const name of Object.keys(sources)) expect(stdout).toMatch(new RegExp(`^${name} `, 'm'));
    expect(stdout).toMatch(/^embedded +960 +240 +480 +28 +CC BY 4\.0$/m);
    expect(stdout).toMatch(/^tweeteval-irony +4 +4 +4 +2 /m);
    expect(stdout).toMatch(/^sst2 +– +– +– +– +DATA_NOT_INSTALLED$/m);
  });

  it('show has class balance, lengths and what is odd', async () => {
    const { code, stdout } = await data(['show', 'tweeteval-irony', '--max-length', '4'], await temporaryFolder(irony));
    expect(code).toBe(0);
    expect(stdout).toMatch(/^not ironic +2 +50\.0 +2 +50\.0 +2 +50\.0$/m);
    expect(stdout).toMatch(/^Tokens of mini: median 4, .*; 0 texts are cut at 4\.$/m);
    expect(stdout).toContain('! train: repeated texts 1, texts with conflicting labels 1');
    // Every text has two words, and two special tokens.
    expect(stdout).toMatch(/^up to 4 +12 +▇{40}$/m);
  });

  it('show --json is one document', async () => {
    const { stdout } = await data(['show', 'embedded', '--json'], '');
    expect(JSON.parse(stdout)).toMatchObject({ name: 'embedded', texts: { test: 480 }, maxLength: 128 });
  });

  it('get knows what is here already, what comes with the project and what it cannot fetch', async () => {
    const dataFolder = await temporaryFolder({});
    expect(await data(['get', 'embedded-ekman'], dataFolder)).toMatchObject({ code: 0 });
    const sst2 = await data(['get', 'sst2'], dataFolder);
    expect([sst2.code, sst2.stderr]).toEqual([2, expect.stringMatching(/^DATA_NOT_DOWNLOADABLE: /)]);
    const unknown = await data(['get', 'goemotion'], dataFolder);
    expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining('Did you mean "goemotions"?')]);
  });

  it('show counts the classes of texts with several, and contexts as they are encoded', async () => {
    const multi = await data(['show', 'embedded-multi'], '');
    expect(multi.stdout).toMatch(/^Texts by their number of classes: 1: [\d,]+ · 2: [\d,]+ · /m);
    expect(multi.stdout).toContain('with embedded-multi+context it is encoded with the text.');
    const contextual = await data(['show', 'embedded+context'], '');
    expect(contextual.stdout).toContain('Every text is encoded behind its context.');
  });

  it('check accepts what is well-formed and names file and line of what is not', async () => {
    const folder = await temporaryFolder(irony);
    const fine = await data(['check', 'tweeteval-irony'], folder);
    expect(fine.code).toBe(0);
    expect(fine.stdout).toContain('✓ tweeteval-irony: 4 train, 4 validation, 4 test texts in 2 classes');
    const broken = await temporaryFolder({ ...irony, 'tweeteval-irony/val_labels.txt': '0\n7\n1\n0\n' });
    const { code, stderr } = await data(['check', 'tweeteval-irony'], broken);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^DATA_UNKNOWN_LABEL: .*val_labels\.txt:2, label "7"; expected 0 or 1\./m);
    expect(stderr).not.toMatch(/^ +at /m);
  });

  it('check reads a file whose columns are named otherwise', async () => {
    const lines = Array.from({ length: 40 }, (_, i) => `text ${i},${i % 2}`);
    const folder = await temporaryFolder({ 'all.csv': ['review,stars', ...lines].join('\n') });
    const { stdout } = await data(['check', `${folder}/all.csv`, '--text', 'review', '--label', 'stars'], '');
    expect(stdout).toContain('✓ all: 32 train, 4 validation, 4 test texts in 2 classes');
    const other = await data(['show', `${folder}/all.csv`, '--max-length', 'none'], '');
    expect([other.code, other.stderr]).toEqual([2, expect.stringMatching(/^USAGE: /)]);
  });

  it('check and show read texts with several classes', async () => {
    const row = (i: number) => ({ text: `text ${i}`, emotions: i % 2 ? { joy: 0.9, fear: 0.2 } : { fear: 0.6 } });
    const rows = Array.from({ length: 6 }, (_, i) => JSON.stringify(row(i))).join('\n');
    const folder = await temporaryFolder({ 'train.jsonl': rows, 'validation.jsonl': rows, 'test.jsonl': rows });
    const fine = await data(['check', folder, '--labelling', 'soft'], '');
    expect(fine.stdout).toContain('6 train, 6 validation, 6 test texts in 2 classes');
    const multi = await data(['show', folder, '--labelling', 'multi'], '');
    expect(multi.stdout).toContain('Texts by their number of classes: 1: 18.');
    const other = await data(['check', folder, '--labelling', 'soft', '--strengths', 'text'], '');
    expect([other.code, other.stderr]).toEqual([2, expect.stringMatching(/^USAGE: .*different names/)]);
    const alone = await data(['check', folder, '--strengths', 'emotions'], '');
    expect([alone.code, alone.stderr]).toEqual([2, expect.stringMatching(/^USAGE: .*labelling/)]);
    const unread = await data(['check', folder, '--labelling', 'single', '--strengths', 'feelings'], '');
    expect([unread.code, unread.stderr]).toEqual([2, expect.stringMatching(/^USAGE: .*labelling multi or soft/)]);
  });

  it.each([[[]], [['look']], [['show']], [['show', 'nothing-of-the-kind']]])('refuses %j', async (args) => {
    const { code, stderr } = await data(args, '');
    expect(code).toBe(2);
    expect(stderr).toMatch(/^[A-Z_]+: .+; expected .+\. .+/);
  });
});
