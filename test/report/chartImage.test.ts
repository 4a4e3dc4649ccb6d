import type { EChartsOption } from 'echarts';
import { expect, test } from 'vitest';
import { chartPng } from '../../src/report/chartImage.ts';
import { confusionMatrixChart } from '../../src/report/confusionMatrixChart.ts';

const chart: EChartsOption = {
  title: { text: 'Δemb & <gain> ★', subtext: 'two points' },
  xAxis: {},
  yAxis: {},
  series: [
    {
      type: 'scatter',
      data: [
        [1, 2],
        [3, 4],
      ],
    },
  ],
};

/** Width and height by the header of a PNG. */
function sizeOf(png: Uint8Array): [number, number] {
  const view = new DataView(png.buffer, png.byteOffset);
  return [view.getUint32(16), view.getUint32(20)];
}

test.each([
  { width: 400, height: 300 },
  { width: 901, height: 77 },
])('a PNG with two pixels for each of the chart’s: $width × $height', (size) => {
  const png = chartPng(chart, size);
  expect([...png.subarray(0, 8)]).toEqual([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  expect(sizeOf(png)).toEqual([2 * size.width, 2 * size.height]);
});

test('equal charts give equal bytes, whatever was drawn in between; others give others', () => {
  const size = { width: 400, height: 300 };
  const first = chartPng(chart, size);
  const other = chartPng(confusionMatrixChart({ title: 'other', labelNames: ['a'], truth: [0], predicted: [0] }), size);
  expect(Buffer.from(chartPng(chart, size)).equals(first)).toBe(true);
  expect(Buffer.from(other).equals(first)).toBe(false);
});

test('text is drawn', () => {
  const size = { width: 400, height: 300 };
  const { title: _, ...untitled } = chart;
  expect(Buffer.from(chartPng(chart, size)).equals(chartPng(untitled, size))).toBe(false);
});
