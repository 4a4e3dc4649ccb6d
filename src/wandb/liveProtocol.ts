/** What the SDK's process is started with. */
export interface LiveSetup {
  /** Of the relay. */
  readonly baseUrl: string;
  /** The relay's, not the user's key. */
  readonly token: string;
  readonly entity: string;
  readonly project: string;
  readonly runId: string;
  readonly name: string;
  /** Values wrapped, as the official clients send them. */
  readonly config: Readonly<Record<string, unknown>>;
}

export type ToLive =
  | { readonly type: 'setup'; readonly setup: LiveSetup }
  | { readonly type: 'rows'; readonly rows: readonly Readonly<Record<string, unknown>>[] }
  | { readonly type: 'finish'; readonly exitCode: number };

export type FromLive = { readonly type: 'ready' } | { readonly type: 'finished' };
