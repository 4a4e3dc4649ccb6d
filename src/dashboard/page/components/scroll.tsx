import type { ComponentChildren, Ref } from 'preact';

export interface ScrollProps {
  /** What a screen reader says of it. */
  readonly label: string;
  readonly isTall?: boolean;
  readonly place?: Ref<HTMLElement>;
  readonly children: ComponentChildren;
}

/** What is wider or longer than the page, and can be moved by keyboard too. */
export function Scroll({ label, isTall = false, place = null, children }: ScrollProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard
    <section class={isTall ? 'scroll tall' : 'scroll'} ref={place} tabIndex={0} aria-label={label}>
      {children}
    </section>
  );
}
