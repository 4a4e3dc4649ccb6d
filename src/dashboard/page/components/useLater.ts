import { useEffect, useState } from 'preact/hooks';

/** What is computed once the page has been painted; undefined until then, and then the latest that there is. */
export function useLater<T>(compute: () => T, dependencies: readonly unknown[]): T | undefined {
  const [value, setValue] = useState<T | undefined>(undefined);
  useEffect(() => {
    const timer = setTimeout(() => setValue(compute()));
    return () => clearTimeout(timer);
  }, dependencies);
  return value;
}
