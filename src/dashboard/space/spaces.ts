import type { ChildProcess } from 'node:child_process';
import { fastestPrecision, type Precision } from '../../engine/engine.ts';
import { UserError } from '../../errors.ts';
import { forkTypeScript } from '../../forkTypeScript.ts';
import type { Places } from '../../sweep/materials.ts';
import { readRunSummary } from '../../tracking/results.ts';
import type { Answer, FromSpace, Question, ToSpace } from './protocol.ts';

/** Milliseconds after which an engine that nobody asks gives its memory back. */
const idleFor = 300_000;

interface Waiting {
  resolve(answer: Answer): void;
  reject(error: unknown): void;
}

/** Asks encoders, in a process that starts with the first question. */
export class Spaces {
  readonly #places: Places;
  readonly #cacheFolder: string;
  #process: ChildProcess | undefined;
  #precision: Precision | undefined;
  #idle: NodeJS.Timeout | undefined;
  #questions = 0;
  readonly #waiting = new Map<number, Waiting>();

  constructor(places: Places, cacheFolder: string) {
    this.#places = places;
    this.#cacheFolder = cacheFolder;
  }

  /**
   * @param folder of a run that is asked about: its precision is the engine's, where this machine has it
   * @throws UserError what the process says
   */
  async ask<A extends Answer>(folder: string, question: Question): Promise<A> {
    const child = this.#ready(precisionOf(folder));
    const id = this.#questions++;
    const answer = new Promise<Answer>((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
    this.#tell(child, { type: 'question', id, question });
    return (await answer) as A;
  }

  close(): void {
    clearTimeout(this.#idle);
    this.#process?.kill('SIGKILL');
    this.#process = undefined;
  }

  /** An engine keeps its precision for its process's life. */
  #ready(precision: Precision): ChildProcess {
    if (this.#precision !== precision) this.close();
    if (this.#process) return this.#process;
    const child = forkTypeScript(new URL('spaceProcess.ts', import.meta.url), {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.#process = child;
    this.#precision = precision;
    child.on('message', (message: FromSpace) => this.#take(message));
    child.once('exit', () => {
      if (this.#process === child) this.#process = undefined;
      if (this.#process) return;
      for (const { reject } of this.#waiting.values())
        reject(new Error('the process that works with encoders has ended'));
      this.#waiting.clear();
    });
    this.#tell(child, { type: 'setup', setup: { places: this.#places, cacheFolder: this.#cacheFolder, precision } });
    return child;
  }

  #take(message: FromSpace): void {
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.type === 'answer') waiting?.resolve(message.answer);
    else waiting?.reject(message.problems ? new UserError(message.problems) : new Error(message.message));
    clearTimeout(this.#idle);
    if (this.#waiting.size === 0) this.#idle = setTimeout(() => this.close(), idleFor).unref();
  }

  #tell(child: ChildProcess, message: ToSpace): void {
    child.send(message, () => {});
  }
}

function precisionOf(folder: string): Precision {
  const { precision } = readRunSummary(folder).start.engine;
  return precision === 'bfloat16' && fastestPrecision('auto') === 'bfloat16' ? 'bfloat16' : 'float32';
}
