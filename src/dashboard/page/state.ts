import { computed, type ReadonlySignal, signal } from '@preact/signals';

/**
 * What the page shows, kept behind the `#` of its address: whoever opens a link sees the same. A report that is opened as a
 * file can keep it nowhere else.
 */
const address = signal(new URLSearchParams(location.hash.slice(1)));
window.addEventListener('hashchange', () => {
  address.value = new URLSearchParams(location.hash.slice(1));
});

/** A part of the state. */
export interface Param<T> extends ReadonlySignal<T> {
  set(value: T): void;
  /** The same without a step back. */
  replace(value: T): void;
}

/**
 * A part of the state by its name in the address; its default is not written there.
 *
 * @param isStep whether a change of it is a step that the browser's back button undoes
 */
export function param(name: string, fallback = '', isStep = false): Param<string> {
  return asParam(
    computed(() => address.value.get(name) ?? fallback),
    (value, mayStep) => write({ [name]: value === fallback ? undefined : value }, isStep && mayStep),
  );
}

/** A list, with commas between. */
export function listParam(name: string): Param<readonly string[]> {
  const text = param(name);
  return asParam(
    computed(() => (text.value === '' ? [] : text.value.split(',').map(decoded))),
    (values) => text.set(values.map(encodeURIComponent).join(',')),
  );
}

/** As it is where somebody has changed it by hand. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Anything that JSON holds. */
export function jsonParam<T>(name: string, fallback: T, isValid: (value: unknown) => value is T): Param<T> {
  const text = param(name);
  return asParam(
    computed(() => {
      try {
        const value: unknown = JSON.parse(text.value);
        return isValid(value) ? value : fallback;
      } catch {
        return fallback;
      }
    }),
    (value) => text.set(JSON.stringify(value) === JSON.stringify(fallback) ? '' : JSON.stringify(value)),
  );
}

/** The address of this page with a part of the state changed, to be opened elsewhere. */
export function addressWith(name: string, value: string): string {
  const changed = new URLSearchParams(address.value);
  changed.set(name, value);
  return `${location.href.split('#')[0]}#${changed}`;
}

/** Forgets all of the state but this, as for another experiment. */
export function reset(values: Readonly<Record<string, string>>): void {
  address.value = new URLSearchParams(values);
  history.pushState(null, '', `#${address.value}`);
}

function write(changes: Readonly<Record<string, string | undefined>>, isStep: boolean): void {
  const next = new URLSearchParams(address.peek());
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) next.delete(name);
    else next.set(name, value);
  }
  address.value = next;
  history[isStep ? 'pushState' : 'replaceState'](null, '', `#${next}`);
}

function asParam<T>(value: ReadonlySignal<T>, set: (value: T, mayStep: boolean) => void): Param<T> {
  return Object.assign(value, { set: (next: T) => set(next, true), replace: (next: T) => set(next, false) });
}
