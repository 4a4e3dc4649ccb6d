import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Liquid } from 'liquidjs';

/** Says which text a prompt had: part of every call's key and of the data card. */
export interface PromptIdentity {
  readonly name: string;
  readonly version: number;
  /** Of the file. */
  readonly sha256: string;
}

/** A prompt: a Liquid template in the file `prompts/<name>-<version>.md`. */
export interface Prompt {
  readonly identity: PromptIdentity;
  /** The prompt with its variables filled in. @throws if the template has a variable that is not among them. */
  render(variables: Readonly<Record<string, unknown>>): string;
}

const liquid = new Liquid({ strictVariables: true, strictFilters: true });

/** Reads a prompt of this project. A changed text is a new version, with a file of its own. */
export function readPrompt(name: string, version: number): Prompt {
  const text = readFileSync(new URL(`prompts/${name}-${version}.md`, import.meta.url), 'utf8');
  const template = liquid.parse(text);
  return {
    identity: { name, version, sha256: createHash('sha256').update(text).digest('hex') },
    render: (variables) => String(liquid.renderSync(template, { ...variables })).trim(),
  };
}
