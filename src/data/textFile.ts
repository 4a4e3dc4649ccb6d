import { readFile } from 'node:fs/promises';
import { TextDecoder } from 'node:util';
import { type Problem, systemErrorCode } from '../errors.ts';
import type { ProblemList } from './problemList.ts';

const lineFeed = 0x0a;

/**
 * Reads a UTF-8 file, without its byte order mark. Adds to the problems, and returns the empty string, if the file is
 * missing (DATA_MISSING_FILE), unreadable (DATA_UNREADABLE_FILE), not UTF-8 (DATA_NOT_UTF8, once for each bad line), holds
 * zero bytes (DATA_ZERO_BYTE) or a line of more than 16 MB (DATA_LINE_TOO_LONG), or is blank (DATA_EMPTY_FILE).
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
  const odd = oddLines(bytes);
  for (const { line, code, given, expected, remedy } of odd) {
    problems.add({ code, given: `${file}:${line} ${given}`, expected, remedy });
  }
  if (odd.length > 0) return '';
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

/** Longer than any text, and any file of texts that is one line of JSON. */
const longestLine = 16 * 2 ** 20;

/** What is valid UTF-8 and yet no text. */
function oddLines(bytes: Buffer): (Omit<Problem, 'given'> & { readonly line: number; readonly given: string })[] {
  const odd: ReturnType<typeof oddLines> = [];
  const hasZero = bytes.includes(0);
  if (!hasZero && bytes.length <= longestLine) return odd;
  for (let line = 1, begin = 0; begin < bytes.length; line++) {
    const found = bytes.indexOf(lineFeed, begin);
    const end = found === -1 ? bytes.length : found;
    if (hasZero && bytes.subarray(begin, end).includes(0)) {
      odd.push({
        line,
        code: 'DATA_ZERO_BYTE',
        given: 'has a zero byte',
        expected: 'text',
        remedy: 'Check that it is a text file in UTF-8, not in UTF-16; without these bytes: tr -d "\\000".',
      });
    }
    if (end - begin > longestLine) {
      odd.push({
        line,
        code: 'DATA_LINE_TOO_LONG',
        given: `has ${Math.round((end - begin) / 2 ** 20)} MB`,
        expected: `lines of at most ${longestLine / 2 ** 20} MB`,
        remedy: 'Check that the file has line breaks, one text a line.',
      });
    }
    begin = end + 1;
  }
  return odd;
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
