/** The sound of the corpus: clicks at known times over a quiet tone. */

/** Hz, of the sound that is made. */
export const SOUND_RATE = 48_000;
const CLICK_SECONDS = 0.012;
const CLICK_LEVEL = 0.5;
const TONE_LEVEL = 0.03;

/** Unevenly spaced, so that a shift by one click is not taken for the right place. */
const clickTime = (index: number) => 0.2 + 0.4 * index + 0.04 * (index % 3);

/** When the clicks of `seconds` of sound begin. */
export function clicksIn(seconds: number): number[] {
  const times: number[] = [];
  for (let i = 0; clickTime(i) + CLICK_SECONDS < seconds; i++) times.push(clickTime(i));
  return times;
}

/** `seconds` of sound: 16 bits, little-endian, one channel of 48 kHz. */
export function drawSound(seconds: number): Buffer {
  const samples = new Int16Array(Math.round(seconds * SOUND_RATE));
  const wave = (hertz: number, i: number) => Math.sin((2 * Math.PI * hertz * i) / SOUND_RATE);
  for (let i = 0; i < samples.length; i++) samples[i] = 32_767 * TONE_LEVEL * wave(440, i);
  for (const time of clicksIn(seconds)) {
    const from = Math.round(time * SOUND_RATE);
    for (let i = 0; i < CLICK_SECONDS * SOUND_RATE; i++) samples[from + i] = 32_767 * CLICK_LEVEL * wave(1_000, i);
  }
  return Buffer.from(samples.buffer);
}

/** Blocks of samples (16 bits, one channel) with the time of each in seconds. */
export interface SoundBlocks {
  rate: number;
  blocks: { time: number; samples: Int16Array }[];
}

/** Quietest peak of a sound that has clicks. */
const LEAST_PEAK = 0.05;
/** Silence between two clicks, seconds: shorter than any distance, longer than a click with its echo. */
const BETWEEN = 0.1;

/** When clicks begin, relative to half of the loudest sample. */
export function findClicks({ rate, blocks }: SoundBlocks): number[] {
  let peak = 0;
  for (const { samples } of blocks) for (const sample of samples) peak = Math.max(peak, Math.abs(sample));
  if (peak < LEAST_PEAK * 32_768) return [];
  const times: number[] = [];
  let last = Number.NEGATIVE_INFINITY;
  for (const { time, samples } of blocks) {
    for (let i = 0; i < samples.length; i++) {
      if (Math.abs(samples[i]!) < peak / 2) continue;
      const at = time + i / rate;
      if (at - last > BETWEEN) times.push(at);
      last = at;
    }
  }
  return times;
}

/** Energy: the mean square of samples of 1, times seconds; of sound from `from` to `to`. */
export function energyOf({ rate, blocks }: SoundBlocks, from: number, to: number): number {
  let sum = 0;
  for (const { time, samples } of blocks) {
    for (let i = 0; i < samples.length; i++) {
      const at = time + i / rate;
      if (at >= from && at < to) sum += (samples[i]! / 32_768) ** 2;
    }
  }
  return sum / rate;
}
