import { Writable } from 'node:stream';

/**
 * A terminal of a fixed size that keeps what a person would see: enough of ECMA-48 for redrawing in place.
 */
export class FakeTerminal extends Writable {
  readonly isTTY = true;
  columns: number;
  rows: number;
  /** Every line from the first that was ever written; the last `rows` of them are on the screen. */
  readonly #lines: string[][] = [[]];
  #row = 0;
  #column = 0;
  /** How often text ran over the right edge. */
  wraps = 0;
  cursorHidden = false;
  readonly #colours: boolean;

  constructor({ columns = 80, rows = 24, colours = false } = {}) {
    super({ decodeStrings: false });
    this.columns = columns;
    this.rows = rows;
    this.#colours = colours;
  }

  hasColors(): boolean {
    return this.#colours;
  }

  /** What stands on the screen and above it, without trailing blanks. */
  get text(): string {
    return this.#lines
      .map((line) => line.join('').trimEnd())
      .join('\n')
      .trimEnd();
  }

  override _write(chunk: string, _encoding: BufferEncoding, done: () => void): void {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what a terminal obeys
    for (const [token, parameters, command] of chunk.matchAll(/\x1b\[([?\d;]*)([A-Za-z])|./gsu)) {
      if (command === undefined) this.#print(token);
      else this.#obey(command, parameters ?? '');
    }
    done();
  }

  #print(character: string): void {
    if (character === '\n') {
      this.#moveTo(this.#row + 1, 0);
    } else if (character === '\r') {
      this.#column = 0;
    } else {
      if (this.#column === this.columns) {
        this.wraps++;
        this.#moveTo(this.#row + 1, 0);
      }
      const line = this.#lines[this.#row] ?? [];
      while (line.length < this.#column) line.push(' ');
      line[this.#column++] = character;
    }
  }

  #obey(command: string, parameters: string): void {
    const count = Number(parameters || 1);
    if (command === 'A') this.#moveTo(Math.max(this.#row - count, this.#lines.length - this.rows, 0), this.#column);
    else if (command === 'B') this.#moveTo(Math.min(this.#row + count, this.#lines.length - 1), this.#column);
    else if (command === 'G') this.#column = count - 1;
    else if (command === 'K') this.#lines[this.#row]?.splice(parameters === '2' ? 0 : this.#column);
    else if (parameters === '?25') this.cursorHidden = command === 'l';
    else if (command !== 'm' && parameters !== '?2026') throw new Error(`unexpected ESC[${parameters}${command}`);
  }

  #moveTo(row: number, column: number): void {
    this.#row = row;
    this.#column = column;
    while (this.#lines.length <= row) this.#lines.push([]);
  }
}
