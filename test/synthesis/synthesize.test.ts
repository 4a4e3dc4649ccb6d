import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { dataSchema, loadCorpus } from '../../src/data/corpus.ts';
import { emotions } from '../../src/data/emotions.ts';
import { splitNames } from '../../src/data/source.ts';
import { type Card, cardSchema } from '../../src/synthesis/card.ts';
import { stageNames } from '../../src/synthesis/stages/stage.ts';
import { problemsOf } from '../data/problems.ts';
import { CompletionServer, characterIn, section, serverKey } from './completionServer.ts';
import { everyFault } from './faults.ts';
import { expectedFolder, outputFolder, outputIn, requestIn, runSynthesis, storedRequests } from './runSynthesis.ts';
import { narrativesFile, type StoredUtterance, stories } from './stories.ts';

let server: CompletionServer;
let address: string;

beforeEach(async () => {
  server = new CompletionServer();
  address = await server.start();
});

afterEach(() => server.stop());

/** Waits until the server was asked for the utterances of a character. */
const asked = (name: string) =>
  vi.waitUntil(() => server.requests.some(({ stage, body }) => stage === 'utterances' && body.includes(name)), {
    timeout: 60_000,
  });

const lines = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

const allLines = (folder: string, corpus: 'contextless' | 'contextual') =>
  splitNames.flatMap((split) => lines(readFileSync(join(folder, corpus, `${split}.jsonl`), 'utf8')));

/** Of the stored utterances, by the id that a synthesis gives them. */
const stored = new Map<string, StoredUtterance & { readonly name: string; readonly narrative: string }>(
  stories.flatMap(({ id, characters, utterances }) =>
    characters.flatMap(({ name }, i) =>
      (utterances[name] ?? []).map((own, j) => [`${id}-${i + 1}-${j + 1}`, { ...own, name, narrative: id }] as const),
    ),
  ),
);

describe('with everything that can go wrong', () => {
  beforeEach(() => {
    server.faults = everyFault;
  });

  it('makes the expected corpus byte for byte', async () => {
    const folder = outputFolder();
    const card = await runSynthesis({ address, folder });
    const output = outputIn(folder);
    // After a deliberate change: vitest run test/synthesis/synthesize.test.ts -u, and read what changed.
    for (const [file, content] of Object.entries(output)) {
      await expect(content).toMatchFileSnapshot(join(expectedFolder, file));
    }
    expect(output).toEqual(outputIn(expectedFolder));
    expect(cardSchema.parse(JSON.parse(output['card.json'] ?? ''))).toEqual(card);
  });

  it('leaves nothing out but what it counts', () => {
    const kept = allLines(expectedFolder, 'contextless').map(({ id }) => id);
    // One a fault of `everyFault` that no repair mends, the tide that is told twice, and words that are no emotions.
    const lost = ['ferry-1-2', 'choir-1-4', 'ferry-2-4', 'orchard-1-5', 'choir-1-3', 'ferry-2-10', 'choir-1-10'];
    expect(kept.toSorted()).toEqual([...stored.keys()].filter((id) => !lost.includes(id)).sort());
    const card = cardSchema.parse(JSON.parse(readFileSync(join(expectedFolder, 'card.json'), 'utf8')));
    expect(Object.fromEntries(card.stages.map(({ name, rejected }) => [name, rejected]))).toEqual({
      characters: {},
      utterances: {},
      labels: { refused: 1, schema: 1 },
      context: { malformed: 1, 'too long': 1 },
      clean: { 'emotion named': 1 },
      rewrite: {},
    });
    expect(card.utterances).toEqual({ rated: 38, rejected: { 'near-duplicate': 1, 'no label': 1 }, accepted: 33 });
    expect(card.stages.map(({ repaired }) => repaired)).toEqual([1, 1, 0, 0, 1, 1]);
  });

  it('has in every line what was stored for it', () => {
    const contextual = new Map(allLines(expectedFolder, 'contextual').map((line) => [line.id, line]));
    for (const line of allLines(expectedFolder, 'contextless')) {
      const own = stored.get(line.id);
      expect(line).toMatchObject({
        text: own?.text,
        ambiguous: own?.ambiguous,
        context: own?.clean,
        character: own?.name,
        narrative: own?.narrative,
      });
      const known = Object.entries(own?.emotions ?? {}).filter(([name]) => emotions.some((other) => other === name));
      expect(line.emotions).toMatchObject(Object.fromEntries(known));
      const [label, strongest] = Object.entries<number>(line.emotions)[0] ?? [];
      expect([label, strongest]).toEqual([line.label, Math.max(...Object.values<number>(line.emotions))]);
      const { ambiguous, text, ...rest } = line;
      expect(contextual.get(line.id)).toEqual({ ...rest, text: ambiguous, utterance: text });
    }
  });

  it('counts the tokens of each call once, repaired ones too', async () => {
    const card = await runSynthesis({ address, folder: outputFolder() });
    const bodies = new Set(server.requests.filter(({ status }) => status === 200).map(({ body }) => body));
    const words = [...bodies].flatMap((body) =>
      JSON.parse(body).messages.map(({ content }: { content: string }) => content.split(/\s+/).length),
    );
    expect(card.usage.promptTokens).toBe(words.reduce((sum, n) => sum + n, 0));
    expect(card.usage.cost).toBeCloseTo((card.usage.promptTokens + 3 * card.usage.completionTokens) / 1e6, 6);
    // The one that was too long was answered, by a refusal.
    expect(card.usage).toMatchObject({ calls: bodies.size + 1, uncounted: 0 });
  });

  it('asks nothing again in a second run', async () => {
    const folder = outputFolder();
    await runSynthesis({ address, folder });
    const made = server.requests.length;
    await runSynthesis({ address, folder });
    expect(server.requests).toHaveLength(made);
    expect(outputIn(folder)).toEqual(outputIn(expectedFolder));
  });

  it('asks again only for what is damaged', async () => {
    const folder = outputFolder();
    await runSynthesis({ address, folder });
    const made = server.requests.length;
    const [first] = storedRequestFiles(folder);
    writeFileSync(first ?? '', '{"completion": {"cont');
    await runSynthesis({ address, folder });
    expect(server.requests).toHaveLength(made + 1);
    expect(outputIn(folder)).toEqual(outputIn(expectedFolder));
  });

  it('sends the key and writes it nowhere', async () => {
    const folder = outputFolder();
    await runSynthesis({ address, folder, key: serverKey });
    expect(server.requests.every(({ authorization }) => authorization === `Bearer ${serverKey}`)).toBe(true);
    const written = storedRequestFiles(folder).map((file) => readFileSync(file, 'utf8'));
    const everything = [...Object.values(outputIn(folder)), ...written].join('\n');
    expect(everything).not.toContain(serverKey);
    expect(everything).not.toContain(address);
    expect(outputIn(folder)).toEqual(outputIn(expectedFolder));
  });
});

