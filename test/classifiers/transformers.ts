import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

/** A Python that has torch, `transformers` and `peft`; without it what needs them is skipped. */
export const transformersPython = process.env.CONTRAFIT_TRANSFORMERS_PYTHON;

interface Answer {
  /** [texts][classes] */
  readonly logits: number[][];
  readonly labels: Readonly<Record<string, string>>;
}

/** What a script beside the goldens, such as golden/classifiers/checkSaved.py, says of a saved model. */
export function askTransformers(
  script: string,
  folders: readonly string[],
  texts: readonly string[],
  scratch: string,
): Answer {
  const file = join(scratch, 'texts.json');
  writeFileSync(file, JSON.stringify(texts));
  const printed = execFileSync(transformersPython ?? 'python3', [script, ...folders, file], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return JSON.parse(printed) as Answer;
}
