import { computed, effect, signal } from '@preact/signals';
import { type ChartTheme, darkTheme, lightTheme } from '../../report/chartTheme.ts';

/** Whether the page is light or dark, or as the system is. */
export const themes = ['system', 'light', 'dark'] as const;
export type Theme = (typeof themes)[number];

const key = 'contrafit-theme';
export const theme = signal<Theme>(stored());

const system = window.matchMedia('(prefers-color-scheme: dark)');
const isSystemDark = signal(system.matches);
system.addEventListener('change', ({ matches }) => {
  isSystemDark.value = matches;
});

const isDark = computed(() => (theme.value === 'system' ? isSystemDark.value : theme.value === 'dark'));

export const chartTheme = computed((): ChartTheme => (isDark.value ? darkTheme : lightTheme));

effect(() => {
  document.documentElement.dataset.theme = isDark.value ? 'dark' : 'light';
  try {
    localStorage.setItem(key, theme.value);
  } catch {
    // A report that is opened as a file may have no storage.
  }
});

function stored(): Theme {
  try {
    return themes.find((name) => name === localStorage.getItem(key)) ?? 'system';
  } catch {
    return 'system';
  }
}