describe('the corpus', () => {
  it.each([1, 3, 32])('is the same with %i calls at a time, answered in any order', async (concurrency) => {
    server.latencySeed = concurrency;
    server.faults = everyFault.filter(({ answers, stage }) => answers || stage === 'context');
    const folder = outputFolder();
    await runSynthesis({ address, folder, concurrency });
    expect(outputIn(folder)).toEqual(outputIn(expectedFolder));
  });

  it('is read by a sweep, without contexts and with them', async () => {
    const load = (source: string) => loadCorpus(dataSchema.parse({ source }), { dataFolder: '' });
    const plain = await load(join(expectedFolder, 'contextless'));
    expect(plain.labelNames).toEqual([...emotions]);
    const contextual = await load(`${join(expectedFolder, 'contextual')}+context`);
    const sizes = splitNames.map((split) => plain[split].texts.length);
    expect(sizes.reduce((sum, n) => sum + n, 0)).toBe(33);
    for (const [i, split] of splitNames.entries()) {
      expect(contextual[split].texts).toHaveLength(sizes[i] ?? 0);
      expect(contextual[split].contexts).toHaveLength(sizes[i] ?? 0);
      expect(contextual[split].texts).not.toEqual(plain[split].texts);
    }
  });

  it('is read with its soft labels and its characters', async () => {
    const own = { labelling: 'soft' };
    const source = join(expectedFolder, 'contextless');
    const corpus = await loadCorpus(dataSchema.parse({ source, own }), { dataFolder: '' });
    const expected = lines(readFileSync(join(source, 'train.jsonl'), 'utf8'));
    expect(corpus.train.characters).toEqual(expected.map(({ character }) => character));
    const strengths = expected.flatMap((line) => emotions.map((emotion) => Math.fround(line.emotions[emotion] ?? 0)));
    expect([...(corpus.train.strengths ?? [])]).toEqual(strengths);
    expect([...corpus.train.labels]).toEqual(expected.map(({ label }) => emotions.indexOf(label)));
  });

  it.each(['object', 'none'] as const)('is the same with structured output by %s', async (structured) => {
    const folder = outputFolder();
    server.faults = everyFault.filter(({ answers, stage }) => answers || stage === 'context');
    await runSynthesis({ address, folder, options: { structured } });
    const expected = structured === 'object' ? { type: 'json_object' } : undefined;
    for (const { body } of server.requests) expect(JSON.parse(body).response_format).toEqual(expected);
    for (const corpus of ['contextless', 'contextual'] as const) {
      expect(allLines(folder, corpus)).toEqual(allLines(expectedFolder, corpus));
    }
  });
});

