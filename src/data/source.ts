/** The three parts of a corpus, in the order in which they are read and reported. */
export const splitNames = ['train', 'validation', 'test'] as const;
export type SplitName = (typeof splitNames)[number];

/** The value for each split. */
export function mapSplits<T>(value: (split: SplitName) => T): Record<SplitName, T> {
  return { train: value('train'), validation: value('validation'), test: value('test') };
}

/** A text with one class. */
export interface Example {
  readonly text: string;
  /** Name of the class. */
  readonly label: string;
  /** What happened up to the moment of the text, where the corpus has it. */
  readonly context?: string;
}

/** What a source holds, before classes are excluded. */
export interface SourceContent {
  readonly name: string;
  /** The taxonomy, in the order that numbers the classes. */
  readonly labelNames: readonly string[];
  readonly splits: Readonly<Record<SplitName, readonly Example[]>>;
  /** Whether the publisher gives no validation texts; otherwise there have to be some. Default false. */
  readonly withoutValidation?: boolean;
  /** Where the texts come from. */
  readonly provenance: string;
  readonly licence: string;
  /** What was left out while reading, counted. */
  readonly notes: readonly string[];
}

/** Where sources look for data that does not come with the project. */
export interface DataPlaces {
  /** Holds a folder for each public dataset, e.g. `goemotions`. */
  readonly dataFolder: string;
}

/**
 * A place that corpora come from. A new one is a file like `embedded.ts` and a line in `corpus.ts`; the suite in
 * test/data/conformance.test.ts then covers it.
 */
export interface CorpusSource {
  /** @throws UserError with every problem of the files, the printed list capped. */
  read(places: DataPlaces): Promise<SourceContent>;
}
