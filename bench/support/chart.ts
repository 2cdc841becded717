/** A drawing of what stations cost: SVG, both scales logarithmic, readable on light and on dark ground. */
import type { Result } from './measure.js';

const SIZE = { width: 760, height: 400 };
const PLOT = { left: 56, right: 560, top: 44, bottom: 356 };
/** Half-way between white and black, so that it shows on either. */
const INK = '#7d8590';
const COLOURS = ['#e5534b', '#8a919a', '#3b8ad9', '#5fb0c9', '#3f9f5f', '#b98a1d', '#9a6bc4'];
const LEGEND = { left: 588, top: 56, step: 22 };

interface Line {
  label: string;
  colour: string;
  dashed: boolean;
  points: { stations: number; share: number }[];
}

/** One line for each contestant; another, dashed, where it played different reels. */
function linesOf(results: readonly Result[]): Line[] {
  const names = [...new Set(results.map(({ name }) => name))];
  return names.flatMap((name, i) =>
    (['equal', 'different'] as const).flatMap((files) => {
      const points = results
        .filter((result) => result.name === name && result.files === files)
        .map(({ stations, cpu }) => ({ stations, share: cpu.median / stations }))
        .sort((a, b) => a.stations - b.stations);
      const label = files === 'equal' ? name : `${name}, own reels`;
      return points.length === 0
        ? []
        : [{ label, colour: COLOURS[i % COLOURS.length], dashed: files !== 'equal', points }];
    }),
  );
}

const round = (value: number) => Math.round(value * 10) / 10;

/** Processor time of each contestant by the number of stations, from `Result`s of one run. */
export function playoutChart(results: readonly Result[]): string {
  const lines = linesOf(results);
  const all = lines.flatMap(({ points }) => points);
  const counts = [...new Set(all.map(({ stations }) => stations))].sort((a, b) => a - b);
  const shares = all.map(({ share }) => Math.log10(share));
  const [least, most] = [Math.floor(Math.min(...shares)), Math.ceil(Math.max(...shares))];
  const widest = Math.log10(counts[counts.length - 1] / counts[0]) || 1;
  const x = (stations: number) =>
    round(PLOT.left + (Math.log10(stations / counts[0]) / widest) * (PLOT.right - PLOT.left));
  const y = (share: number) =>
    round(PLOT.bottom - ((Math.log10(share) - least) / (most - least || 1)) * (PLOT.bottom - PLOT.top));

  const out: string[] = [];
  const text = (at: [number, number], words: string, rest = '') =>
    out.push(`<text x="${at[0]}" y="${at[1]}"${rest}>${words}</text>`);
  const stroke = (path: string, colour: string, dashed: boolean) =>
    out.push(`<path d="${path}" stroke="${colour}" stroke-width="2"${dashed ? ' stroke-dasharray="5 4"' : ''}/>`);
  text(
    [PLOT.left, 20],
    'Processor time a station: per cent of one core, by the number of stations',
    ' font-weight="600"',
  );
  for (let power = least; power <= most; power++) {
    const at = y(10 ** power);
    out.push(`<path d="M${PLOT.left} ${at}H${PLOT.right}" stroke-opacity=".3"/>`);
    text([PLOT.left - 8, at + 4], `${Number((100 * 10 ** power).toPrecision(1))} %`, ' text-anchor="end"');
  }
  for (const stations of counts) {
    text([x(stations), PLOT.bottom + 20], stations.toLocaleString('en'), ' text-anchor="middle"');
    out.push(`<path d="M${x(stations)} ${PLOT.bottom}v5"/>`);
  }
  for (const { colour, dashed, points } of lines) {
    const path = points.map(({ stations, share }) => `${x(stations)} ${y(share)}`).join('L');
    stroke(`M${path}`, colour, dashed);
    for (const { stations, share } of points) {
      out.push(`<circle cx="${x(stations)}" cy="${y(share)}" r="3.5" fill="${colour}" stroke="none"/>`);
    }
  }
  for (const [i, { label, colour, dashed }] of byHeight(lines).entries()) {
    const at = LEGEND.top + i * LEGEND.step;
    stroke(`M${LEGEND.left} ${at}h24`, colour, dashed);
    text([LEGEND.left + 32, at + 4], label);
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${SIZE.width} ${SIZE.height}" \
font-family="system-ui, sans-serif" font-size="13" fill="${INK}">
<g fill="none" stroke="${INK}">
${out.filter((line) => !line.startsWith('<text')).join('\n')}
</g>
<g stroke="none">
${out.filter((line) => line.startsWith('<text')).join('\n')}
</g>
</svg>
`;
}

/** The legend's order is that in which the lines end, from the top. */
const byHeight = (lines: readonly Line[]): Line[] =>
  lines.toSorted((a, b) => b.points[b.points.length - 1].share - a.points[a.points.length - 1].share);
