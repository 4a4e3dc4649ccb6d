import { readFile, writeFile } from 'node:fs/promises';
import { type Problem, systemErrorCode, UserError } from '../errors.ts';

/**
 * What a JSON file of a model's folder holds.
 *
 * @throws UserError ENCODER_CONFIG_INVALID, ENCODER_FILE_MISSING
 */
export async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    if (error instanceof SyntaxError) {
      throw new UserError({
        code: 'ENCODER_CONFIG_INVALID',
        given: `${file} is not JSON: ${error.message}`,
        expected: 'a JSON file',
        remedy: 'Fetch the file again.',
      });
    }
    if (systemErrorCode(error) === 'ENOENT' || systemErrorCode(error) === 'ENOTDIR') {
      throw new UserError(missingFile(file));
    }
    throw error;
  }
}

/** A file of a model's folder that is not there. */
export function missingFile(file: string): Problem {
  return {
    code: 'ENCODER_FILE_MISSING',
    given: `${file} does not exist`,
    expected: 'a Hugging Face folder with config.json, tokenizer.json and model.safetensors (or its shards)',
    remedy: 'Save the model with transformers: model.save_pretrained(folder), tokenizer.save_pretrained(folder).',
  };
}

/** Replaces the file. */
export async function writeJson(file: string, value: unknown): Promise<void> {
  await writeFile(file, `${JSON.stringify(value, null, 2)}\n`);
}
