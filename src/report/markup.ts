/** A table as texts. */
export interface MarkupTable {
  readonly titles: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Of each column; default: right for all. */
  readonly aligns?: readonly ('left' | 'right')[];
}

/** The lines of a table in GitHub's Markdown. */
export function markdownLines({ titles, rows, aligns = [] }: MarkupTable): string[] {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [
    line(titles),
    line(titles.map((_, i) => (aligns[i] === 'left' ? '---' : '---:'))),
    ...rows.map((row) => line(row)),
  ];
}

/** A table for LaTeX with the package booktabs. */
export function latexTable({ titles, rows, aligns = [] }: MarkupTable): string {
  const line = (cells: readonly string[]) => `  ${cells.map(latexText).join(' & ')} \\\\`;
  return [
    `\\begin{tabular}{${titles.map((_, i) => (aligns[i] === 'left' ? 'l' : 'r')).join('')}}`,
    '  \\toprule',
    line(titles),
    '  \\midrule',
    ...rows.map(line),
    '  \\bottomrule',
    '\\end{tabular}',
  ].join('\n');
}

/** What LaTeX reads otherwise than it is written. */
const latexCommands: Readonly<Record<string, string>> = {
  '\\': '\\textbackslash{}',
  '{': '\\{',
  '}': '\\}',
  '&': '\\&',
  '%': '\\%',
  $: '\\$',
  '#': '\\#',
  _: '\\_',
  '~': '\\textasciitilde{}',
  '^': '\\textasciicircum{}',
  '±': '$\\pm$',
  Δ: '$\\Delta$',
  λ: '$\\lambda$',
  τ: '$\\tau$',
  '−': '$-$',
  '–': '--',
  '★': '$\\star$',
  '·': '$\\cdot$',
  '→': '$\\rightarrow$',
  '<': '\\textless{}',
  '>': '\\textgreater{}',
  '|': '\\textbar{}',
  // After the end of a row these would belong to it.
  '[': '{[}',
  '*': '{*}',
};

function latexText(text: string): string {
  return text.replace(/[\\{}&%$#_~^±Δλτ−–★·→<>|[*]/g, (character) => latexCommands[character] as string);
}
