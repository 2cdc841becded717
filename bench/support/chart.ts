/** Line charts as SVG with a logarithmic scale, for light and dark backgrounds. */
import type { Result } from './measure.js';

const SIZE = { width: 800, height: 400 };
const PLOT = { left: 64, right: 560, top: 44, bottom: 356 };
/** Visible on white and on black. */
const INK = '#7d8590';
const COLOURS = ['#e5534b', '#8a919a', '#3b8ad9', '#5fb0c9', '#3f9f5f', '#b98a1d', '#9a6bc4', '#c76b98', '#7a8f3c'];
const LEGEND = { left: 588, top: 56, step: 22 };

interface Point {
  x: number;
  /** Above 0. */
  y: number;
}

interface Line {
  label: string;
  colour: string;
  dashed: boolean;
  /** At least one. */
  points: readonly Point[];
}

interface Drawing {
  title: string;
  lines: readonly Line[];
  /** Places the x values at equal distances; otherwise their scale is logarithmic as well. */
  isEven: boolean;
  xText: (value: number) => string;
  yText: (value: number) => string;
}

const round = (value: number) => Math.round(value * 10) / 10;

function draw({ title, lines, isEven, xText, yText }: Drawing): string {
  const all = lines.flatMap(({ points }) => points);
  const values = [...new Set(all.map(({ x }) => x))].sort((a, b) => a - b);
  const heights = all.map(({ y }) => Math.log10(y));
  const [least, most] = [Math.floor(Math.min(...heights)), Math.ceil(Math.max(...heights))];
  const widest = Math.log10(values[values.length - 1]! / values[0]!) || 1;
  const share = (value: number) =>
    isEven ? values.indexOf(value) / (values.length - 1 || 1) : Math.log10(value / values[0]!) / widest;
  const x = (value: number) => round(PLOT.left + share(value) * (PLOT.right - PLOT.left));
  const y = (value: number) =>
    round(PLOT.bottom - ((Math.log10(value) - least) / (most - least || 1)) * (PLOT.bottom - PLOT.top));

  const out: string[] = [];
  const text = (at: [number, number], words: string, rest = '') =>
    out.push(`<text x="${at[0]}" y="${at[1]}"${rest}>${words}</text>`);
  const stroke = (path: string, colour: string, dashed: boolean) =>
    out.push(`<path d="${path}" stroke="${colour}" stroke-width="2"${dashed ? ' stroke-dasharray="5 4"' : ''}/>`);
  text([PLOT.left, 20], title, ' font-weight="600"');
  for (let power = least; power <= most; power++) {
    const at = y(10 ** power);
    out.push(`<path d="M${PLOT.left} ${at}H${PLOT.right}" stroke-opacity=".3"/>`);
    text([PLOT.left - 8, at + 4], yText(10 ** power), ' text-anchor="end"');
  }
  for (const value of values) {
    text([x(value), PLOT.bottom + 20], xText(value), ' text-anchor="middle"');
    out.push(`<path d="M${x(value)} ${PLOT.bottom}v5"/>`);
  }
  for (const { colour, dashed, points } of lines) {
    const path = points.map((point) => `${x(point.x)} ${y(point.y)}`).join('L');
    stroke(`M${path}`, colour, dashed);
    for (const point of points) {
      out.push(`<circle cx="${x(point.x)}" cy="${y(point.y)}" r="3.5" fill="${colour}" stroke="none"/>`);
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

/** In the order of their last points, the highest first. */
const byHeight = (lines: readonly Line[]): Line[] => lines.toSorted((a, b) => b.points.at(-1)!.y - a.points.at(-1)!.y);

const colourOf = (i: number) => COLOURS[i % COLOURS.length]!;

/** A line for each name, in the order of the names. */
function linesOf<T extends { name: string }>(stats: readonly T[], point: (stat: T) => Point): Line[] {
  return [...new Set(stats.map(({ name }) => name))].map((name, i) => ({
    label: name,
    colour: colourOf(i),
    dashed: false,
    points: stats.filter((stat) => stat.name === name).map(point),
  }));
}

/** Processor time of each contestant by the number of stations. Dashed lines are for stations with different reels. */
export function playoutChart(results: readonly Result[]): string {
  const names = [...new Set(results.map(({ name }) => name))];
  const lines = names.flatMap((name, i) =>
    (['equal', 'different'] as const).flatMap((files): Line[] => {
      const points = results
        .filter((result) => result.name === name && result.files === files)
        .map(({ stations, cpu }) => ({ x: stations, y: cpu.median / stations }))
        .sort((a, b) => a.x - b.x);
      const label = files === 'equal' ? name : `${name}, own reels`;
      return points.length === 0 ? [] : [{ label, colour: colourOf(i)!, dashed: files !== 'equal', points }];
    }),
  );
  return draw({
    title: 'Processor time per station: per cent of one core, by the number of stations',
    lines,
    isEven: false,
    xText: (stations) => stations.toLocaleString('en'),
    yText: (share) => `${Number((100 * share).toPrecision(1))} %`,
  });
}

/** Share of packets missing after repair by the loss of the line, both 0 to 1. Zero is drawn as `least`. */
export function repairChart(stats: readonly { name: string; loss: number; missing: number }[], least: number): string {
  return draw({
    title: `Missing after repair, by the loss of the line (${percent(least)}: none)`,
    lines: linesOf(stats, ({ loss, missing }) => ({ x: loss, y: Math.max(missing, least) })),
    isEven: true,
    xText: percent,
    yText: percent,
  });
}

const percent = (share: number): string => `${Number((100 * share).toPrecision(1))} %`;

/** Milliseconds to the first picture by the seconds between random access points. */
export function zapChart(stats: readonly { name: string; gop: number; time: number }[]): string {
  return draw({
    title: 'Time to the first picture: median, by the distance of random access points',
    lines: linesOf(stats, ({ gop, time }) => ({ x: gop, y: time })),
    isEven: true,
    xText: (gop) => `${gop} s`,
    yText: (time) => (time < 1_000 ? `${time} ms` : `${time / 1_000} s`),
  });
}
