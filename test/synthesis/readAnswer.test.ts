import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readAnswer } from '../../src/synthesis/readAnswer.ts';

const schema = z.object({
  name: z.string().refine((name) => name !== 'Joy', { error: 'another name', params: { reason: 'taken' } }),
  age: z.int().min(1),
});
const read = (content: string, finish = 'stop') => readAnswer({ content, finish }, schema);
const good = '{"name": "Ines", "age": 60}';

describe('readAnswer', () => {
  it.each([
    ['alone', good],
    ['in a fence', `\`\`\`json\n${good}\n\`\`\``],
    ['in sentences', `Here it is: ${good} I hope that helps.`],
    ['behind thoughts with braces', `<think>{"name": "no"} or {…}</think>\n${good}`],
    ['with a field too many', '{"name": "Ines", "age": 60, "mood": "dry"}'],
  ])('takes JSON %s', (_, content) => {
    expect(read(content)).toEqual({ value: { name: 'Ines', age: 60 } });
  });

  it.each([
    ['prose', 'I cannot say.', 'stop', 'malformed', ['It is not JSON.']],
    ['nothing', '', 'stop', 'malformed', ['It is not JSON.']],
    ['half an answer', '{"name": "In', 'length', 'cut off', [expect.stringContaining('briefer')]],
    ['a wrong type', '{"name": "Ines", "age": "old"}', 'stop', 'schema', ['age: expected number, received string.']],
    ['an own reason', '{"name": "Joy", "age": 3}', 'stop', 'taken', ['name: expected another name.']],
    ['both', '{"name": "Joy", "age": 0}', 'stop', 'schema', [expect.anything(), expect.anything()]],
    ['a list', '[1, 2]', 'stop', 'malformed', ['It is not JSON.']],
  ])('tells what is wrong with %s', (_, content, finish, reason, problems) => {
    expect(read(content, finish)).toEqual({ reason, problems });
  });

  it.each([
    ['refusal', 'refused'],
    ['content_filter', 'refused'],
    ['too long', 'too long'],
  ])('asks nothing again after %s', (finish, reason) => {
    expect(read(good, finish)).toEqual({ reason, problems: [] });
  });

  it('takes an answer that is whole although it ended at the limit', () => {
    expect(read(good, 'length')).toHaveProperty('value');
  });
});
