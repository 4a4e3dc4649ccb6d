import type { TitleComponentOption } from 'echarts';

/** Colours of a chart, for light or dark paper. */
export interface ChartTheme {
  readonly paper: string;
  readonly ink: string;
  readonly faintInk: string;
  readonly axis: string;
  readonly grid: string;
  /** What stands out from what is drawn in grey: thresholds, fronts. */
  readonly line: string;
  /** Ordered and told apart by the colour-blind: the plasma colour map without the end that the paper swallows. */
  readonly ramp: readonly [string, ...string[]];
  /** Shares from 0 to 1, and above which of them a text has to be `shadeInk`. */
  readonly shades: readonly string[];
  readonly shadeInk: string;
  /** Things without an order, by Okabe and Ito (2008): told apart by the colour-blind. */
  readonly kinds: readonly [string, ...string[]];
}

export const lightTheme: ChartTheme = {
  paper: '#ffffff',
  ink: '#333333',
  faintInk: '#666666',
  axis: '#999999',
  grid: '#eeeeee',
  line: '#777777',
  ramp: ['#0d0887', '#3a049a', '#5c01a6', '#7e03a8', '#9c179e', '#b52f8c', '#cc4778', '#de5f65', '#ed7953', '#fb9f3a'],
  shades: ['#f3f6fa', '#b9d3ea', '#4a90c4', '#1c64a8', '#08306b'],
  shadeInk: '#ffffff',
  kinds: ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#56b4e9', '#b8860b', '#000000', '#7f6a00'],
};

export const darkTheme: ChartTheme = {
  paper: '#16181d',
  ink: '#e3e5e8',
  faintInk: '#a3a9b3',
  axis: '#767d88',
  grid: '#2a2e36',
  line: '#9aa1ac',
  ramp: ['#a52c9a', '#b83289', '#c94377', '#d85467', '#e56a5b', '#f0804e', '#f89441', '#fcad38', '#fbc63b', '#f0f921'],
  shades: ['#1d2430', '#1f3f63', '#2a6ca3', '#5ca6d8', '#c6e2f7'],
  shadeInk: '#0b0d10',
  kinds: ['#56b4e9', '#e69f00', '#2bc79b', '#e59bc4', '#8fa8ff', '#f0e442', '#ffffff', '#d98a5f'],
};

/** What stands above a chart. */
export interface ChartTitle {
  readonly text: string;
  /** How to read it. */
  readonly note: string;
}

export function chartTitle({ text, note }: ChartTitle, { ink, faintInk }: ChartTheme): TitleComponentOption {
  return {
    text,
    subtext: note,
    left: 20,
    top: 12,
    itemGap: 4,
    textStyle: { fontSize: 18, color: ink },
    subtextStyle: { fontSize: 12, color: faintInk },
  };
}
