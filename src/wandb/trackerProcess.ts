/** Entry of the tracker's process, which a sweep starts beside its workers. */
import { Tracker } from './tracker.ts';
import type { FromTracker, ToTracker, TrackerSetup } from './trackerProtocol.ts';

/** Milliseconds to write down what there is when the sweep is gone. */
const orphanPatience = 3000;

let tracker: Tracker | undefined;

// The parent decides when to stop; Ctrl-C in a terminal reaches all processes at once.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});
process.on('disconnect', () => {
  const gone = tracker?.close(orphanPatience) ?? Promise.resolve();
  void gone.catch(() => {}).then(() => process.exit());
});
process.on('message', (message: ToTracker) => {
  switch (message.type) {
    case 'setup':
      start(message.setup);
      break;
    case 'started':
      tracker?.started(message.cell, message.journal, message.pid);
      break;
    case 'output':
      tracker?.output(message.cell, message.text);
      break;
    case 'ended':
      tracker?.ended(message.cell, message.end);
      break;
    case 'found':
      tracker?.found(message.cell, message.journal);
      break;
    case 'close':
      if (!tracker) process.exit();
      void tracker.close(message.patience).then((report) => send({ type: 'closed', report }));
  }
});

function start(setup: TrackerSetup): void {
  const onNotice = (text: string) => send({ type: 'notice', text });
  try {
    tracker = new Tracker(setup, { clock: Date.now, onNotice });
  } catch (error) {
    onNotice(`W&B: ${String(error)}; training goes on without it`);
  }
}

/** Without the sweep there is nobody to tell. */
function send(message: FromTracker): void {
  if (process.connected) process.send?.(message, () => {});
}
