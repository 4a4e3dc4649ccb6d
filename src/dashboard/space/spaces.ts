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

/** A process with an engine, which keeps its precision for the process's life. */
interface SpaceProcess {
  readonly child: ChildProcess;
  readonly precision: Precision;
  readonly waiting: Map<number, Waiting>;
}

/** Asks encoders, in a process that starts with the first question. */
export class Spaces {
  readonly #places: Places;
  readonly #cacheFolder: string;
  #process: SpaceProcess | undefined;
  #idle: NodeJS.Timeout | undefined;
  #questions = 0;

  constructor(places: Places, cacheFolder: string) {
    this.#places = places;
    this.#cacheFolder = cacheFolder;
  }

  /**
   * @param folder of a run that is asked about: its precision is the engine's, where this machine has it
   * @throws UserError what the process says, and SPACE_BUSY
   */
  async ask<A extends Answer>(folder: string, question: Question): Promise<A> {
    clearTimeout(this.#idle);
    const own = this.#ready(precisionOf(folder));
    const id = this.#questions++;
    const answer = new Promise<Answer>((resolve, reject) => own.waiting.set(id, { resolve, reject }));
    tell(own.child, { type: 'question', id, question });
    return (await answer) as A;
  }

  close(): void {
    clearTimeout(this.#idle);
    this.#process?.child.kill('SIGKILL');
    this.#process = undefined;
  }

  #ready(precision: Precision): SpaceProcess {
    const current = this.#process;
    if (current?.precision === precision) return current;
    if (current && current.waiting.size > 0) throw busy(current.precision);
    this.close();
    const child = forkTypeScript(new URL('spaceProcess.ts', import.meta.url), {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const own: SpaceProcess = { child, precision, waiting: new Map() };
    this.#process = own;
    child.on('message', (message: FromSpace) => this.#take(own, message));
    child.once('exit', () => {
      if (this.#process === own) this.#process = undefined;
      for (const { reject } of own.waiting.values())
        reject(new Error('the process that works with encoders has ended'));
    });
    tell(child, { type: 'setup', setup: { places: this.#places, cacheFolder: this.#cacheFolder, precision } });
    return own;
  }

  #take({ waiting: all }: SpaceProcess, message: FromSpace): void {
    const waiting = all.get(message.id);
    all.delete(message.id);
    if (message.type === 'answer') waiting?.resolve(message.answer);
    else waiting?.reject(message.problems ? new UserError(message.problems) : new Error(message.message));
    if (all.size === 0) this.#idle = setTimeout(() => this.close(), idleFor).unref();
  }
}

function tell(child: ChildProcess, message: ToSpace): void {
  child.send(message, () => {});
}

function busy(precision: Precision): UserError {
  return new UserError({
    code: 'SPACE_BUSY',
    given: 'a run of another precision',
    expected: `the answers in ${precision} that are still computed`,
    remedy: 'Ask again when they are there.',
  });
}

function precisionOf(folder: string): Precision {
  const { precision } = readRunSummary(folder).start.engine;
  return precision === 'bfloat16' && fastestPrecision('auto') === 'bfloat16' ? 'bfloat16' : 'float32';
}
