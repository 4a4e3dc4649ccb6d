import { chartTheme } from '../theme.ts';

/** What a chart says of a mark that is pointed at. Drawn on the chart itself: names of runs never become markup. */
export function tooltip() {
  const { paper, ink, axis } = chartTheme.value;
  return {
    renderMode: 'richText' as const,
    confine: true,
    backgroundColor: paper,
    borderColor: axis,
    textStyle: { color: ink, fontSize: 12 },
  };
}
