import { z } from 'zod';

/** A text that is not blank, without white space around it. As a refinement, since endpoints differ in the patterns they take. */
export const text = z
  .string()
  .refine((value) => value.trim() !== '', 'a text that is not blank')
  .overwrite((value) => value.trim());
