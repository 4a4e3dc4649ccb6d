import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { emotions } from '../../src/data/emotions.ts';
import { loadLabelMap, mapEmotions } from '../../src/synthesis/labelMap.ts';
import { problemsOf } from '../data/problems.ts';
import { temporaryFolder } from '../data/temporaryFolder.ts';

const rate = (ratings: Record<string, number>) =>
  Object.entries(ratings).map(([emotion, expressiveness]) => ({ emotion, expressiveness }));

describe('the map of the project', () => {
  it('has a word for every emotion, none of the taxonomy, each once and in alphabetical order', async () => {
    const map = await loadLabelMap(undefined);
    expect(new Set(map.values())).toEqual(new Set(emotions));
    const words = Object.keys(
      JSON.parse(readFileSync(new URL('../../src/synthesis/labelMap.json', import.meta.url), 'utf8')),
    );
    expect(words.length).toBeGreaterThanOrEqual(150);
    expect(words).toEqual(words.toSorted());
    expect([...map.keys()]).toEqual(words);
  });

  it.each([
    ['happiness', 'joy'],
    ['shame', 'embarrassment'],
    ['guilt', 'remorse'],
    ['anxiety', 'nervousness'],
    ['hope', 'optimism'],
    ['realisation', 'realization'],
  ])('takes %s to %s', async (word, emotion) => {
    expect((await loadLabelMap(undefined)).get(word)).toBe(emotion);
  });
});

describe('a map of the user', () => {
  const load = async (map: unknown) =>
    loadLabelMap(join(await temporaryFolder({ 'map.json': JSON.stringify(map) }), 'map.json'));

  it('extends and overrides', async () => {
    const map = await load({ Saudade: 'sadness', 'matter-of-fact': null, hope: 'desire' });
    expect([map.get('saudade'), map.get('matter of fact'), map.get('hope')]).toEqual(['sadness', null, 'desire']);
    expect(map.get('happiness')).toBe('joy');
  });

  it('is refused with every mistake at once', async () => {
    const problems = await problemsOf(load({ saudade: 'sadnes', Joy: 'love', hope: 'optimism' }));
    expect(problems.map(({ code }) => code)).toEqual(['LABEL_MAP_UNKNOWN_EMOTION', 'LABEL_MAP_REDEFINES_EMOTION']);
    expect(problems[0]?.remedy).toContain('Did you mean "sadness"?');
  });

  it.each([[['joy']], ['joy'], [{ joy: 1 }]])('is refused if it is %j', async (map) => {
    const [problem] = await problemsOf(load(map));
    expect(problem?.code).toBe('LABEL_MAP_INVALID');
  });

  it('is refused if it is not there', async () => {
    const [problem] = await problemsOf(loadLabelMap(join(await temporaryFolder({}), 'none.json')));
    expect(problem?.code).toBe('LABEL_MAP_MISSING');
  });
});

describe('mapEmotions', () => {
  const map = new Map([
    ['fury', 'anger'],
    ['self respect', 'pride'],
    ['irony', null],
  ] as const);

  it('keeps, remaps, drops, and says what it does not know', () => {
    const ratings = rate({ ' Joy. ': 0.2, FURY: 0.9, 'Self-Respect': 0.4, irony: 0.8, saudade: 0.7 });
    expect(mapEmotions(ratings, map)).toEqual({
      emotions: [
        ['anger', 0.9],
        ['pride', 0.4],
        ['joy', 0.2],
      ],
      remapped: ['fury', 'self respect'],
      dropped: ['irony'],
      unknown: ['saudade'],
    });
  });

  it('takes the stronger of two that become the same', () => {
    expect(mapEmotions(rate({ anger: 0.3, fury: 0.6 }), map).emotions).toEqual([['anger', 0.6]]);
    expect(mapEmotions(rate({ fury: 0.3, anger: 0.6 }), map).emotions).toEqual([['anger', 0.6]]);
  });

  it('keeps the five strongest above 0, of equally strong ones the first of the taxonomy', () => {
    const rating = fc.record({
      emotion: fc.constantFrom(...emotions),
      expressiveness: fc.constantFrom(0, 0.25, 0.5, 1),
    });
    fc.assert(
      fc.property(fc.array(rating, { maxLength: 12 }), (ratings) => {
        const expected: [string, number][] = [];
        for (const strength of [1, 0.5, 0.25]) {
          for (const emotion of emotions) {
            const own = ratings.filter((other) => other.emotion === emotion).map((other) => other.expressiveness);
            if (Math.max(...own) === strength) expected.push([emotion, strength]);
          }
        }
        expect(mapEmotions(ratings, map).emotions).toEqual(expected.slice(0, 5));
      }),
    );
  });
});
