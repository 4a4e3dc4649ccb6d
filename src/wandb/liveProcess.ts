/**
 * Entry of a process that holds @wandb/sdk for one run. The SDK may hang, throw or end its process; nothing else lives
 * here.
 */
import { wandb } from '@wandb/sdk';
import type { FromLive, LiveSetup, ToLive } from './liveProtocol.ts';

// The SDK logs in its own time; Ctrl-C in a terminal reaches all processes at once, and the parent decides.
process.on('SIGINT', () => {});
process.on('disconnect', () => process.exit());
process.once('message', (message: ToLive) => {
  if (message.type === 'setup') void serve(message.setup);
});

async function serve({ baseUrl, token, entity, project, runId, name, config }: LiveSetup): Promise<void> {
  const settings = { baseUrl, apiKey: token, silent: true };
  const run = await wandb.init({ entity, project, id: runId, name, config, settings });
  // The SDK would end the run as finished: the parent decides that too.
  process.removeAllListeners('SIGINT').on('SIGINT', () => {});
  process.on('message', (message: ToLive) => {
    if (message.type === 'rows') for (const row of message.rows) run.log({ ...row }, Number(row._step));
    if (message.type === 'finish') void run.finish(message.exitCode).then(() => send({ type: 'finished' }));
  });
  send({ type: 'ready' });
}

function send(message: FromLive): void {
  process.send?.(message);
}
