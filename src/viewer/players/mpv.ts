/** mpv: one window for as long as the viewer runs, controlled over its JSON protocol. */
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { Duplex } from 'node:stream';
import { z } from 'zod';
import { printable } from '../../base/printable.js';
import { Millis, TICKS_PER_SECOND, Ticks90k } from '../../base/units.js';
import { isTransport } from '../../wire/station-format.js';
import type { Overlay } from '../overlay.js';
import { assOf, CANVAS_HEIGHT } from '../overlay-ass.js';
import { demuxerSeconds } from '../picture-time.js';
import { PlayerProcess } from './child.js';
import { MpvClosed, type MpvCommand, type MpvEvent, MpvIpc } from './mpv-ipc.js';
import type { Media, Player, PlayerEvents } from './player.js';

/** Descriptor of the connection in mpv's process. */
const IPC_FD = 3;
const OVERLAY_ID = 1;
/** Period of drawing an overlay again over a picture that stands still. */
const REDRAW_PERIOD = Millis(150);

/** mpv's names of keys → ours. */
const keys: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    [...'0123456789'].flatMap((digit) => [[digit, digit] as const, [`KP${digit}`, digit] as const]),
  ),
  ...Object.fromEntries([...'pqiclbv'].flatMap((key) => [[key, key] as const, [key.toUpperCase(), key] as const])),
  SPACE: 'space',
  ENTER: 'enter',
  KP_ENTER: 'enter',
  ESC: 'esc',
  UP: 'up',
  DOWN: 'down',
  PGUP: 'pgup',
  PGDWN: 'pgdn',
  BS: 'backspace',
  LEFT: 'left',
  RIGHT: 'right',
  'Shift+LEFT': 'shift-left',
  'Shift+RIGHT': 'shift-right',
  HOME: 'home',
};

/** Keys that mpv handles itself. Its other keys are off: they would move the picture without the viewer knowing. */
const ownKeys: Readonly<Record<string, string>> = {
  CLOSE_WIN: 'quit',
  f: 'cycle fullscreen',
  MBTN_LEFT_DBL: 'cycle fullscreen',
  m: 'cycle mute',
  '+': 'add volume 5',
  '-': 'add volume -5',
  WHEEL_UP: 'add volume 5',
  WHEEL_DOWN: 'add volume -5',
};

/** How long before a picture is shown mpv draws it and reports its time. */
const LEAD = Millis(50);

/** A change of speed whose change of pitch is inaudible; keeping the pitch would cost a jump of the picture. */
const INAUDIBLE = 0.005;

const options = [
  '--no-config',
  '--idle=yes',
  '--force-window=immediate',
  // The profile low-latency without "nobuffer", which discards the packets that were read to recognise the stream, the
  // first picture among them: mpv would then wait for the next random access point.
  '--audio-buffer=0',
  '--vd-lavc-threads=1',
  '--cache-pause=no',
  '--demuxer-lavf-probe-info=nostreams',
  '--demuxer-lavf-analyzeduration=0.1',
  `--video-timing-offset=${LEAD / 1000}`,
  '--video-sync=audio',
  '--interpolation=no',
  '--video-latency-hacks=yes',
  '--stream-buffer-size=4k',
  '--cache=yes',
  '--cache-secs=10', // the rest stays in the viewer's own buffer
  '--demuxer-max-bytes=48MiB',
  '--demuxer-max-back-bytes=0',
  '--rebase-start-time=no', // so that a picture's time is its time stamp
  '--input-default-bindings=no',
  '--input-terminal=no',
  '--terminal=yes',
  '--msg-level=all=error',
  '--load-scripts=no',
  '--ytdl=no',
  '--osc=no',
  '--osd-level=0',
  '--autofit=70%x70%',
  '--title=MultiStreamCast',
  '--stop-screensaver=yes',
];

/** Tolerance below the time of the first picture to show: at most half a picture. */
const ROUNDING = 0.005;

/** Decoder threads while pictures are decoded that are not shown. */
const THREADS = '3';

const entrySchema = z.looseObject({ playlist_entry_id: z.number() });
/** mpv's number of a file; always 0 in versions before 0.33. */
const entryOf = (data: unknown): number => entrySchema.safeParse(data).data?.playlist_entry_id ?? 0;
const dimensionsSchema = z.looseObject({ w: z.number(), h: z.number() });

export interface MpvOptions {
  /** Path of mpv. */
  program: string;
  events: PlayerEvents;
  extraOptions?: readonly string[];
  /** Draw there rather than in a window. */
  terminal?: {
    /** Descriptor of the terminal, open for writing. */
    output: number | 'inherit';
    /** Whether mpv's way of drawing there includes overlays. */
    drawsOverlays: boolean;
    /** Called when mpv was closed. */
    giveBack(): Promise<void>;
  };
}

/**
 * Responsible for:
 * - mpv's process: on POSIX its connection is a descriptor that it inherits, so that no other user can reach it and
 *   mpv ends when this process does; on Windows it is a named pipe
 * - keys bound in the window, which arrive as messages
 * - overlays, drawn again when the window's shape changes
 * - beginning with any picture: those before it are decoded, and not shown
 */
