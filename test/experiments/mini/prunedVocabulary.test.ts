import { describe, expect, it } from 'vitest';
import { pruneVocabulary } from '../../../experiments/mini/prunedVocabulary.ts';

const teacherPieces = [
  '[PAD]',
  '[unused0]',
  '[UNK]',
  '[CLS]',
  '[SEP]',
  'a',
  'b',
  '我',
  '!',
  '##a',
  '##b',
  '##我',
  'ab',
  'ba',
  '##ab',
  'bab',
  '[X]',
  '我我',
  'abab',
];
const teacher = {
  version: '1.0',
  truncation: { max_length: 8 },
  padding: { pad_token: '[PAD]' },
  added_tokens: ['[PAD]', '[UNK]', '[CLS]', '[SEP]'].map((content) => ({
    id: teacherPieces.indexOf(content),
    content,
    special: true,
  })),
  post_processor: {
    type: 'TemplateProcessing',
    special_tokens: {
      '[CLS]': { id: '[CLS]', ids: [3], tokens: ['[CLS]'] },
      '[SEP]': { id: '[SEP]', ids: [4], tokens: ['[SEP]'] },
    },
  },
  model: {
    type: 'WordPiece',
    unk_token: '[UNK]',
    continuing_subword_prefix: '##',
    vocab: Object.fromEntries(teacherPieces.map((piece, id) => [piece, id])),
  },
};
const counts = teacherPieces.map((piece) => ({ ba: 5, '##ab': 7, abab: 5, '[unused0]': 99, '[X]': 99 })[piece] ?? 0);

describe('pruneVocabulary', () => {
  const { definition, teacherIds } = pruneVocabulary(teacher, counts, ['wow 🎈🎈', 'a🎈 🦊'], 15);
  const kept = Object.keys(definition.model.vocab);

  it('keeps special tokens, Latin characters, frequent emoji and the most frequent pieces, in this order', () => {
    expect(kept).toEqual([
      '[PAD]',
      '[UNK]',
      '[CLS]',
      '[SEP]',
      'a',
      'b',
      '!',
      '##a',
      '##b',
      '🎈',
      '##🎈',
      '##ab',
      'ba',
      'abab',
      'ab',
    ]);
    expect(Object.values(definition.model.vocab)).toEqual([...kept.keys()]);
  });

  it('says which of the teacher’s pieces each one is', () => {
    expect(teacherIds.map((id) => teacherPieces[id])).toEqual(
      kept.map((piece) => (piece.endsWith('🎈') ? '[UNK]' : piece)),
    );
  });

  it('renumbers the special tokens wherever the file names them', () => {
    expect(definition.added_tokens.map(({ id, content }) => [id, content])).toEqual([
      [0, '[PAD]'],
      [1, '[UNK]'],
      [2, '[CLS]'],
      [3, '[SEP]'],
    ]);
    expect(definition.post_processor).toEqual({
      type: 'TemplateProcessing',
      special_tokens: {
        '[CLS]': { id: '[CLS]', ids: [2], tokens: ['[CLS]'] },
        '[SEP]': { id: '[SEP]', ids: [3], tokens: ['[SEP]'] },
      },
    });
  });

  it('drops truncation and padding, and keeps the rest of the file', () => {
    expect(definition).toMatchObject({ version: '1.0', truncation: null, padding: null });
  });
});