describe('requests', () => {
  it('ask for the schema of their stage, with the sampling that was chosen', async () => {
    const sampling = { temperature: 0.7, topP: 0.9, maxTokens: 800, seed: 5 };
    await runSynthesis({ address, folder: outputFolder(), options: sampling });
    for (const { stage, body } of server.requests) {
      expect(JSON.parse(body)).toMatchObject({
        ...{ model: 'story-teller', temperature: 0.7, top_p: 0.9, max_tokens: 800, seed: 5 },
        response_format: { json_schema: { name: stage, strict: true } },
      });
    }
    expect(new Set(server.requests.map(({ stage }) => stage))).toEqual(new Set(stageNames));
  });

  it('are other calls with other sampling', async () => {
    const folder = outputFolder();
    await runSynthesis({ address, folder });
    const made = server.requests.length;
    await runSynthesis({ address, folder, options: { temperature: 0.1 } });
    expect(server.requests).toHaveLength(2 * made);
  });
});

describe('labels', () => {
  it('that were reviewed take no calls but those of the utterances that they bring in', async () => {
    server.faults = everyFault.filter(({ answers, stage }) => answers || stage === 'context');
    const folder = outputFolder();
    await runSynthesis({ address, folder });
    const review = JSON.parse(readFileSync(join(folder, 'labels-to-review.json'), 'utf8'));
    expect(Object.keys(review)).toEqual(['flatness', 'foreboding', 'saudade', 'zugzwang']);
    const made = server.requests.length;
    const map = join(outputFolder(), 'map.json');

    writeFileSync(map, JSON.stringify({ foreboding: 'fear', saudade: 'sadness', zugzwang: null, flatness: null }));
    const card = await runSynthesis({ address, folder, labelMap: map });
    expect(server.requests).toHaveLength(made);
    expect(card.labels.unknown).toEqual([]);
    expect(card.labels.dropped).toEqual({ flatness: 1, zugzwang: 1 });
    expect(card.labels.remapped).toContainEqual({ word: 'foreboding', emotion: 'fear', times: 1 });

    writeFileSync(map, JSON.stringify({ ...review, flatness: 'neutral', zugzwang: 'nervousness' }));
    expect((await runSynthesis({ address, folder, labelMap: map })).utterances.accepted).toBe(34);
    expect(server.requests.slice(made).map(({ stage }) => stage)).toEqual(['context', 'clean', 'rewrite']);
  });
});

describe('a rewriting', () => {
  /** The same one for utterances of one round and of another, almost the same for one more. */
  const alike = [
    { id: 'ferry-1-1', utterance: 'Put that lamp down or you will burn the whole house.' },
    { id: 'ferry-2-3', utterance: 'Put that lamp down or you will burn the whole house.' },
    { id: 'orchard-1-9', utterance: "Put the lamp down, you'll burn the whole house." },
  ];

  beforeEach(() => {
    server.faults = alike.map(({ id, utterance }) => ({
      stage: 'rewrite',
      about: stored.get(id)?.text ?? '',
      answers: [{ content: JSON.stringify({ utterance }) }],
    }));
  });

  it.each([1, 32])('that is like an earlier one is rejected, with %i calls at a time', async (concurrency) => {
    server.latencySeed = concurrency;
    const folder = outputFolder();
    const card = await runSynthesis({ address, folder, concurrency });
    expect(card.utterances.rejected['near-duplicate rewriting']).toBe(2);
    for (const corpus of ['contextless', 'contextual'] as const) {
      const ids = allLines(folder, corpus).map(({ id }) => id);
      expect(alike.map(({ id }) => ids.includes(id))).toEqual([true, false, false]);
      expect(ids).toHaveLength(card.utterances.accepted);
    }
    const { rated, rejected, accepted } = card.utterances;
    expect(accepted + Object.values(rejected).reduce((sum, n) => sum + n, 0)).toBe(rated);
  });

  it('may be like another above the limit that was set', async () => {
    const card = await runSynthesis({ address, folder: outputFolder(), options: { maxSimilarity: 0.9999 } });
    // Only the one that is the same.
    expect(card.utterances.rejected['near-duplicate rewriting']).toBe(1);
  });
});

