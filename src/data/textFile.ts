import { readFile } from 'node:fs/promises';
import { TextDecoder } from 'node:util';
import { systemErrorCode } from '../errors.ts';
import type { ProblemList } from './problemList.ts';

const lineFeed = 0x0a;

/**
 * Reads a UTF-8 file, without its byte order mark. Adds to the problems, and returns the empty string, if the file is
 * missing (DATA_MISSING_FILE), unreadable (DATA_UNREADABLE_FILE), not UTF-8 (DATA_NOT_UTF8, once for each bad line) or
 * blank (DATA_EMPTY_FILE).
 */
export async function readTextFile(file: string, problems: ProblemList): Promise<string> {
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (error) {
    const reason = systemErrorCode(error);
    if (reason === undefined) throw error;
    problems.add(
      reason === 'ENOENT'
        ? {
            code: 'DATA_MISSING_FILE',
            given: `no ${file}`,
            expected: 'the file',
            remedy: 'Put it there, or name another source with --data.',
          }
        : {
            code: 'DATA_UNREADABLE_FILE',
            given: `${file} (${reason})`,
            expected: 'a readable file',
            remedy: 'Check what it is and its permissions.',
          },
    );
    return '';
  }
  const badLines = linesNotUtf8(bytes);
  for (const line of badLines) {
    problems.add({
      code: 'DATA_NOT_UTF8',
      given: `${file}:${line} has bytes that are not UTF-8`,
      expected: 'UTF-8',
      remedy: 'Convert the file, for instance from Latin-1: iconv -f latin1 -t utf-8.',
    });
  }
  if (badLines.length > 0) return '';
  const text = new TextDecoder().decode(bytes);
  if (text.trim() === '') {
    problems.add({
      code: 'DATA_EMPTY_FILE',
      given: `${file} is empty`,
      expected: 'at least one line',
      remedy: 'Fill it, or name another source with --data.',
    });
    return '';
  }
  return text;
}

/** 1-based numbers of the lines that are not UTF-8. A line feed is never part of a longer UTF-8 sequence. */
function linesNotUtf8(bytes: Buffer): number[] {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  if (decodes(decoder, bytes)) return [];
  const bad: number[] = [];
  for (let line = 1, begin = 0; begin < bytes.length; line++) {
    const found = bytes.indexOf(lineFeed, begin);
    const end = found === -1 ? bytes.length : found;
    if (!decodes(decoder, bytes.subarray(begin, end))) bad.push(line);
    begin = end + 1;
  }
  return bad;
}

function decodes(decoder: TextDecoder, bytes: Uint8Array): boolean {
  try {
    decoder.decode(bytes);
    return true;
  } catch (error) {
    if (error instanceof TypeError) return false;
    throw error;
  }
}
