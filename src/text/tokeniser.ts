import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Tokenizer } from '@huggingface/tokenizers';
import { z } from 'zod';
import { systemErrorCode, UserError } from '../errors.ts';
import { precompiledCharsmap } from './precompiledCharsmap.ts';
import type { TokenSequences } from './tokenSequences.ts';

export interface TokenisedTexts extends TokenSequences {
  /** Number of texts that were cut. */
  readonly truncated: number;
}

export interface Tokeniser {
  /**
   * The ids of `texts` with the special tokens around them. A text of more than `maxLength` tokens is cut before its
   * closing special tokens, as `transformers` does it.
   *
   * @param contexts What precedes each text, as the first of two segments. Where both are too long the context is cut at
   * its beginning, farthest from the text, and the text only where nothing of the context is left. Default: none
   * @param segments `own`: token types as the tokeniser's template gives them; `two`: 0 and 1 whatever it gives
   */
  encode(
    texts: readonly string[],
    maxLength: number,
    contexts?: readonly (string | undefined)[],
    segments?: 'own' | 'two',
  ): TokenisedTexts;
  /** One more than the largest id. */
  readonly vocabularySize: number;
  readonly padId: number;
  /** SHA-256 of the tokeniser's files. */
  readonly hash: string;
}

/** What is used of the package's class, whose own declarations do not resolve under Node's module resolution. */
interface PackageTokenizer {
  encode(
    text: string,
    options?: { text_pair?: string; return_token_type_ids: true },
  ): { ids: number[]; token_type_ids?: number[] };
  token_to_id(token: string): number | undefined;
  get_vocab(): ReadonlyMap<string, number>;
  readonly normalizer: PackageNormalizer | null;
}

/** A step of a text's normalisation, or a sequence of them. */
interface PackageNormalizer {
  readonly config: Normalizer;
  readonly normalizers?: readonly PackageNormalizer[];
  normalize(text: string): string;
}

/** White space in Unicode, and so in the reference implementation, but not in JavaScript. */
const nextLine = '\u0085';

const tokenContent = z.union([z.string(), z.looseObject({ content: z.string() }).transform((token) => token.content)]);

type Normalizer = {
  type: string;
  lowercase?: boolean | undefined;
  precompiled_charsmap?: string | undefined;
  strip_left?: boolean | undefined;
  strip_right?: boolean | undefined;
  normalizers?: Normalizer[] | undefined;
};

const normalizer: z.ZodType<Normalizer> = z.looseObject({
  type: z.string(),
  lowercase: z.boolean().optional(),
  precompiled_charsmap: z.string().optional(),
  strip_left: z.boolean().optional(),
  strip_right: z.boolean().optional(),
  get normalizers() {
    return z.array(normalizer).optional();
  },
});

type PreTokenizer = { type: string; pretokenizers?: PreTokenizer[] | undefined };

const preTokenizer: z.ZodType<PreTokenizer> = z.looseObject({
  type: z.string(),
  get pretokenizers() {
    return z.array(preTokenizer).optional();
  },
});

const tokeniserFile = z.looseObject({
  model: z.looseObject({ vocab: z.unknown() }),
  normalizer: normalizer.nullish(),
  pre_tokenizer: preTokenizer.nullish(),
  padding: z.looseObject({ pad_token: z.string() }).nullish(),
});

const settingsFile = z.looseObject({ pad_token: tokenContent.nullish() });

/**
 * Loads a Hugging Face folder's `tokenizer.json`, with `tokenizer_config.json` where there is one.
 *
 * @throws UserError `TOKENISER_MISSING`, `TOKENISER_INVALID` or `TOKENISER_WITHOUT_PADDING`
 */