describe('a quota', () => {
  const favourites = ['admiration', 'amusement', 'anger', 'annoyance', 'approval', 'caring', 'confusion', 'curiosity'];
  const rare = emotions.filter((emotion) => emotion !== 'neutral' && !favourites.includes(emotion));

  it('is kept, and later rounds ask for the scarcest classes', async () => {
    const folder = outputFolder();
    const card = await runSynthesis({ address, folder, options: { quota: 2 } });
    const strongest = new Map(card.distribution.map((own) => [own.emotion, own.strongest]));
    expect(Math.max(...strongest.values())).toBe(2);
    expect(card.utterances.rejected.quota).toBeGreaterThan(0);
    const prompts = server.requests.filter(({ stage }) => stage === 'utterances').map(({ body }) => body);
    const [first, second, third] = [prompts[0], prompts[2], prompts[3]].map((body) => JSON.parse(body ?? '{}'));
    expect(first.messages[0].content).not.toContain('still rare');
    // The first story has neither of these, and one of pride.
    expect(second.messages[0].content).toMatch(/still rare in the collection: .*amusement, /);
    expect(second.messages[0].content).not.toMatch(/still rare in the collection: .*pride/);
    expect(third.messages[0].content).toContain('there are enough; avoid them: disappointment');
  });

  it('makes the rare classes grow where the model follows the prompt, and tells what is missing', async () => {
    server.answer = (stage, prompt) => followingAnswer(stage, prompt, favourites);
    const run = async (quota: number | undefined) => {
      const folder = outputFolder();
      const from = server.requests.length;
      const options = { maxSimilarity: 1, ...(quota !== undefined && { quota }) };
      const card = await runSynthesis({ address, folder, options });
      const rated = server.requests.slice(from).filter(({ stage }) => stage === 'labels').length;
      const strongest = new Map<string, number>(card.distribution.map((own) => [own.emotion, own.strongest]));
      return { card, strongest, rated, readme: outputIn(folder)['README.md'] };
    };
    const [free, steered] = [await run(undefined), await run(3)];
    // Three characters in each of three rounds: the second and the third round ask for eight rare classes each.
    expect(rare.map((emotion) => free.strongest.get(emotion))).toEqual(rare.map(() => 0));
    expect(rare.map((emotion) => steered.strongest.get(emotion))).toEqual(rare.map((_, i) => (i < 16 ? 3 : 0)));
    expect(favourites.map((emotion) => free.strongest.get(emotion))).toEqual(favourites.map(() => 9));
    expect(favourites.map((emotion) => steered.strongest.get(emotion))).toEqual(favourites.map(() => 3));

    expect(free.card.quota).toBeUndefined();
    expect(free.readme).not.toContain('the quota');
    const below = rare.slice(16).map((emotion) => ({ emotion, missing: 3 }));
    expect(steered.card).toMatchObject({ complete: true, quota: { below, unrated: 12 } });
    expect(steered.readme).toContain(
      'Below the quota of 3: remorse by 3, sadness by 3, surprise by 3. More narratives',
    );
    expect(steered.readme).toContain('Of neutral utterances 12 were not rated');
    // Ten of each character, and without the neutral ones of the rounds after the first.
    expect([free.rated, steered.rated]).toEqual([9 * 10, 9 * 10 - 12]);
    expect(steered.card.utterances).toEqual({ rated: 78, rejected: { quota: 3 }, accepted: 75 });
  });

  it('that is not reached is filled further by more narratives, which ask nothing again', async () => {
    server.answer = (stage, prompt) => followingAnswer(stage, prompt, favourites);
    const folder = outputFolder();
    const options = { maxSimilarity: 1, quota: 3, round: 2 };
    const missing = (card: Card) => card.quota?.below.map(({ emotion }) => emotion);
    expect(missing(await runSynthesis({ address, folder, options }))).toEqual(rare.slice(8));
    const narratives = join(outputFolder(), 'more.jsonl');
    const more = ['A kite.', 'A well.'].map((text, i) => JSON.stringify({ id: `more-${i}`, title: text, text }));
    writeFileSync(narratives, readFileSync(narrativesFile, 'utf8').trimEnd().concat('\n', more.join('\n')));
    expect(missing(await runSynthesis({ address, folder, narratives, options }))).toEqual(rare.slice(16));
    const bodies = server.requests.map(({ body }) => body);
    expect(new Set(bodies).size).toBe(bodies.length);
  });

  it('that all classes have reached ends the synthesis', async () => {
    const texts = [...stored.values()].filter(({ narrative }) => narrative !== 'orchard').map(({ text }) => text);
    // The tide is told twice.
    const different = texts.filter((text) => !text.startsWith("High water's"));
    server.faults = different.map((about, i) => ({
      stage: 'labels',
      about,
      answers: [{ content: JSON.stringify({ emotions: [{ emotion: emotions[i % 28], expressiveness: 1 }] }) }],
    }));
    const card = await runSynthesis({ address, folder: outputFolder(), options: { quota: 1 } });
    expect(card).toMatchObject({ complete: true, narratives: { given: 3, used: 2 }, utterances: { accepted: 28 } });
    expect(card.quota?.below).toEqual([]);
    expect(server.requests.some(({ body }) => body.includes('Grafting'))).toBe(false);
  });
});

