import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { emotions } from '../data/emotions.ts';
import { type SplitName, splitNames } from '../data/source.ts';
import type { Card } from './card.ts';
import { cardText } from './cardText.ts';
import { labelOf, type SynthesisedExample } from './example.ts';
import { writeAtomically } from './writeAtomically.ts';

/** The two corpora of a synthesis, each a folder that a sweep reads as its data. */
const corpusFolders = ['contextless', 'contextual'] as const;

/**
 * Writes what there is so far: both corpora with train.jsonl, validation.jsonl, test.jsonl and labels.txt, the card as
 * card.json and README.md, and labels-to-review.json. A split without utterances has no file.
 *
 * @throws UserError OUTPUT_NOT_WRITABLE
 */
export async function writeOutput(
  folder: string,
  examples: readonly SynthesisedExample[],
  splitOf: ReadonlyMap<string, SplitName>,
  card: Card,
): Promise<void> {
  for (const corpus of corpusFolders) {
    await writeAtomically(join(folder, corpus, 'labels.txt'), `${emotions.join('\n')}\n`);
    for (const part of splitNames) {
      const own = examples.filter(({ narrative }) => splitOf.get(narrative) === part);
      const file = join(folder, corpus, `${part}.jsonl`);
      if (own.length === 0) await rm(file, { force: true });
      else await writeAtomically(file, own.map((example) => `${JSON.stringify(line(example, corpus))}\n`).join(''));
    }
  }
  const proposals = Object.fromEntries(card.labels.unknown.map(({ word, proposal }) => [word, proposal]));
  await writeAtomically(join(folder, 'labels-to-review.json'), `${JSON.stringify(proposals, null, 2)}\n`);
  await writeAtomically(join(folder, 'card.json'), `${JSON.stringify(card, null, 2)}\n`);
  await writeAtomically(join(folder, 'README.md'), cardText(card));
}

function line(example: SynthesisedExample, corpus: (typeof corpusFolders)[number]): Record<string, unknown> {
  const { id, narrative, character, utterance, ambiguous, context, emotions: own } = example;
  return {
    id,
    ...(corpus === 'contextless' ? { text: utterance, ambiguous } : { text: ambiguous, utterance }),
    context,
    character,
    narrative,
    emotions: Object.fromEntries(own),
    label: labelOf(example),
  };
}
