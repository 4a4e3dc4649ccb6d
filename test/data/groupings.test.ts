import { describe, expect, it } from 'vitest';
import { emotions } from '../../src/data/emotions.ts';
import { type GroupingName, groupingOf, groupings } from '../../src/data/groupings.ts';

describe.each(Object.keys(groupings) as GroupingName[])('by %s', (name) => {
  it('puts each emotion into one group', () => {
    const { groups, groupOf } = groupingOf(name);
    const members = Object.values(groupings[name] as Record<string, readonly string[]>).flat();
    expect(members.toSorted()).toEqual([...emotions].sort());
    expect(emotions.every((emotion) => groups.includes(groupOf.get(emotion) ?? ''))).toBe(true);
  });
});
