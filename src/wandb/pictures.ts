import { type ChartSize, chartPng } from '../report/chartImage.ts';
import type { Comparison } from '../report/comparison.ts';
import { type ConfusionMatrix, confusionMatrixChart } from '../report/confusionMatrixChart.ts';
import { tradeOffOf } from '../report/tradeOff.ts';
import { tradeOffChart } from '../report/tradeOffChart.ts';
import type { MediaPicture } from './media.ts';

const tradeOffSize = { width: 900, height: 600 };
/** Room for one class's name and cells, and for what is around them. */
const [perClass, around, least] = [24, 240, 520];

/** Which classes a run takes for which. */
export function confusionMatrixPicture(matrix: ConfusionMatrix, caption: string): MediaPicture {
  const side = Math.max(least, around + perClass * matrix.labelNames.length);
  return picture(confusionMatrixChart({ ...matrix, title: caption }), { width: side + 80, height: side }, caption);
}

/** What each grid point gained, against how far it moved the encoder. */
export function tradeOffPicture(comparison: Comparison): MediaPicture {
  return picture(tradeOffChart(tradeOffOf(comparison)), tradeOffSize, comparison.experiment);
}

function picture(option: Parameters<typeof chartPng>[0], size: ChartSize, caption: string): MediaPicture {
  const png = chartPng(option, size);
  // The pixels stand in the header of the file.
  const view = new DataView(png.buffer, png.byteOffset);
  return { png, width: view.getUint32(16), height: view.getUint32(20), caption };
}
