import { describe, expect, it } from 'vitest';
import { oppositeClasses, placesOf } from '../../src/data/circumplex.ts';
import { emotions } from '../../src/data/emotions.ts';
import { groupings } from '../../src/data/groupings.ts';

const six = ['sadness', 'joy', 'love', 'anger', 'fear', 'surprise'];
const classesOf = {
  emocontext: ['others', 'happy', 'sad', 'angry'],
  iemocap: ['angry', 'happy', 'sad', 'neutral'],
  isear: ['joy', 'fear', 'anger', 'sadness', 'disgust', 'shame', 'guilt'],
  ekman: Object.keys(groupings.ekman),
  sentiment: Object.keys(groupings.sentiment),
};

describe('places', () => {
  it.each([
    ['the 28 emotions', emotions],
    ['six classes', six],
    ...Object.entries(classesOf),
  ])('are known and in range of %s', (_, names) => {
    const { valence, intensity } = placesOf(names);
    expect([valence.length, intensity.length]).toEqual([names.length, names.length]);
    for (const [label, name] of names.entries()) {
      expect(Math.abs(valence[label] as number), name).toBeLessThanOrEqual(1);
      expect(intensity[label], name).toBeGreaterThanOrEqual(0);
      expect(intensity[label], name).toBeLessThanOrEqual(1);
    }
  });

  it.each([
    ['positive', 1],
    ['negative', -1],
    ['ambiguous', 0],
    ['neutral', 0],
  ] as const)('of emotions of a %s sentiment have its sign', (group, sign) => {
    const names = [group, ...groupings.sentiment[group]];
    for (const [i, valence] of placesOf(names).valence.entries()) expect(Math.sign(valence), names[i]).toBe(sign);
  });

  it('of six classes are those of the reference', () => {
    expect(placesOf(six)).toEqual({
      valence: [-0.8, 0.9, 0.8, -0.7, -0.7, 0],
      intensity: [0.3, 0.7, 0.5, 0.9, 0.8, 0.9],
    });
  });

  it('that are given go before those that are known; what is neither is NaN', () => {
    const given = { valence: { joy: 0, weariness: -0.2 }, intensity: { fear: 1 } };
    expect(placesOf(['joy', 'weariness', 'fear', 'constructor'], given)).toEqual({
      valence: [0, -0.2, -0.7, Number.NaN],
      intensity: [0.7, Number.NaN, 1, Number.NaN],
    });
  });
});

describe('opposite classes', () => {
  const product = (pleasant: readonly string[], unpleasant: readonly string[]) =>
    pleasant.flatMap((first) => unpleasant.map((second) => ({ first, second, weight: 1 })));

  it.each([
    ['six classes', six, ['joy', 'love'], ['sadness', 'anger', 'fear']],
    ['ekman', classesOf.ekman, ['joy'], ['anger', 'disgust', 'fear', 'sadness']],
    ['sentiment', classesOf.sentiment, ['positive'], ['negative']],
    ['emocontext', classesOf.emocontext, ['happy'], ['sad', 'angry']],
    ['iemocap', classesOf.iemocap, ['happy'], ['angry', 'sad']],
    ['isear', classesOf.isear, ['joy'], ['fear', 'anger', 'sadness', 'disgust', 'shame', 'guilt']],
    ['the 28 emotions', emotions, groupings.sentiment.positive, groupings.sentiment.negative],
  ] as const)('of %s are the pleasant ones with the unpleasant ones', (_, names, pleasant, unpleasant) => {
    expect(oppositeClasses(names)).toEqual(product(pleasant, unpleasant));
  });

  it.each([
    [['yes', 'no']],
    [['joy', 'love', 'surprise']],
    [['sadness', 'anger']],
    [[]],
  ])('of %j there are none', (names) => {
    expect(oppositeClasses(names)).toEqual([]);
  });
});
