/** Draws a made-up picture of a station at a time: a landscape that differs by station. */

/** Pseudo-random in 0 to 1, from a whole number. */
const random = (seed: number): number => {
  const value = Math.sin(seed * 127.1 + 311.7) * 43758.5453;
  return value - Math.floor(value);
};

export function drawScene(context: CanvasRenderingContext2D, station: number, time: number): void {
  const { width, height } = context.canvas;
  const hue = (station * 47 + 15) % 360;
  const moment = (time / 1000) % 86_400;
  const sky = context.createLinearGradient(0, 0, 0, height);
  sky.addColorStop(0, `hsl(${(hue + 200) % 360} 45% ${14 + 14 * random(station)}%)`);
  sky.addColorStop(0.55, `hsl(${(hue + 240) % 360} 50% ${38 + 16 * random(station + 1)}%)`);
  sky.addColorStop(1, `hsl(${hue} 75% 68%)`);
  context.fillStyle = sky;
  context.fillRect(0, 0, width, height);
  const x = width * (0.2 + 0.6 * random(station + 5)) + Math.sin(moment / 20) * width * 0.03;
  const y = height * (0.35 + 0.2 * random(station + 6));
  const glow = context.createRadialGradient(x, y, 0, x, y, height * 0.6);
  glow.addColorStop(0, `hsl(${hue} 100% 92% / 0.9)`);
  glow.addColorStop(0.12, `hsl(${hue} 95% 80% / 0.5)`);
  glow.addColorStop(1, 'transparent');
  context.fillStyle = glow;
  context.fillRect(0, 0, width, height);
  for (let layer = 0; layer < 4; layer++) {
    const base = height * (0.58 + 0.13 * layer);
    context.fillStyle = `hsl(${(hue + 220 + layer * 8) % 360} ${38 - layer * 4}% ${34 - layer * 9}%)`;
    context.beginPath();
    context.moveTo(0, height);
    for (let at = 0; at <= width; at += 4) {
      const phase = (at / width) * (2 + layer) + moment * 0.004 * (layer + 1) + station * 3.7 + layer * 1.9;
      const hill = Math.sin(phase * 2.1) * 0.5 + Math.sin(phase * 5.3 + station) * 0.25 + Math.sin(phase * 13.7) * 0.06;
      context.lineTo(at, base - hill * height * 0.13);
    }
    context.lineTo(width, height);
    context.fill();
  }
}
