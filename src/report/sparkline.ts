const levels = '▁▂▃▄▅▆▇█';
const notFinite = '×';

/**
 * The course of a series in one line, scaled from its least to its greatest value. Longer series are averaged in
 * equal stretches; a stretch that holds a value that is not finite shows it as `×`.
 *
 * @param width most characters. Default 40.
 */
export function sparkline(values: readonly number[], width = 40): string {
  const length = Math.min(width, values.length);
  const heights = Array.from({ length }, (_, i) => {
    const stretch = values.slice(
      Math.floor((i * values.length) / length),
      Math.floor(((i + 1) * values.length) / length),
    );
    return stretch.reduce((sum, value) => sum + value, 0) / stretch.length;
  });
  const finite = heights.filter(Number.isFinite);
  const least = Math.min(...finite);
  const range = Math.max(...finite) - least;
  return heights
    .map((height) => {
      if (!Number.isFinite(height)) return notFinite;
      const level = range === 0 ? 0 : Math.round(((height - least) / range) * (levels.length - 1));
      return levels[level];
    })
    .join('');
}
