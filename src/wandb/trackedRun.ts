import { existsSync } from 'node:fs';
import type { CellEnd } from '../sweep/observer.ts';
import { JournalFollower } from '../tracking/journalFollower.ts';
import type { Connection } from './connection.ts';
import { LiveRun } from './liveRun.ts';
import type { RunFolder } from './runFolder.ts';
import type { RunIdentity } from './runIdentity.ts';
import { RunLog } from './runLog.ts';
import { SystemMetrics } from './systemMetrics.ts';
import { RunUpload, uploadRun } from './upload.ts';

/** Milliseconds between measurements of the machine, which are a run's signs of life too. */
const signsEvery = 15_000;
/** Milliseconds that the server has to take a run up, or to take a sign of life, and the SDK to end. */
const startDeadline = 15_000;
const signsDeadline = 30_000;
/** A run that is over before the SDK is ready is uploaded at its end. Milliseconds. */
const liveAfter = 2000;
const sdkFinishDeadline = 15_000;

/** A cell at work: its journal becomes W&B's log on the disk, and the log is shown live where there is a server. */
export class TrackedRun {
  readonly #identity: RunIdentity;
  readonly #folder: RunFolder;
  readonly #journalPath: string;
  readonly #pid: number;
  readonly #connection: Connection | undefined;
  readonly #clock: () => number;
  readonly #log: RunLog;
  readonly #system = new SystemMetrics();
  #journal: JournalFollower | undefined;
  readonly #startedAt = performance.now();
  // The first measurement comes early, so that short runs have one too.
  #signsAt = this.#startedAt - signsEvery + liveAfter;
  #triedLive = false;
  /** Lines from before the run is known. */
  readonly #early: { readonly line: string; readonly at: number }[] = [];
  #upload: RunUpload | undefined;
  #live: LiveRun | undefined;
  /** What is done with the log, one after the other: writing a picture takes longer than a tick. */
  #turn: Promise<void> = Promise.resolve();
  /** What is done with the server, one after the other. */
  #network: Promise<unknown> = Promise.resolve();

  /**
   * @param pid the process that computes the cell
   * @param connection undefined: nothing but the log is written
   * @param clock milliseconds since 1970
   */
  constructor(
    identity: RunIdentity,
    folder: RunFolder,
    { journal, pid }: { readonly journal: string; readonly pid: number },
    connection: Connection | undefined,
    clock: () => number,
  ) {
    this.#identity = identity;
    this.#folder = folder;
    this.#journalPath = journal;
    this.#pid = pid;
    this.#connection = connection;
    this.#clock = clock;
    this.#log = new RunLog(identity, folder);
  }

  /** Takes what the journal holds by now, and measures the machine when it is time to. */
  tick(): Promise<void> {
    return this.#inTurn(() => this.#tick());
  }

  async #tick(): Promise<void> {
    await this.#follow(this.#journalPath);
    if (!this.#triedLive && this.#log.hasBegun && performance.now() - this.#startedAt > liveAfter) {
      this.#triedLive = true;
      this.#online((connection) => this.#goLive(connection));
    }
    this.#live?.pump();
    this.#writeEarly();
    if (!this.#log.hasBegun || performance.now() - this.#signsAt < signsEvery) return;
    this.#signsAt = performance.now();
    this.#log.stats(await this.#system.measure(this.#pid), this.#clock());
    // A server that was not there may have come back.
    if (!this.#triedLive) return;
    this.#online(async (connection) => {
      if (!this.#upload) return this.#goLive(connection);
      this.#upload?.arrived(this.#live?.arrived ?? 0);
      await this.#upload?.push(connection.api(signsDeadline), { history: !this.#live?.isAlive });
    });
  }

  /** Adds what the cell's process has printed. */
  output(text: string): void {
    for (const line of text.split('\n')) if (line !== '') this.#early.push({ line, at: this.#clock() });
    this.#writeEarly();
  }

  /** A log begins with what the run is. */
  #writeEarly(): void {
    if (this.#log.hasBegun) for (const { line, at } of this.#early.splice(0)) this.#log.output(line, at);
  }

  /** Ends the log; resolves when the server has all of it or no more can be done now. */
  end(end: CellEnd): Promise<void> {
    return this.#inTurn(() => this.#end(end));
  }

  async #end({ exitCode, line, journal }: CellEnd): Promise<void> {
    // A short run may be over, and its journal in its place, before it was looked at.
    await this.#follow(this.#journal ? this.#journalPath : journal);
    this.#journal?.close();
    this.output(line);
    this.#log.finish(exitCode);
    await this.#network;
    if (this.#live) {
      await this.#live.finish(exitCode, sdkFinishDeadline);
      this.#upload?.arrived(this.#live.arrived);
    }
    this.#upload?.close();
    this.#online((connection) => uploadRun(connection, this.#folder));
    await this.#network;
  }

  /** Ends what runs beside. */
  abandon(): void {
    this.#live?.kill();
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    this.#turn = this.#turn.then(work);
    return this.#turn;
  }

  async #follow(path: string): Promise<void> {
    if (!this.#journal && existsSync(path)) this.#journal = new JournalFollower(path);
    for (const record of this.#journal?.read() ?? []) {
      await this.#log.take(record);
    }
  }

  async #goLive(connection: Connection): Promise<void> {
    const upload = new RunUpload(connection.settings, this.#folder);
    const { entity, project } = await upload.begin(connection.api(startDeadline)).catch((error) => {
      upload.close();
      throw error;
    });
    this.#upload = upload;
    const { runId, name } = this.#identity;
    const setup = { entity, project, runId, name, config: upload.config };
    this.#live = await LiveRun.start(setup, this.#folder.log, await connection.relay(), startDeadline);
  }

  #online(work: (connection: Connection) => Promise<void>): void {
    const connection = this.#connection;
    if (connection) this.#network = this.#network.then(() => connection.attempt(() => work(connection)));
  }
}
