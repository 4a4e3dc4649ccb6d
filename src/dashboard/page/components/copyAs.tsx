import Papa from 'papaparse';
import { useState } from 'preact/hooks';
import { latexTable, type MarkupTable, markdownLines } from '../../../report/markup.ts';
import { downloadText } from './download.ts';

/** A table as it is shown, to be taken elsewhere; made when it is. */
export function CopyAs({ name, table }: { readonly name: string; readonly table: () => MarkupTable }) {
  const [copied, setCopied] = useState('');
  const copy = async (format: string, text: string) => {
    await copyText(text);
    setCopied(`${format} copied`);
  };
  const csv = () => {
    const { titles, rows } = table();
    return Papa.unparse({ fields: [...titles], data: rows.map((row) => [...row]) }, { newline: '\n' });
  };
  return (
    <p class="copy">
      Copy as{' '}
      <button type="button" onClick={() => copy('Markdown', markdownLines(table()).join('\n'))}>
        Markdown
      </button>
      <button type="button" onClick={() => copy('LaTeX', latexTable(table()))}>
        LaTeX
      </button>
      <button type="button" onClick={() => copy('CSV', csv())}>
        CSV
      </button>
      <button type="button" onClick={() => downloadText(`${name}.csv`, 'text/csv', `${csv()}\n`)}>
        CSV file
      </button>{' '}
      <span role="status">{copied}</span>
    </p>
  );
}

/** The clipboard is there on loopback and over HTTPS only; elsewhere a selection is copied. */
export async function copyText(text: string): Promise<void> {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(text);
    return;
  }
  const area = document.createElement('textarea');
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand('copy');
  area.remove();
}
