/** Made-up stations and their programmes. */
import type { LiveStation } from '../../src/contract/live.js';

const MINUTE = 60_000;

interface Sketch {
  name: string;
  titles: readonly string[];
  /** Duration of each programme. */
  minutes: number;
  picture?: Partial<LiveStation>;
}

const sketches: readonly Sketch[] = [
  { name: 'Harbour', titles: ['Ships at Dawn', 'The Lock Keeper', 'Tides', 'Lighthouses of the North'], minutes: 45 },
  {
    name: 'Cinema One',
    titles: ['Big Buck Bunny', 'Sintel', 'Tears of Steel', 'Elephants Dream'],
    minutes: 95,
    picture: {
      ...{ width: 3840, height: 2160, frameRate: 24, bitrate: 18_000_000 },
      ...{ languages: ['en', 'de', 'fr'], subtitles: ['en', 'de'] },
    },
  },
  {
    name: 'Newsroom',
    titles: ['Morning Report', 'The Hour', 'Weather', 'World in Brief'],
    minutes: 30,
    picture: { frameRate: 50 },
  },
  {
    name: 'Lecture Hall A',
    titles: ['Linear Algebra', 'History of Light', 'Signals and Systems'],
    minutes: 90,
    picture: { width: 1280, height: 720, frameRate: 29.97 },
  },
  { name: 'Mountains', titles: ['Above the Clouds', 'Glacier', 'The Long Ascent'], minutes: 60 },
  {
    name: 'Archive',
    titles: ['The Television Set', 'Early Colour', 'Test Card'],
    minutes: 25,
    picture: { width: 720, height: 576, aspectRatio: '4:3', frameRate: 25 },
  },
  { name: 'Lobby', titles: ['Welcome'], minutes: 12 * 60 },
  { name: 'Night Train', titles: ['Sleeper to the Coast', 'Platform 9', 'Snow Line'], minutes: 75 },
  { name: 'Kitchen', titles: ['Bread', 'Five Soups', 'The Perfect Crust'], minutes: 40 },
  { name: 'Stage', titles: ['String Quartet No. 14', 'Rehearsal', 'An Evening of Dance'], minutes: 55 },
  {
    name: 'Camera 4',
    titles: ['Camera 4'],
    minutes: 24 * 60,
    picture: { format: 'jpeg', videoCodec: 'JPEG', audioCodec: null, frameRate: 30 },
  },
  { name: 'Children', titles: ['Paper Boats', 'The Fox and the Lantern', 'Counting Stars'], minutes: 20 },
];

const awkward: readonly Sketch[] = [
  {
    name: 'ערוץ החדשות הראשון של הנמל הצפוני והסביבה הקרובה',
    titles: ['מהדורת הבוקר עם כל החדשות מן הנמל ומן העיר', 'תחזית'],
    minutes: 45,
  },
  {
    name: 'A station with a name of such length that no viewer has ever read it to its very end, not even once',
    titles: [
      'A programme with a title that is quite as long as the name of the station which shows it, if not even longer',
      'Next',
    ],
    minutes: 45,
  },
  {
    name: 'Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft',
    titles: ['Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz'],
    minutes: 30,
  },
  { name: '日本語放送第一テレビジョン', titles: ['朝のニュースと天気予報', '港の歴史'], minutes: 30 },
  { name: '<b>bold</b> & "quoted"', titles: ['<script>alert(1)</script>'], minutes: 30 },
  { name: 'القناة الأولى', titles: ['نشرة الأخبار'], minutes: 30 },
  {
    name: 'Roof',
    titles: ['A day above the town', 'A night above the town'],
    minutes: 30,
    picture: { format: 'hevc', videoCodec: 'H.265 Main 10 5.1', width: 3840, height: 2160 },
  },
];

const idOf = (name: string): string =>
  name
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{M}\p{N}]+/gu, '-')
    .replaceAll(/^-|-$/g, '')
    .slice(0, 60);

/** Number of the programme at a time; stations begin at different minutes. */
const itemOnAir = ({ minutes }: Sketch, index: number, time: number): number =>
  Math.floor((time / MINUTE + index * 7) / minutes);

const span = (sketch: Sketch, index: number, count: number) => ({
  from: (count * sketch.minutes - index * 7) * MINUTE,
  to: ((count + 1) * sketch.minutes - index * 7) * MINUTE,
  title: sketch.titles[count % sketch.titles.length]!,
});

const sketchesOf = (wanted: string): readonly Sketch[] => {
  if (wanted === 'awkward') return awkward;
  const count = Number(wanted);
  return Array.from({ length: count }, (_, index) => {
    const sketch = sketches[index % sketches.length]!;
    const round = Math.floor(index / sketches.length);
    return round === 0 ? sketch : { ...sketch, name: `${sketch.name} ${round + 1}` };
  });
};

let chosen: readonly Sketch[] = [];

export function fakeStations(wanted: string, now: number): LiveStation[] {
  chosen = sketchesOf(wanted);
  return chosen.map((sketch, index) => {
    const playing = span(sketch, index, itemOnAir(sketch, index, now));
    const next = span(sketch, index, itemOnAir(sketch, index, now) + 1).title;
    return {
      number: index + 1,
      id: idOf(sketch.name),
      name: sketch.name,
      format: 'h264',
      width: 1920,
      height: 1080,
      aspectRatio: '16:9',
      frameRate: 25,
      videoCodec: 'H.264 High 4.0',
      audioCodec: 'AAC-LC stereo',
      bitrate: 5_200_000,
      duration: sketch.minutes * 60 * sketch.titles.length,
      group: `239.1.1.${index + 1}`,
      port: 5004,
      ssrc: index + 1,
      randomAccessInterval: 1,
      nowPlaying: playing.title,
      ...(sketch.titles.length > 1 ? { nowUntil: playing.to, next } : {}),
      schedule: 'made-up',
      server: 'studio',
      itemFrom: null,
      oldest: now - 4 * 60 * MINUTE,
      ...sketch.picture,
    };
  });
}

/** In the form of `/api/v1/guide`. */
export function fakeGuide(stations: readonly LiveStation[], from: number, to: number): unknown {
  return {
    stations: stations.map(({ id }, index) => {
      const sketch = chosen[index]!;
      const first = itemOnAir(sketch, index, from);
      const last = itemOnAir(sketch, index, to);
      return {
        id,
        programmes: Array.from({ length: last - first + 1 }, (_, count) => span(sketch, index, first + count)),
      };
    }),
  };
}
