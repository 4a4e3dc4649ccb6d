import { type StageName, stageNames } from './stages/stage.ts';
import { utterancesEach } from './stages/utterances.ts';

/** A synthesis at one moment. */
export interface SynthesisProgress {
  /** 1-based. */
  readonly round: number;
  readonly rounds: number;
  /** Answers that are there. */
  readonly answers: number;
  /** Answers that are expected in all; a better guess with every round. */
  readonly expected: number;
  /** Calls that were found in the store. */
  readonly kept: number;
  /** Calls that were made now. */
  readonly made: number;
  readonly accepted: number;
  /** Calls that are waiting to be tried again, ever, and the last reason. */
  readonly retries: number;
  readonly retryReason?: string;
  readonly elapsedSeconds: number;
  /** Not there before anything has been measured. */
  readonly remainingSeconds?: number;
}

/** Shows a synthesis to a person. Views never decide anything. */
export interface SynthesisView {
  update(progress: SynthesisProgress): void;
  stop(): void;
}

/** How many answers a synthesis needs of each narrative if nothing is rejected and all have `characters`. */
export function answersExpected(narratives: number, characters: number, acceptedShare = 1): number {
  const utterances = narratives * characters * utterancesEach;
  return Math.round(narratives * (1 + characters) + utterances * (1 + 3 * acceptedShare));
}

/** Counts while a synthesis runs, and tells a view. */
export class ProgressCounter {
  readonly #view: SynthesisView;
  readonly #clock: () => number;
  readonly #startedAt: number;
  readonly #narratives: number;
  readonly #mostCharacters: number;
  readonly #rounds: number;
  readonly #answers: Record<StageName, number>;
  #round = 0;
  #decided = 0;
  #provisional = 0;
  #accepted = 0;
  #kept = 0;
  #made = 0;
  #retries = 0;
  #retryReason: string | undefined;

  /** @param clock milliseconds */
  constructor(
    view: SynthesisView,
    clock: () => number,
    size: { readonly narratives: number; readonly characters: number; readonly rounds: number },
  ) {
    this.#view = view;
    this.#clock = clock;
    this.#startedAt = clock();
    this.#narratives = size.narratives;
    this.#mostCharacters = size.characters;
    this.#rounds = size.rounds;
    this.#answers = Object.fromEntries(stageNames.map((name) => [name, 0])) as Record<StageName, number>;
  }

  beginRound(): void {
    this.#round++;
    this.#tell();
  }

  /** A question has its answer, or is given up. */
  answered(stage: StageName): void {
    this.#answers[stage]++;
    this.#tell();
  }

  called(kept: boolean): void {
    if (kept) this.#kept++;
    else this.#made++;
  }

  /** Of so many utterances so many go on to the stages of contexts. */
  decided(utterances: number, goOn: number): void {
    this.#decided += utterances;
    this.#provisional += goOn;
  }

  finished(accepted: number): void {
    this.#accepted += accepted;
    this.#tell();
  }

  retrying(reason: string): void {
    this.#retries++;
    this.#retryReason = reason;
    this.#tell();
  }

  #tell(): void {
    const { characters, utterances } = this.#answers;
    const answers = stageNames.reduce((sum, name) => sum + this.#answers[name], 0);
    const charactersEach = utterances > 0 && characters > 0 ? utterances / characters : this.#mostCharacters;
    const share = this.#decided > 0 ? this.#provisional / this.#decided : 1;
    const expected = Math.max(answers, answersExpected(this.#narratives, charactersEach, share));
    const elapsedSeconds = (this.#clock() - this.#startedAt) / 1000;
    this.#view.update({
      round: this.#round,
      rounds: this.#rounds,
      answers,
      expected,
      kept: this.#kept,
      made: this.#made,
      accepted: this.#accepted,
      retries: this.#retries,
      ...(this.#retryReason !== undefined && { retryReason: this.#retryReason }),
      elapsedSeconds,
      ...(this.#made > 0 && { remainingSeconds: ((expected - answers) * elapsedSeconds) / this.#made }),
    });
  }
}
