import { splitNames } from '../data/source.ts';
import { expressed } from '../data/strengths.ts';
import { markdownLines } from '../report/markup.ts';
import type { Card } from './card.ts';

/** The card as a README.md for people and the Hugging Face hub, whose metadata stands in front. */
export function cardText(card: Card): string {
  return [
    ...metadata(card),
    '',
    `# ${card.narratives.name}: ${card.utterances.accepted} synthesised utterances`,
    '',
    ...(card.complete ? [] : ['**Not complete: more rounds are to come.**', '']),
    `Utterances of characters of ${card.narratives.used} narratives with soft labels of the 28 emotions of GoEmotions,`,
    `contexts and ambiguous rewritings, made by ${card.options.model} in the manner of Emo Pillars (arXiv 2504.16856) with`,
    '`yarn synthesize`. No person has checked them. The terms of the model and of the narratives apply.',
    '',
    ...files(),
    '',
    ...splitTable(card),
    '',
    '## How it was made',
    '',
    ...settings(card),
    '',
    ...stageTable(card),
    '',
    ...utteranceLines(card),
    '',
    ...promptTable(card),
    '',
    '## Labels',
    '',
    ...distribution(card),
    '',
    ...quotaLines(card),
    ...wordLines(card),
    '',
    '## Diversity',
    '',
    ...diversity(card),
    '',
  ].join('\n');
}

function metadata(card: Card): string[] {
  const present = splitNames.filter((split) => card.splits[split].utterances > 0);
  const config = (name: string) => [
    `- config_name: ${name}`,
    '  data_files:',
    ...present.flatMap((split) => [`  - split: ${split}`, `    path: ${name}/${split}.jsonl`]),
  ];
  return [
    '---',
    ...['language: en', 'task_categories:', '- text-classification'],
    ...['tags:', '- synthetic', '- emotion'],
    ...['configs:', ...config('contextless'), ...config('contextual')],
    '---',
  ];
}

function files(): string[] {
  return [
    '- `contextless/`: `text` is the utterance as it was written first.',
    '- `contextual/`: `text` is the utterance rewritten so that it takes its `context` to know what is felt; the first one is',
    '  `utterance`.',
    '',
    'Each line has `id`, `narrative`, `character`, `context`, `emotions` (at most five with their expressiveness, above 0 and up',
    'to 1) and `label` (the strongest). All utterances of a narrative are in the same split.',
  ];
}

function splitTable({ splits }: Card): string[] {
  return markdownLines({
    titles: ['split', 'narratives', 'utterances'],
    aligns: ['left'],
    rows: splitNames.map((split) => [split, shown(splits[split].narratives), shown(splits[split].utterances)]),
  });
}

function settings({ options, endpoint, narratives, encoder, usage }: Card): string[] {
  const { model, structured, temperature, topP, maxTokens, seed, characters, round, quota, maxSimilarity } = options;
  const byEndpoint = (value: number | undefined) => (value === undefined ? "the endpoint's" : String(value));
  const cost = usage.cost === undefined ? '' : `, at a cost of ${usage.cost}`;
  const uncounted =
    usage.uncounted > 0 ? `, without those of ${shown(usage.uncounted)} calls that the endpoint did not count` : '';
  return [
    `- model: ${model}, ${endpoint} endpoint; structured output by ${structured}`,
    `- temperature ${byEndpoint(temperature)}, top-p ${byEndpoint(topP)}, max tokens ${byEndpoint(maxTokens)}, seed ${byEndpoint(seed)}`,
    `- narratives: ${narratives.used} of ${narratives.given}, SHA-256 \`${narratives.sha256}\``,
    `- characters up to ${characters}, rounds of ${round}, quota ${quota ?? 'none'}`,
    `- near-duplicates: cosine of two utterances, or of two rewritings, above ${maxSimilarity} by ${encoder.name} (${encoder.pooling}, \`${encoder.hash}\`)`,
    `- ${shown(usage.calls)} calls, ${shown(usage.promptTokens)} tokens in and ${shown(usage.completionTokens)} out${uncounted}${cost}`,
  ];
}

function stageTable({ stages }: Card): string[] {
  return markdownLines({
    titles: ['stage', 'questions', 'answered', 'of them repaired', 'rejected'],
    aligns: ['left', 'right', 'right', 'right', 'left'],
    rows: stages.map(({ name, questions, answered, repaired, rejected }) => [
      name,
      ...[questions, answered, repaired].map(shown),
      reasons(rejected),
    ]),
  });
}

function utteranceLines({ utterances: { rated, rejected, accepted } }: Card): string[] {
  const total = Object.values(rejected).reduce((sum, n) => sum + n, 0);
  const why = total === 0 ? '' : ` (${reasons(rejected)})`;
  return [
    `Of ${shown(rated)} rated utterances ${shown(total)} were rejected${why}; ${shown(accepted)} went through all stages.`,
  ];
}

function promptTable({ prompts }: Card): string[] {
  return markdownLines({
    titles: ['prompt', 'version', 'SHA-256'],
    aligns: ['left', 'right', 'left'],
    rows: prompts.map(({ name, version, sha256 }) => [name, String(version), `\`${sha256}\``]),
  });
}

function distribution(card: Card): string[] {
  return markdownLines({
    titles: ['emotion', 'strongest', `at least ${expressed}`],
    aligns: ['left'],
    rows: card.distribution.map(({ emotion, strongest, expressed: own }) => [emotion, shown(strongest), shown(own)]),
  });
}

function quotaLines({ options, quota }: Card): string[] {
  if (!quota) return [];
  const below = quota.below.map(({ emotion, missing }) => `${emotion} by ${shown(missing)}`);
  const few = `Below the quota of ${options.quota}: ${below.join(', ')}. More narratives would be needed to fill these classes.`;
  return [
    below.length > 0 ? few : `Every class has reached the quota of ${options.quota}.`,
    ...(quota.unrated > 0
      ? [`Of neutral utterances ${shown(quota.unrated)} were not rated, their class being full.`]
      : []),
    '',
  ];
}

function wordLines({ labels: { remapped, dropped, unknown } }: Card): string[] {
  const words = remapped.map(({ word, emotion, times }) => `${word} → ${emotion} ${shown(times)}`);
  return [
    `Words outside of the taxonomy that the label map took to it: ${words.join(', ') || 'none'}.`,
    `Words that it drops: ${reasons(dropped) || 'none'}.`,
    ...(unknown.length === 0 ? ['Unknown words: none.'] : unknownWords(unknown)),
  ];
}

function unknownWords(unknown: Card['labels']['unknown']): string[] {
  return [
    'Unknown words, which were dropped, with the nearest name of the taxonomy as a proposal (`labels-to-review.json`):',
    '',
    ...markdownLines({
      titles: ['word', 'times', 'proposal', 'cosine'],
      aligns: ['left', 'right', 'left'],
      rows: unknown.map(({ word, times, proposal, cosine }) => [word, shown(times), proposal, cosine.toFixed(3)]),
    }),
  ];
}

function diversity({ diversity: own }: Card): string[] {
  return markdownLines({
    titles: ['distinct-1', 'distinct-2', 'distinct-3', `self-BLEU-4 (${own.selfBleuSample} texts)`, 'mean cosine'],
    rows: [[own.distinct1, own.distinct2, own.distinct3, own.selfBleu4, own.meanCosine].map((n) => n.toFixed(3))],
  });
}

function reasons(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([reason, n]) => `${reason} ${shown(n)}`)
    .join(', ');
}

function shown(n: number): string {
  return n.toLocaleString('en');
}
