import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

/** The narratives of these suites, as a file that the command reads. */
export const narrativesFile = fileURLToPath(new URL('completions/narratives.jsonl', import.meta.url));

const utterance = z.strictObject({
  emotion: z.string(),
  text: z.string(),
  emotions: z.record(z.string(), z.number()),
  context: z.string(),
  clean: z.string(),
  ambiguous: z.string(),
});

const completions = z.strictObject({
  characters: z.array(z.strictObject({ name: z.string(), description: z.string() })),
  utterances: z.record(z.string(), z.array(utterance).length(10)),
});

/** An utterance as the model of these suites would write it, in every stage. */
export type StoredUtterance = z.output<typeof utterance>;

/** A narrative with all that the model of these suites says of it. */
export interface Story extends z.output<typeof completions> {
  readonly id: string;
  readonly title: string;
  readonly text: string;
}

/** The three narratives, written for these suites. */
export const stories: readonly Story[] = readFileSync(narrativesFile, 'utf8')
  .trim()
  .split('\n')
  .map((line) => {
    const narrative = z.strictObject({ id: z.string(), title: z.string(), text: z.string() }).parse(JSON.parse(line));
    const file = new URL(`completions/${narrative.id}.json`, import.meta.url);
    return { ...narrative, ...completions.parse(JSON.parse(readFileSync(file, 'utf8'))) };
  });