export async function loadTokeniser(folder: string): Promise<Tokeniser> {
  const file = join(folder, 'tokenizer.json');
  const [definition, settings] = await Promise.all([
    readOptional(file),
    readOptional(join(folder, 'tokenizer_config.json')),
  ]);
  if (definition === undefined) {
    throw new UserError({
      code: 'TOKENISER_MISSING',
      given: `${folder} has no tokenizer.json`,
      expected: 'a tokeniser in the format of Hugging Face tokenizers',
      remedy: 'Save it with transformers: AutoTokenizer.from_pretrained(name).save_pretrained(folder).',
    });
  }
  const { tokenizer, prepare, padTokens } = parse(file, definition, settings ?? '{}');
  const padId = padTokens.map((token) => tokenizer.token_to_id(token)).find((id) => id !== undefined);
  if (padId === undefined) {
    throw new UserError({
      code: 'TOKENISER_WITHOUT_PADDING',
      given: `${file} has no token for padding`,
      expected: 'a padding token',
      remedy: 'Name one of its tokens as pad_token in tokenizer_config.json.',
    });
  }

  let vocabularySize = 0;
  for (const id of tokenizer.get_vocab().values()) vocabularySize = Math.max(vocabularySize, id + 1);
  const { opening, closing } = specialTokens(tokenizer);
  const hash = createHash('sha256')
    .update(definition)
    .update(settings ?? '')
    .digest('hex');

  return {
    vocabularySize,
    padId,
    hash,
    encode(texts, maxLength, contexts, segments = 'own') {
      if (maxLength <= opening + closing) throw new RangeError(`maxLength ${maxLength} leaves no room for a text`);
      const encodings = texts.map((text, i) => {
        const context = contexts?.[i];
        const options = { return_token_type_ids: true } as const;
        if (context === undefined) return { ...tokenizer.encode(prepare(text), options), ofContext: 0 };
        const first = prepare(context);
        const { ids, token_type_ids: types = [] } = tokenizer.encode(first, { ...options, text_pair: prepare(text) });
        const ofContext = tokenizer.encode(first).ids.length - opening - closing;
        // Templates such as XLM-R's do not tell segments apart; the first ends with the token that closes it.
        const isFirst = (at: number) => at <= opening + ofContext;
        const told = segments === 'two' ? types.map((_, at) => Number(!isFirst(at))) : types;
        return { ids, token_type_ids: told, ofContext };
      });
      const lengths = encodings.map(({ ids }) => Math.min(ids.length, maxLength));
      const offsets = new Int32Array(texts.length + 1);
      for (const [i, length] of lengths.entries()) offsets[i + 1] = (offsets[i] ?? 0) + length;

      const total = offsets.at(-1) ?? 0;
      const result = { ids: new Int32Array(total), typeIds: new Int32Array(total) };
      let truncated = 0;
      for (const [i, { ids, token_type_ids, ofContext }] of encodings.entries()) {
        const excess = Math.max(0, ids.length - maxLength);
        if (excess > 0) truncated++;
        const atBeginning = Math.min(excess, ofContext);
        const textEnd = ids.length - closing - (excess - atBeginning);
        const kept = (values: readonly number[]) =>
          excess > 0
            ? [
                ...values.slice(0, opening),
                ...values.slice(opening + atBeginning, textEnd),
                ...values.slice(ids.length - closing),
              ]
            : values;
        result.ids.set(kept(ids), offsets[i]);
        result.typeIds.set(kept(token_type_ids ?? []), offsets[i]);
      }
      return { ...result, offsets, size: texts.length, truncated };
    },
  };
}

function parse(file: string, definition: string, settings: string) {
  try {
    const parsed = tokeniserFile.parse(JSON.parse(definition));
    const parsedSettings = settingsFile.parse(JSON.parse(settings));
    const tokenizer: PackageTokenizer = new Tokenizer(parsed, parsedSettings);
    if (tokenizer.normalizer) correct(tokenizer.normalizer);
    const lowercases = parsed.normalizer ? hasLowercasing(parsed.normalizer) : false;
    const splitsAtSpaces = parsed.pre_tokenizer ? hasSplitAtSpaces(parsed.pre_tokenizer) : false;
    const named = [parsedSettings.pad_token, parsed.padding?.pad_token, '[PAD]', '<pad>'];
    return {
      tokenizer,
      prepare(text: string): string {
        // JavaScript lowercases a word's last Σ to ς; the reference implementation knows only σ.
        const lowercased = lowercases ? text.replaceAll('Σ', 'σ') : text;
        return splitsAtSpaces ? lowercased.replaceAll(nextLine, ' ') : lowercased;
      },
      padTokens: named.filter((token) => typeof token === 'string'),
    };
  } catch (error) {
    const reason = error instanceof z.ZodError ? z.prettifyError(error) : String(error);
    throw new UserError({
      code: 'TOKENISER_INVALID',
      given: `${file} cannot be read: ${reason}`,
      expected: 'a tokeniser in the format of Hugging Face tokenizers',
      remedy: 'Fetch the file again, or save it again with transformers.',
    });
  }
}

function hasLowercasing({ type, lowercase, normalizers = [] }: Normalizer): boolean {
  return type === 'Lowercase' || (type === 'BertNormalizer' && lowercase !== false) || normalizers.some(hasLowercasing);
}

function hasSplitAtSpaces({ type, pretokenizers = [] }: PreTokenizer): boolean {
  return type === 'WhitespaceSplit' || pretokenizers.some(hasSplitAtSpaces);
}

/** Makes the package's steps of normalisation do what they do in the reference implementation. */
function correct(normalizer: PackageNormalizer): void {
  const { type, precompiled_charsmap, strip_left, strip_right } = normalizer.config;
  // The package does not read the table; in place of it, it has rules close to nmt_nfkc's, which part emoji at their joiners.
  if (type === 'Precompiled') normalizer.normalize = precompiledCharsmap(precompiled_charsmap ?? '');
  if (type === 'Strip') {
    normalizer.normalize = (text) => {
      const begun = strip_left ? text.replace(/^\p{White_Space}+/u, '') : text;
      return strip_right ? begun.replace(/(?<!\p{White_Space})\p{White_Space}+$/u, '') : begun;
    };
  }
  for (const step of normalizer.normalizers ?? []) correct(step);
}

/** How many special tokens precede and follow a text: what an empty text's ids have before and after any text's. */
function specialTokens(tokenizer: PackageTokenizer): { opening: number; closing: number } {
  const frame = tokenizer.encode('').ids;
  const { ids } = tokenizer.encode('a');
  const differs = frame.findIndex((id, i) => id !== ids[i]);
  const opening = differs < 0 ? frame.length : differs;
  return { opening, closing: frame.length - opening };
}

async function readOptional(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