describe('a synthesis that ends early', () => {
  it('keeps every answer, and the output of its rounds', async () => {
    const folder = outputFolder();
    server.faults = [{ stage: 'characters', about: 'Grafting', transport: Array(5).fill({ status: 500 }) }];
    const [problem] = await problemsOf(runSynthesis({ address, folder, retries: 1 }));
    expect(problem).toMatchObject({ code: 'ENDPOINT_FAILED', given: expect.stringContaining('fault 500') });
    expect(JSON.parse(outputIn(folder)['card.json'] ?? '')).toMatchObject({ complete: false, narratives: { used: 2 } });
    expect(outputIn(folder)['README.md']).toContain('Not complete');
    const before = storedRequests(folder);
    const made = server.requests.length;
    server.faults = [];
    await runSynthesis({ address, folder });
    for (const { body } of server.requests.slice(made)) expect(before.has(requestIn(body))).toBe(false);
  });

  it('stops when it is told to', async () => {
    const interrupt = new AbortController();
    server.faults = [{ stage: 'utterances', about: 'Aurel', transport: ['hang'] }];
    const run = runSynthesis({ address, folder: outputFolder(), signal: interrupt.signal });
    const outcome = expect(run).rejects.toThrow('enough');
    await asked('Aurel');
    interrupt.abort(new Error('enough'));
    await outcome;
  });

  it('is refused where another one writes', async () => {
    const folder = outputFolder();
    server.faults = [{ stage: 'utterances', about: 'Aurel', transport: Array(20).fill('hang') }];
    const interrupt = new AbortController();
    const first = runSynthesis({ address, folder, signal: interrupt.signal }).catch(() => {});
    await asked('Aurel');
    const [problem] = await problemsOf(runSynthesis({ address, folder }));
    expect(problem?.code).toBe('SYNTHESIS_RUNNING');
    interrupt.abort();
    await first;
  });
});

/**
 * What a model answers that takes all of its eight emotions from those that the prompt calls rare, as far as there are
 * eight, and else its favourites. Every utterance begins with its emotion, by which it is rated.
 */
function followingAnswer(stage: string, prompt: string, favourites: readonly string[]): string {
  const plot = prompt.split('\n').find((line) => line.startsWith('## Plot')) ?? '';
  const utterance = section(prompt, 'Utterance');
  switch (stage) {
    case 'characters':
      return JSON.stringify({ characters: ['Ada', 'Ben', 'Cid'].map((name) => ({ name, description: 'Somebody.' })) });
    case 'utterances': {
      const rare = /still rare in the collection: (.*?)\. Take/.exec(prompt)?.[1]?.split(', ') ?? [];
      const text = (emotion: string, i: number) => `${emotion} ${i} of ${characterIn(prompt)}, ${plot.slice(8)}`;
      const eight = [...rare, ...favourites].slice(0, 8);
      return JSON.stringify({
        emotional: eight.map((emotion, i) => ({ emotion, text: text(emotion, i) })),
        neutral: [8, 9].map((i) => text('neutral', i)),
      });
    }
    case 'labels':
      return JSON.stringify({ emotions: [{ emotion: utterance.split(' ')[0], expressiveness: 1 }] });
    case 'clean':
      return JSON.stringify({ context: 'It was noon.' });
    default:
      return JSON.stringify(stage === 'context' ? { context: 'It was noon.' } : { utterance: `Well, ${utterance}` });
  }
}

/** The files of the calls. */
function storedRequestFiles(folder: string): string[] {
  return readdirSync(join(folder, 'calls'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.json'))
    .map((file) => join(folder, 'calls', file));
}