export class MpvPlayer implements Player {
  readonly #process: PlayerProcess;
  readonly #ipc: MpvIpc;
  readonly #events: PlayerEvents;
  readonly #terminal: MpvOptions['terminal'];
  #overlay: Overlay | null = null;
  #aspect = 16 / 9;
  #isClosing = false;
  #isPaused = false;
  #redrawing: NodeJS.Timeout | undefined;
  /** mpv's numbers of files: loaded last (null until it answers), playing, and shown last. */
  #loaded: number | null = null;
  #playing = 0;
  #shown = 0;

  private constructor(process: PlayerProcess, stream: Duplex, { events, terminal }: MpvOptions) {
    this.#process = process;
    this.#ipc = new MpvIpc(stream, (event) => this.#onEvent(event));
    this.#events = events;
    this.#terminal = terminal;
    void process.gone.then(() => {
      clearInterval(this.#redrawing);
      if (!this.#isClosing) events.onClosed();
    });
  }

  /** Opens the window. Rejects with a Problem when mpv does not start. */
  static async start(mpvOptions: MpvOptions): Promise<MpvPlayer> {
    const { program, extraOptions = [], terminal } = mpvOptions;
    const { process, stream } = await spawnMpv(program, [...options, ...extraOptions], terminal?.output);
    const player = new MpvPlayer(process, stream, mpvOptions);
    try {
      await player.#prepare();
    } catch (error) {
      player.#isClosing = true;
      await process.end(() => process.child.kill('SIGKILL'));
      throw Object.assign(process.problem(), { cause: error });
    }
    return player;
  }

  async play({ url, title, format, from, track, subtitles, paused }: Media): Promise<void> {
    this.#isPaused = paused;
    this.#redrawWhilePaused();
    this.#loaded = null;
    const loading: MpvCommand = {
      name: 'loadfile',
      url,
      flags: 'replace',
      options: {
        ...(from === null ? {} : trimmed(from)),
        ...(track > 0 && { aid: String(track + 1) }),
        sid: sidOf(subtitles),
      },
    };
    const answers = [
      this.#ipc.command(['set_property', 'demuxer-lavf-format', isTransport(format) ? 'mpegts' : '']),
      this.#ipc.command(['set_property', 'title', printable(title).replaceAll('$', '$$$$')]), // mpv expands properties in it
      this.#ipc.command(['set_property', 'speed', 1]),
      this.#ipc.command(loading).then((answer) => {
        this.#loaded = entryOf(answer);
        this.#reportPicture();
      }),
      // Last, lest the picture before moves once more
      this.#ipc.command(['set_property', 'pause', paused]),
    ];
    await Promise.all(answers).catch(unlessClosed);
  }

  pause(): void {
    this.#isPaused = true;
    this.#send(['set_property', 'pause', true]);
  }

  resume(): void {
    this.#isPaused = false;
    this.#redrawWhilePaused();
    this.#send(['set_property', 'pause', false]);
  }

  async position(): Promise<Ticks90k | null> {
    const shown = await this.#shownTime();
    return shown === null ? null : Ticks90k(Math.round(shown * TICKS_PER_SECOND));
  }

