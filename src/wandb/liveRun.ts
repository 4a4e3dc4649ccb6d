import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { forkTypeScript } from '../forkTypeScript.ts';
import { jsonObject, strictJson } from './items.ts';
import type { FromLive, LiveSetup, ToLive } from './liveProtocol.ts';
import { RecordLogReader } from './recordLog.ts';
import type { Relay } from './relay.ts';

/** Beyond these the SDK blocks its process and drops rows. */
const rowsPerSecond = 500;
const mostOutstanding = 5000;

/**
 * A run as @wandb/sdk shows it while it goes on, in a process of its own. Rows come from the run's log, no faster than the
 * SDK can take them, and so wait on the disk. What became of them is known from the relay; what did not arrive is uploaded
 * from the log at the end.
 */
export class LiveRun {
  readonly #process: ChildProcess;
  readonly #reader: RecordLogReader;
  readonly #forget: () => void;
  /** Of rows on their way, by their places. */
  readonly #lines = new Map<number, string>();
  readonly #arrived = new Map<number, number>();
  #isOver = false;
  #sent = 0;
  #rows = 0;
  #allowance = rowsPerSecond;
  #refilledAt = performance.now();

  private constructor(child: ChildProcess, log: string, relay: Relay, runId: string) {
    this.#process = child;
    this.#reader = new RecordLogReader(log);
    this.#forget = relay.follow(runId, {
      line: (place) => this.#lines.get(place),
      onArrival: ({ offset, count }) => {
        this.#arrived.set(offset, count);
        for (let place = offset; place < offset + count; place++) this.#lines.delete(place);
        for (let more = this.#arrived.get(this.#rows); more; more = this.#arrived.get(this.#rows)) {
          this.#arrived.delete(this.#rows);
          this.#rows += more;
        }
      },
    });
  }

  /** Starts the process; undefined if the SDK is not ready in `deadline` milliseconds. */
  static async start(
    setup: Omit<LiveSetup, 'baseUrl' | 'token'>,
    log: string,
    relay: Relay,
    deadline: number,
  ): Promise<LiveRun | undefined> {
    const child = forkTypeScript(new URL('liveProcess.ts', import.meta.url), {
      stdio: 'ignore',
      // The variables of W&B's client would change what the SDK does, and hold the key.
      env: Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('WANDB_'))),
    });
    const live = new LiveRun(child, log, relay, setup.runId);
    live.#tell({ type: 'setup', setup: { ...setup, baseUrl: relay.url, token: relay.token } });
    if (await live.#hear('ready', deadline)) return live;
    live.kill();
    return undefined;
  }

  /** Rows that have arrived, from the first one without a gap. */
  get arrived(): number {
    return this.#rows;
  }

  /** Hands over rows that the log holds by now. */
  pump(): void {
    const now = performance.now();
    this.#allowance = Math.min(rowsPerSecond, this.#allowance + (rowsPerSecond * (now - this.#refilledAt)) / 1000);
    this.#refilledAt = now;
    const room = Math.min(Math.floor(this.#allowance), mostOutstanding - (this.#sent - this.#rows));
    if (room <= 0) return;
    const rows: Record<string, unknown>[] = [];
    for (const record of this.#reader.read()) {
      if (record.history) {
        const line = jsonObject(record.history.item);
        this.#lines.set(this.#sent + rows.length, line);
        rows.push(JSON.parse(strictJson(line)));
      }
      if (rows.length === room) break;
    }
    if (rows.length > 0) this.#tell({ type: 'rows', rows });
    this.#sent += rows.length;
    this.#allowance -= rows.length;
  }

  /**
   * Ends the SDK's run, with what it can still take, in `deadline` milliseconds or not at all. An upload brings the rest
   * sooner than the SDK would.
   */
  async finish(exitCode: number, deadline: number): Promise<void> {
    this.pump();
    this.#tell({ type: 'finish', exitCode });
    await this.#hear('finished', deadline);
    this.kill();
  }

  kill(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#process.kill('SIGKILL');
    this.#forget();
    this.#reader.close();
  }

  /** Whether the SDK's process is there. */
  get isAlive(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  #tell(message: ToLive): void {
    if (this.#process.connected) this.#process.send(message, () => {});
  }

  /** Whether the process says so in time. */
  async #hear(expected: FromLive['type'], deadline: number): Promise<boolean> {
    if (!this.isAlive) return false;
    const giveUp = new AbortController();
    const said = async () => {
      for (;;) {
        const [message] = (await once(this.#process, 'message', { signal: giveUp.signal })) as [FromLive];
        if (message.type === expected) return true;
      }
    };
    const gone = once(this.#process, 'exit', { signal: giveUp.signal }).then(() => false);
    const late = setTimeout(deadline, false, { signal: giveUp.signal });
    const races = [said(), gone, late];
    try {
      return await Promise.race(races);
    } catch {
      return false;
    } finally {
      giveUp.abort();
      await Promise.allSettled(races);
    }
  }
}
