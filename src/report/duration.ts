/** A duration as a person reads it: `0.4 s`, `45 s`, `3 min 05 s`, `2 h 04 min`. */
export function formatDuration(seconds: number): string {
  if (seconds < 9.95) return `${Number(seconds.toFixed(1))} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const [large, small, units] =
    whole < 3600 ? [whole / 60, whole % 60, ['min', 's']] : [whole / 3600, (whole % 3600) / 60, ['h', 'min']];
  return `${Math.floor(large)} ${units[0]} ${String(Math.floor(small)).padStart(2, '0')} ${units[1]}`;
}
