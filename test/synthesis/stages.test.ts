import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { emotions } from '../../src/data/emotions.ts';
import { repairPrompt, requestOf } from '../../src/synthesis/asker.ts';
import { synthesisOptionsSchema } from '../../src/synthesis/options.ts';
import { readPrompt } from '../../src/synthesis/prompt.ts';
import type { Steering } from '../../src/synthesis/quota.ts';
import { charactersStage } from '../../src/synthesis/stages/characters.ts';
import { cleanStage } from '../../src/synthesis/stages/clean.ts';
import { contextStage } from '../../src/synthesis/stages/context.ts';
import { stages } from '../../src/synthesis/stages/index.ts';
import { labelsStage } from '../../src/synthesis/stages/labels.ts';
import { rewriteStage } from '../../src/synthesis/stages/rewrite.ts';
import { stageNames } from '../../src/synthesis/stages/stage.ts';
import { utterancesStage } from '../../src/synthesis/stages/utterances.ts';

const options = synthesisOptionsSchema.parse({ model: 'teller' });
const narrative = { id: 'n', title: 'The "Key" & {{ lock }}', text: 'Somebody <finds> a key.' };
const character = { name: 'Ada', description: 'Finds things.' };
const utterance = 'Look, it was under the mat!';
const steering = { scarce: ['grief', 'pride'], full: ['joy'], neutralFull: false } as const;
const eight = ['joy', 'anger', 'fear', 'love', 'pride', 'relief', 'grief', 'desire'].map((emotion, i) => ({
  emotion,
  text: `Text ${i}.`,
}));

/** Each stage with what it sends and an answer to it. */
const cases = [
  [requestOf(charactersStage, { narrative, most: 3 }, options), charactersStage, { characters: [character] }],
  [
    requestOf(utterancesStage, { narrative, character, steering }, options),
    utterancesStage,
    { emotional: eight, neutral: ['One.', 'Two.'] },
  ],
  [
    requestOf(labelsStage, { narrative, character, utterance }, options),
    labelsStage,
    { emotions: [{ emotion: 'saudade', expressiveness: 0.3 }] },
  ],
  [requestOf(contextStage, { narrative, character, utterance }, options), contextStage, { context: 'She lost it.' }],
  [requestOf(cleanStage, { context: 'She was sad.' }, options), cleanStage, { context: 'She sat there.' }],
  [
    requestOf(rewriteStage, { character, context: 'It lay there.', utterance }, options),
    rewriteStage,
    { utterance: 'Under the mat.' },
  ],
] as const;

describe('the stages', () => {
  it('are six, in their order', () => {
    expect(stages.map(({ name }) => name)).toEqual(stageNames);
    expect(cases.map(([, { name }]) => name)).toEqual(stageNames);
  });

  it.each(cases)('send a prompt without gaps and a schema that fits their answers', (request, stage, answer) => {
    const [message] = request.messages;
    expect(message?.content).not.toMatch(/\{%|undefined|\[object/);
    expect(stage.schema.parse(answer)).toEqual(answer);
    const format = request.response_format;
    if (format?.type !== 'json_schema') throw new Error('no schema');
    const { schema } = format.json_schema;
    const fits = new Ajv2020({ strict: true }).compile(schema);
    expect(fits(answer)).toBe(true);
    expect(fits({ ...answer, more: 1 })).toBe(false);
    expect(fits({})).toBe(false);
    // Keywords that some servers refuse.
    expect(JSON.stringify(schema)).not.toMatch(/\$schema|"pattern"|"minLength"|~standard/);
  });

  it('leave plots as they are', () => {
    const [[request]] = cases;
    expect(request.messages[0]?.content).toContain(`## Plot: ${narrative.title}\n\n${narrative.text}`);
    const untitled = requestOf(charactersStage, { narrative: { ...narrative, title: '' }, most: 3 }, options);
    expect(untitled.messages[0]?.content).toContain(`## Plot\n\n${narrative.text}`);
  });

  it('ask for the scarce and against the full, and say nothing where there are none', () => {
    const ask = (own: Steering) =>
      requestOf(utterancesStage, { narrative, character, steering: own }, options).messages[0]?.content;
    expect(ask(steering)).toContain('still rare in the collection: grief, pride.');
    expect(ask(steering)).toContain('there are enough; avoid them: joy.');
    expect(ask({ scarce: [], full: [], neutralFull: true })).not.toMatch(/rare|enough/);
  });

  it('name the taxonomy', () => {
    const labels = cases[2][0].messages[0]?.content ?? '';
    expect([...labels.matchAll(/^- (\w+): /gm)].map(([, name]) => name)).toEqual([...emotions]);
    const named = /from: (.*)\.$/m.exec(cases[1][0].messages[0]?.content ?? '')?.[1];
    expect(named?.split(', ')).toEqual(emotions.filter((emotion) => emotion !== 'neutral'));
  });
});

describe('answers', () => {
  const reasons = (stage: (typeof stages)[number], answer: unknown) =>
    stage.schema
      .safeParse(answer)
      .error?.issues.map((issue) => (issue.code === 'custom' && issue.params?.reason) || issue.code);

  it.each([
    ['blank texts', contextStage, { context: ' \n' }, ['custom']],
    ['no characters', charactersStage, { characters: [] }, ['too_small']],
    ['seven utterances', utterancesStage, { emotional: eight.slice(1), neutral: ['One.', 'Two.'] }, ['too_small']],
    [
      'eight of few emotions',
      utterancesStage,
      {
        emotional: eight.map((own, i) => ({ ...own, emotion: ['Joy', 'joy', 'fear', 'love', 'pride'][i % 5] })),
        neutral: ['1', '2'],
      },
      ['not varied'],
    ],
    ['too much expressiveness', labelsStage, { emotions: [{ emotion: 'joy', expressiveness: 1.1 }] }, ['too_big']],
    ['contexts that name an emotion', cleanStage, { context: 'He paced in fear.' }, ['emotion named']],
  ])('with %s are refused', (_, stage, answer, expected) => {
    expect(reasons(stage, answer)).toEqual(expected);
  });

  it('may have words that only look like emotions', () => {
    for (const context of ['Joy came in.', 'She was fearless.', 'A beloved dog.', 'The neutral ground.']) {
      expect(reasons(cleanStage, { context })).toBeUndefined();
    }
  });

  it('lose the white space around them', () => {
    expect(contextStage.schema.parse({ context: ' It rained.\n' })).toEqual({ context: 'It rained.' });
  });
});

describe('prompts', () => {
  it('are those of the files, each one used', () => {
    const folder = new URL('../../src/synthesis/prompts/', import.meta.url);
    const used = [...stages.map(({ prompt }) => prompt), repairPrompt].map(({ identity }) => identity);
    expect(used.map(({ name, version }) => `${name}-${version}.md`).sort()).toEqual(readdirSync(folder).sort());
    for (const { name, version, sha256 } of used) {
      const bytes = readFileSync(new URL(`${name}-${version}.md`, folder));
      expect(sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
    }
  });

  it('refuse to be rendered with a variable missing', () => {
    expect(() => readPrompt('rewrite', 1).render({ context: 'x' })).toThrow();
  });

  it('for a repair list what is wrong', () => {
    const text = repairPrompt.render({ problems: ['First <thing>.', 'Second.'] });
    expect(text).toContain('\n- First <thing>.\n- Second.\n');
  });
});