  async buffered(): Promise<Millis | null> {
    const [read, shown] = await Promise.all([this.#number('demuxer-cache-time'), this.#shownTime()]);
    return read === null || shown === null ? null : Millis((read - shown) * 1000);
  }

  setSpeed(speed: number): void {
    this.#send(['set_property', 'audio-pitch-correction', Math.abs(speed - 1) > INAUDIBLE]);
    this.#send(['set_property', 'speed', speed]);
  }

  setSubtitles(stream: number | null): void {
    this.#send(['set_property', 'sid', sidOf(stream)]);
  }

  show(overlay: Overlay | null): void {
    if (this.#terminal?.drawsOverlays === false) return;
    this.#overlay = overlay;
    this.#draw();
    this.#redrawWhilePaused();
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    clearInterval(this.#redrawing);
    await this.#process.end(() => this.#send(['quit']));
    await this.#terminal?.giveBack();
  }

  /** Any command of mpv's, for uses that Player has no method for. Rejects with mpv's message when it refuses. */
  command(command: MpvCommand): Promise<unknown> {
    return this.#ipc.command(command);
  }

  async #prepare(): Promise<void> {
    const bindings = [
      ...Object.entries(keys).map(([key, ours]) => ['keybind', key, `script-message msc-key ${ours}`] as const),
      ...Object.entries(ownKeys).map(([key, command]) => ['keybind', key, command] as const),
    ];
    await Promise.all([
      ...bindings.map((command) => this.#ipc.command(command)),
      this.#ipc.command(['observe_property', 1, 'osd-dimensions']),
      ...(this.#events.onShown ? [this.#ipc.command(['observe_property', 2, 'time-pos'])] : []),
    ]);
  }

  #onEvent({ event, name, args, data, ...more }: MpvEvent): void {
    const [message, key] = args ?? [];
    if (event === 'client-message' && message === 'msc-key' && key !== undefined) this.#events.onKey(key);
    else if (event === 'start-file') this.#playing = entryOf(more);
    else if (event === 'playback-restart') {
      this.#shown = this.#playing;
      this.#reportPicture();
    } else if (event === 'property-change' && name === 'osd-dimensions') this.#onDimensions(data);
    else if (event === 'property-change' && name === 'time-pos') this.#onTime(data);
  }

  /** Seconds; mpv reports each picture when it begins to draw it. */
  #onTime(time: unknown): void {
    if (typeof time !== 'number' || this.#loaded !== this.#shown) return;
    this.#events.onShown?.(Ticks90k(Math.round(time * TICKS_PER_SECOND)), LEAD);
  }

  /** A picture of the file before may still come after another was loaded. */
  #reportPicture(): void {
    if (this.#loaded === this.#shown) this.#events.onPicture();
  }

  #onDimensions(data: unknown): void {
    const { success, data: dimensions } = dimensionsSchema.safeParse(data);
    if (!success || dimensions.h <= 0 || dimensions.w <= 0) return;
    const aspect = dimensions.w / dimensions.h;
    if (aspect === this.#aspect) return;
    this.#aspect = aspect;
    if (this.#overlay) this.#draw();
  }

  /**
   * When it has just been paused, mpv may show the frame in progress without the overlay, and draws no other by itself.
   * How long that frame takes depends on the machine, and mpv does not report it.
   */
  #redrawWhilePaused(): void {
    clearInterval(this.#redrawing);
    if (this.#isPaused && this.#overlay) this.#redrawing = setInterval(() => this.#draw(), REDRAW_PERIOD);
  }

  #draw(): void {
    const overlay = this.#overlay;
    const format = overlay ? 'ass-events' : 'none';
    const size = { res_x: Math.round(CANVAS_HEIGHT * this.#aspect), res_y: CANVAS_HEIGHT };
    const data = overlay ? assOf(overlay, this.#aspect) : '';
    this.#send({ name: 'osd-overlay', id: OVERLAY_ID, format, data, ...size });
  }

  /** Seconds; before its first picture mpv answers 0. */
  async #shownTime(): Promise<number | null> {
    const time = await this.#number('time-pos');
    return this.#loaded === this.#shown ? time : null;
  }

  /** A property; null while it has no value. */
  async #number(property: string): Promise<number | null> {
    const value = await this.#ipc.command(['get_property', property]).catch((error: unknown) => {
      if (String(error).includes('unavailable')) return null;
      unlessClosed(error);
      return null;
    });
    return typeof value === 'number' ? value : null;
  }

  /** For commands that only fail when mpv is ending. */
  #send(command: MpvCommand): void {
    this.#ipc.command(command).catch(unlessClosed);
  }
}

/** mpv's number of a stream of subtitles, in the order of the PMT. */
const sidOf = (stream: number | null): string => (stream === null ? 'no' : String(stream + 1));

/** The end of mpv is reported once, by its process, and not by every command that did not reach it. */
function unlessClosed(error: unknown): void {
  if (!(error instanceof MpvClosed)) throw error;
}

/**
 * Filters that hold back everything before a time: its picture is shown as soon as it is decoded. Each further decoder
 * thread delays by one picture, which matters where the next pictures are only just arriving.
 */
function trimmed(from: Ticks90k): Record<string, string> {
  const start = (demuxerSeconds(from) - ROUNDING).toFixed(3);
  return { vf: `lavfi=[trim=start=${start}]`, af: `lavfi=[atrim=start=${start}]`, 'vd-lavc-threads': THREADS };
}

async function spawnMpv(
  program: string,
  args: string[],
  terminal: number | 'inherit' | undefined,
): Promise<{ process: PlayerProcess; stream: Duplex }> {
  const output = terminal ?? 'ignore';
  if (process.platform === 'win32') {
    const pipe = `\\\\.\\pipe\\msc-${randomBytes(16).toString('hex')}`;
    const mpv = new PlayerProcess(program, [...args, `--input-ipc-server=${pipe}`], {
      stdio: ['ignore', output, 'pipe'],
    });
    return { process: mpv, stream: await connectWhenThere(pipe, mpv) };
  }
  const mpv = new PlayerProcess(program, [...args, `--input-ipc-client=fd://${IPC_FD}`], {
    stdio: ['ignore', output, 'pipe', 'pipe'],
    // Ctrl-C in the terminal reaches this process only, which then leaves the server and ends mpv. mpv in a terminal
    // asks it for its size, which only a process of the terminal's session can; there Ctrl-C is a key, not a signal.
    detached: terminal === undefined,
  });
  const stream = mpv.child.stdio[IPC_FD];
  if (!(stream instanceof Duplex)) throw mpv.problem();
  return { process: mpv, stream };
}

/** mpv creates its pipe shortly after it starts. */
async function connectWhenThere(path: string, mpv: PlayerProcess): Promise<Duplex> {
  for (;;) {
    const socket = connect(path);
    const isConnected = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
    });
    if (isConnected) return socket;
    if (mpv.isGone) throw mpv.problem();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
