import { z } from 'zod';
import { sharesSchema } from './divide.ts';
import { labellings } from './source.ts';
import { expressed } from './strengths.ts';

const column = z.string().min(1);
const strengthsColumn = 'emotions';

/** How a user's own file or folder is to be read. */
export const declarationSchema = z
  .strictObject({
    /** Names of its columns or fields. */
    columns: z
      .strictObject({
        text: column.default('text'),
        /** Of texts that may have several classes it may be absent; where it is there, it has to be one of the strongest. */
        label: column.default('label'),
        /** What happened before the text; may be absent. */
        context: column.default('context'),
        /** Who says the text; may be absent. */
        character: column.default('character'),
        /** The classes of a text that may have several; read for the labellings multi and soft only. */
        strengths: column.default(strengthsColumn),
      })
      .prefault({}),
    /**
     * How many classes a text has. `soft`: an object of strengths above 0 and up to 1 by class, or its JSON in a
     * CSV or TSV; `multi`: the same, of which those are taken that reach the threshold, or a list of names, or names
     * with the separator between. The strongest class is taken in any case; it is what a text counts as where it may be
     * of one class only, of equally strong ones the first of the taxonomy.
     */
    labelling: z.enum(labellings).default('single'),
    /** The least strength of a class of a multi-label text; by default .3, as in Emo Pillars (arXiv 2504.16856). */
    threshold: z.number().gt(0).max(1).default(expressed),
    /** Between the names of a multi-label text. */
    separator: z.string().min(1).default(','),
    /** Names of the classes by their values in the file, e.g. `{ 0: 'negative', 1: 'positive' }`. Default: the values. */
    labels: z.record(z.string(), z.string().min(1)).optional(),
    /**
     * How a single file is divided: by shares of each class, at random but always in the same way for a seed. Texts that
     * are equal stay together. `data.resplit` takes its place.
     */
    split: sharesSchema({ train: 0.8, validation: 0.1, test: 0.1 }).prefault({}),
  })
  .refine(
    (declaration) => {
      const read = columnsRead(declaration);
      return new Set(read).size === read.length;
    },
    { path: ['columns'], error: 'different names of all columns that are read' },
  )
  .refine(({ columns, labelling }) => labelling !== 'single' || columns.strengths === strengthsColumn, {
    path: ['columns', 'strengths'],
    error: 'labelling multi or soft beside it, which alone read it',
  });

export type Declaration = z.output<typeof declarationSchema>;

/** The names of the columns that are read, those that may be absent included. */
export function columnsRead({ columns, labelling }: Pick<Declaration, 'columns' | 'labelling'>): string[] {
  const { strengths, ...others } = columns;
  return labelling === 'single' ? Object.values(others) : [...Object.values(others), strengths];
}
