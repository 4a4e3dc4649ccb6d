import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { latexTable, type MarkupTable, markdownLines } from '../../src/report/markup.ts';

const table: MarkupTable = {
  titles: ['setting', 'macro F1 %'],
  rows: [
    ['original', '50.0'],
    ['weight 10', '61.0 ± 12.7'],
  ],
  aligns: ['left', 'right'],
};

describe('Markdown', () => {
  test('has titles, alignment and rows', () => {
    expect(markdownLines(table)).toEqual([
      '| setting | macro F1 % |',
      '| --- | ---: |',
      '| original | 50.0 |',
      '| weight 10 | 61.0 ± 12.7 |',
    ]);
  });

  test('goes to the right unless said otherwise', () => {
    expect(markdownLines({ titles: ['a', 'b', 'c'], rows: [], aligns: ['left'] })[1]).toBe('| --- | ---: | ---: |');
    expect(markdownLines({ titles: ['a', 'b'], rows: [] })[1]).toBe('| ---: | ---: |');
  });

  test('a bar within a cell does not end it', () => {
    const text = fc.stringMatching(/^[a-z|_*$&%]{0,6}$/);
    fc.assert(
      fc.property(fc.array(fc.tuple(text, text), { maxLength: 4 }), (rows) => {
        const lines = markdownLines({ titles: ['a|b', 'c'], rows });
        // As GitHub reads them: a bar ends a cell unless there is a backslash before it.
        const read = lines.map((line) =>
          line
            .slice(1, -1)
            .split(/(?<!\\)\|/)
            .map((cell) => cell.trim().replaceAll('\\|', '|')),
        );
        expect(lines.every((line) => line.startsWith('| ') && line.endsWith(' |'))).toBe(true);
        expect(read.toSpliced(1, 1)).toEqual([['a|b', 'c'], ...rows]);
      }),
    );
  });
});

describe('LaTeX', () => {
  /** The only cell of the only row. */
  const cell = (text: string) => latexTable({ titles: [''], rows: [[text]] }).split('\n')[4];

  test('is a table of booktabs', () => {
    expect(latexTable(table)).toBe(
      [
        String.raw`\begin{tabular}{lr}`,
        String.raw`  \toprule`,
        String.raw`  setting & macro F1 \% \\`,
        String.raw`  \midrule`,
        String.raw`  original & 50.0 \\`,
        String.raw`  weight 10 & 61.0 $\pm$ 12.7 \\`,
        String.raw`  \bottomrule`,
        String.raw`\end{tabular}`,
      ].join('\n'),
    );
    expect(latexTable({ titles: ['a', 'b'], rows: [] })).toContain('{rr}');
  });

  test.each([
    ['a_b', String.raw`a\_b`],
    ['50 %', String.raw`50 \%`],
    ['R&D', String.raw`R\&D`],
    ['#1 $2', String.raw`\#1 \$2`],
    ['{x}', String.raw`\{x\}`],
    ['~^', String.raw`\textasciitilde{}\textasciicircum{}`],
    ['C:\\{', String.raw`C:\textbackslash{}\{`],
    ['\\input{/etc/passwd}', String.raw`\textbackslash{}input\{/etc/passwd\}`],
    ['a < b > c | d', String.raw`a \textless{} b \textgreater{} c \textbar{} d`],
    ['Δemb λ τ', String.raw`$\Delta$emb $\lambda$ $\tau$`],
    ['−1 – 2 · 3 → ★', String.raw`$-$1 -- 2 $\cdot$ 3 $\rightarrow$ $\star$`],
  ])('%s', (text, expected) => {
    expect(cell(text)).toBe(String.raw`  ${expected} \\`);
  });

  test('what follows the end of a row is no argument of it', () => {
    // \\[ and \\* have a meaning, also with a line break before the second character.
    expect(cell('[1,2]')).toBe(String.raw`  {[}1,2] \\`);
    expect(cell('*')).toBe(String.raw`  {*} \\`);
    expect(latexTable({ titles: ['[a]'], rows: [['x'], ['[b]']] })).not.toMatch(/\\(?:\\|toprule|midrule)\s*[[*]/);
  });

  test('whatever the texts, there are as many cells and rows, and the braces close', () => {
    const text = fc.stringMatching(/^[a-z\\{}&%$#_~^[\]*|<>±]{0,8}$/);
    fc.assert(
      fc.property(fc.array(fc.tuple(text, text, text), { maxLength: 4 }), (rows) => {
        const lines = latexTable({ titles: ['a', 'b', 'c'], rows }).split('\n');
        expect(lines).toHaveLength(rows.length + 6);
        for (const line of lines.slice(4, -2)) {
          expect(line.endsWith(' \\\\')).toBe(true);
          const bare = line.slice(0, -3).replace(/\\[{}&%$#_]/g, '');
          expect(bare.split('&')).toHaveLength(3);
          expect(bare).not.toMatch(/[%#_~^<>|]|\\\\/);
          expect(bare.split('{')).toHaveLength(bare.split('}').length);
          expect(bare.split('$').length % 2).toBe(1);
        }
      }),
    );
  });
});
