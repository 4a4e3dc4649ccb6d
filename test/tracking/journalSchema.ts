import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';

const file = new URL('../../src/tracking/journal.schema.json', import.meta.url);
const validate = new Ajv2020({ strict: false }).compile(JSON.parse(readFileSync(file, 'utf8')));

/** What the published JSON Schema says against the lines of a journal; nothing if all are as they should be. */
export function schemaProblems(journal: string): string[] {
  const lines = readFileSync(journal, 'utf8').trimEnd().split('\n');
  return lines.flatMap((line, i) =>
    validate(JSON.parse(line)) ? [] : [`line ${i + 1}: ${JSON.stringify(validate.errors)}`],
  );
}
