import type { Strengths } from './strengths.ts';

/** The three parts of a corpus, in the order in which they are read and reported. */
export const splitNames = ['train', 'validation', 'test'] as const;
export type SplitName = (typeof splitNames)[number];

/** The value for each split. */
export function mapSplits<T>(value: (split: SplitName) => T): Record<SplitName, T> {
  return { train: value('train'), validation: value('validation'), test: value('test') };
}

/** How many classes a text has: one, several, or several of different strength. */
export const labellings = ['single', 'multi', 'soft'] as const;
export type Labelling = (typeof labellings)[number];

/** A text with its class. */
export interface Example {
  readonly text: string;
  /** Name of the class; of several the strongest, of equally strong ones the first of the taxonomy. */
  readonly label: string;
  /** All its classes by name, above 0 and up to 1: how strong they are, 1 in multi-label sources. Not in single-label ones. */
  readonly strengths?: Strengths;
  /** What happened up to the moment of the text, where the corpus has it. */
  readonly context?: string;
  /** Who says it, where the corpus has it. */
  readonly character?: string;
  /** What kind of text it is, where the corpus tells kinds apart, such as `contextual`: scores are given of each too. */
  readonly kind?: string;
}

/** What a source holds, before classes are excluded. */
export interface SourceContent {
  readonly name: string;
  /** The taxonomy, in the order that numbers the classes. */
  readonly labelNames: readonly string[];
  /** Default: single. */
  readonly labelling?: Labelling;
  readonly splits: Readonly<Record<SplitName, readonly Example[]>>;
  /** Whether the publisher gives no validation texts; otherwise there have to be some. Default false. */
  readonly withoutValidation?: boolean;
  /** Where the texts come from. */
  readonly provenance: string;
  readonly licence: string;
  /** What was left out while reading, counted. */
  readonly notes: readonly string[];
}

/** A file of a public dataset, at its publisher's own address. */
export interface PublishedFile {
  /** Its name in the dataset's folder. */
  readonly name: string;
  readonly url: string;
  readonly sha256: string;
  readonly bytes: number;
}

/** A public dataset that its user puts into the data folder, or has fetched by `yarn data get`. */
export interface PublicDataset {
  /** Of its folder in the data folder. */
  readonly folder: string;
  readonly title: string;
  readonly files: readonly string[];
  /** Where its publisher keeps it. */
  readonly publishedAt: string;
  /** What can be fetched; none where no publisher serves the files as they are read. */
  readonly downloads?: readonly PublishedFile[];
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
  /** The public dataset that has to be here; none for what comes with the project or is the user's own. */
  readonly dataset?: PublicDataset;
  /** @throws UserError with every problem of the files, the printed list capped. */
  read(places: DataPlaces): Promise<SourceContent>;
}
