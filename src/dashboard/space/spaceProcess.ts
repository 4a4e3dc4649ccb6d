/** Entry of the process that works with encoders for the dashboard, so that the server always answers. */
import { setPriority } from 'node:os';
import { startEngine } from '../../engine/engine.ts';
import { messageOf, UserError } from '../../errors.ts';
import { Cache } from '../../sweep/cache.ts';
import { Materials } from '../../sweep/materials.ts';
import type { Answer, FromSpace, Question, SpaceSetup, ToSpace } from './protocol.ts';
import { Space } from './space.ts';

/** A third of a worker's share where all cores are at work: who asks waits seconds, and a sweep hardly does. */
const niceness = 5;

setPriority(niceness);
process.on('SIGINT', () => {});
process.on('disconnect', () => process.exit());
let space: Promise<Space> | undefined;
/** One question after the other: an engine computes one thing at a time. */
let turn: Promise<unknown> = Promise.resolve();

process.on('message', (message: ToSpace) => {
  if (message.type === 'setup') {
    space = open(message.setup);
    // Whoever asks is told.
    space.catch(() => {});
    return;
  }
  const { id, question } = message;
  turn = turn.then(() =>
    answer(question).then(
      (found) => send({ type: 'answer', id, answer: found }),
      (error) => send({ type: 'problem', id, ...problemOf(error) }),
    ),
  );
});

async function open({ places, cacheFolder, precision }: SpaceSetup): Promise<Space> {
  const engine = await startEngine({ engine: 'auto', precision, threads: 0 });
  const cache = new Cache(cacheFolder);
  return new Space(engine, new Materials(places, cache), cache);
}

async function answer(question: Question): Promise<Answer> {
  if (!space) throw new Error('a question before the set-up');
  const opened = await space;
  return question.kind === 'map'
    ? opened.map(question.run, question.method)
    : opened.probe(question.runs, question.text);
}

function problemOf(error: unknown): Omit<Extract<FromSpace, { type: 'problem' }>, 'type' | 'id'> {
  if (error instanceof UserError) return { message: error.message, problems: error.problems };
  return { message: messageOf(error) };
}

function send(message: FromSpace): void {
  if (process.connected) process.send?.(message, () => {});
}
