import { createRequire } from 'node:module';
import type { EChartsOption } from 'echarts';

const require = createRequire(import.meta.url);
// The bundle loads several times faster than echarts/core and the modules that a chart needs, of which there are
// hundreds of small files.
const echarts: typeof import('echarts') = require('echarts/dist/echarts.min');
const { Resvg }: typeof import('@resvg/resvg-js') = require('@resvg/resvg-js');

const fontFamily = 'DejaVu Sans';
/** Fonts that come with the project and no others, so that a picture is the same on every machine. */
const font = {
  loadSystemFonts: false,
  fontFiles: [
    require.resolve('dejavu-fonts-ttf/ttf/DejaVuSans.ttf'),
    require.resolve('dejavu-fonts-ttf/ttf/DejaVuSans-Bold.ttf'),
  ],
  defaultFontFamily: fontFamily,
};

/** Pixels of the picture for each of the chart's: sharp on dense displays and in print. */
const scale = 2;

export interface ChartSize {
  /** In pixels of the chart; the picture has twice as many. */
  readonly width: number;
  readonly height: number;
}

/** Draws a chart on white as a PNG of 2 width × 2 height pixels; equal charts give equal bytes. */
export function chartPng(option: EChartsOption, { width, height }: ChartSize): Uint8Array {
  echarts.setPlatformAPI({ measureText });
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width, height });
  try {
    chart.setOption({ ...option, animation: false, backgroundColor: '#ffffff', textStyle: { fontFamily } });
    const image = new Resvg(chart.renderToSVGString(), { font, fitTo: { mode: 'zoom', value: scale } });
    return image.render().asPng();
  } finally {
    chart.dispose();
  }
}

/** The width of a line of text in a CSS font, which ECharts would guess without a browser. */
function measureText(text: string, cssFont?: string): { width: number } {
  const weight = /\bbold\b/.test(cssFont ?? '') ? 'bold' : 'normal';
  const size = Number(/([\d.]+)px/.exec(cssFont ?? '')?.[1] ?? 12);
  return { width: size * [...text].reduce((total, character) => total + advance(character, weight), 0) };
}

const advances = new Map<string, number>();

/** Whose width ECharts takes for the height of a line. */
const lineHeightProbe = '国';
const lineHeight = 1.17;

/** How far a character moves the pen in a font of size 1. */
function advance(character: string, weight: 'bold' | 'normal'): number {
  if (character === lineHeightProbe) return lineHeight;
  const key = `${weight} ${character}`;
  const known = advances.get(key);
  if (known !== undefined) return known;
  // Between bars, since the box of ink leaves out the space around a character.
  const width = inkWidth(`|${character}|`, weight) - inkWidth('||', weight);
  advances.set(key, width);
  return width;
}

function inkWidth(text: string, weight: 'bold' | 'normal'): number {
  const escaped = [...text].map((character) => `&#${character.codePointAt(0)};`).join('');
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1" xml:space="preserve">
    <text font-family="${fontFamily}" font-weight="${weight}" font-size="1">${escaped}</text></svg>`;
  return new Resvg(svg, { font }).getBBox()?.width ?? 0;
}
