/** ISO 8601 to the minute, as a person reads it; always in UTC. */
export function showTime(iso: string | undefined): string {
  return iso === undefined ? '' : `${iso.slice(0, 10)} ${iso.slice(11, 16)}`;
}
