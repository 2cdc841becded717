/** mpv: one window for as long as the viewer runs, told everything over its JSON protocol. */
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { Duplex } from 'node:stream';
import { z } from 'zod';
import { type Millis, TICKS_PER_SECOND, type Ticks90k } from '../../base/units.js';
import type { Overlay } from '../overlay.js';
import { assOf, CANVAS_HEIGHT } from '../overlay-ass.js';
import { demuxerSeconds } from '../picture-time.js';
import { PlayerProcess } from './child.js';
import { MpvClosed, type MpvCommand, type MpvEvent, MpvIpc } from './mpv-ipc.js';
import type { Media, Player, PlayerEvents } from './player.js';

/** Descriptor of the connection in mpv's process. */
const IPC_FD = 3;
const OVERLAY_ID = 1;
/** Milliseconds between two drawings of a overlay over a picture that stands still. */
const REDRAW_PERIOD = 150;

/** mpv's names of keys → ours. */
const keys: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    [...'0123456789'].flatMap((digit) => [[digit, digit] as const, [`KP${digit}`, digit] as const]),
  ),
  ...Object.fromEntries([...'pqicl'].flatMap((key) => [[key, key] as const, [key.toUpperCase(), key] as const])),
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

/** What mpv does by itself; its other keys are off, so that none of them moves the picture behind our back. */
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

/** Pictures are drawn so long before they are shown, and said to be there. */
const DRAWN_BEFORE: Millis = 50;

/** Nobody hears that the sound is so much higher or lower; keeping its pitch costs a jump of the picture. */
const UNHEARD = 0.005;

const options = [
  '--no-config',
  '--idle=yes',
  '--force-window=immediate',
  // The profile low-latency less "nobuffer", which throws away what was read to recognise the stream: its first
  // picture with it, so that the next random access point would have to be waited for.
  '--audio-buffer=0',
  '--vd-lavc-threads=1',
  '--cache-pause=no',
  '--demuxer-lavf-probe-info=nostreams',
  '--demuxer-lavf-analyzeduration=0.1',
  `--video-timing-offset=${DRAWN_BEFORE / 1000}`,
  '--video-sync=audio',
  '--interpolation=no',
  '--video-latency-hacks=yes',
  '--stream-buffer-size=4k',
  '--cache=yes',
  '--cache-secs=10', // what is further ahead stays in the viewer's own buffer
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

/** Pictures that are to be shown have at least this time less than the one that is asked for: half of one, or less. */
const ROUNDING = 0.005;

/** That decode, where there is something to be decoded that is not shown. */
const THREADS = '3';

const entrySchema = z.looseObject({ playlist_entry_id: z.number() });
/** mpv's number of a file, the same for all in versions before 0.33. */
const entryOf = (data: unknown): number => entrySchema.safeParse(data).data?.playlist_entry_id ?? 0;
const dimensionsSchema = z.looseObject({ w: z.number(), h: z.number() });

/**
 * It is in charge of:
 * - mpv's process: on POSIX its connection is a descriptor that it inherits, so that no other user can reach it and
 *   mpv ends when we do; on Windows it is a named pipe
 * - keys bound in the window, heard as messages
 * - overlays as an overlay, drawn anew when the window's shape changes
 * - beginning with any picture: those before it are decoded, and not shown
 */
export class MpvPlayer implements Player {
  readonly name = 'mpv';
  readonly hasOverlays = true;
  readonly prefersSplice = false;
  readonly beginsPaused = true;
  private overlay: Overlay | null = null;
  private aspect = 16 / 9;
  private closing = false;
  private paused = false;
  private again: NodeJS.Timeout | undefined;
  /** mpv's numbers of what it was given last, null until it answers; of what it plays; of what it has shown. */
  private given: number | null = null;
  private playing = 0;
  private shown = 0;

  private constructor(
    private readonly process: PlayerProcess,
    private readonly ipc: MpvIpc,
    private readonly events: PlayerEvents,
  ) {
    void process.gone.then(() => {
      clearInterval(this.again);
      if (!this.closing) events.onClosed();
    });
  }

  /** Opens the window. Rejects with a Problem when mpv does not start. */
  static async start(program: string, events: PlayerEvents, extraOptions: readonly string[] = []): Promise<MpvPlayer> {
    let player: MpvPlayer | null = null;
    const { process, stream } = await spawnMpv(program, [...options, ...extraOptions]);
    const ipc = new MpvIpc(stream, (event) => player?.onEvent(event));
    player = new MpvPlayer(process, ipc, events);
    try {
      await player.prepare();
    } catch (error) {
      player.closing = true;
      await process.end(() => process.child.kill('SIGKILL'));
      throw Object.assign(process.problem(), { cause: error });
    }
    return player;
  }

  async play({ url, title, format, from, paused }: Media): Promise<void> {
    this.paused = paused;
    this.redrawWhilePaused();
    this.given = null;
    const loading: MpvCommand = {
      name: 'loadfile',
      url,
      flags: 'replace',
      options: from === null ? {} : trimmed(from),
    };
    const answers = [
      this.ipc.command(['set_property', 'demuxer-lavf-format', format === 'h264' ? 'mpegts' : '']),
      this.ipc.command(['set_property', 'title', title.replaceAll('$', '$$$$')]), // mpv expands properties in it
      this.ipc.command(['set_property', 'speed', 1]),
      this.ipc.command(loading).then((answer) => {
        this.given = entryOf(answer);
        this.tellPicture();
      }),
      // Last, lest the picture before moves once more
      this.ipc.command(['set_property', 'pause', paused]),
    ];
    await Promise.all(answers).catch(unlessClosed);
  }

  pause(): void {
    this.paused = true;
    this.tell(['set_property', 'pause', true]);
  }

  resume(): void {
    this.paused = false;
    this.redrawWhilePaused();
    this.tell(['set_property', 'pause', false]);
  }

  async position(): Promise<Ticks90k | null> {
    const shown = await this.shownTime();
    return shown === null ? null : Math.round(shown * TICKS_PER_SECOND);
  }

  async buffered(): Promise<Millis | null> {
    const [read, shown] = await Promise.all([this.number('demuxer-cache-time'), this.shownTime()]);
    return read === null || shown === null ? null : (read - shown) * 1000;
  }

  setSpeed(speed: number): void {
    this.tell(['set_property', 'audio-pitch-correction', Math.abs(speed - 1) > UNHEARD]);
    this.tell(['set_property', 'speed', speed]);
  }

  show(overlay: Overlay | null): void {
    this.overlay = overlay;
    this.draw();
    this.redrawWhilePaused();
  }

  async close(): Promise<void> {
    this.closing = true;
    clearInterval(this.again);
    await this.process.end(() => this.tell(['quit']));
  }

  /** Any command of mpv's, for what a Player has no method for. Rejects with mpv's own words when it refuses. */
  command(command: MpvCommand): Promise<unknown> {
    return this.ipc.command(command);
  }

  private async prepare(): Promise<void> {
    const bindings = [
      ...Object.entries(keys).map(([key, ours]) => ['keybind', key, `script-message msc-key ${ours}`] as const),
      ...Object.entries(ownKeys).map(([key, command]) => ['keybind', key, command] as const),
    ];
    await Promise.all([
      ...bindings.map((command) => this.ipc.command(command)),
      this.ipc.command(['observe_property', 1, 'osd-dimensions']),
      ...(this.events.onShown ? [this.ipc.command(['observe_property', 2, 'time-pos'])] : []),
    ]);
  }

  private onEvent(event: MpvEvent): void {
    if (event.event === 'client-message' && event.args?.[0] === 'msc-key') this.events.onKey(event.args[1]);
    else if (event.event === 'start-file') this.playing = entryOf(event);
    else if (event.event === 'playback-restart') {
      this.shown = this.playing;
      this.tellPicture();
    } else if (event.event === 'property-change' && event.name === 'osd-dimensions') this.onDimensions(event.data);
    else if (event.event === 'property-change' && event.name === 'time-pos') this.onTime(event.data);
  }

  /** Seconds; said of each picture when it goes to be drawn. */
  private onTime(time: unknown): void {
    if (typeof time !== 'number' || this.given !== this.shown) return;
    this.events.onShown?.(Math.round(time * TICKS_PER_SECOND), DRAWN_BEFORE);
  }

  /** A picture of what was played before may come after something else was given. */
  private tellPicture(): void {
    if (this.given === this.shown) this.events.onPicture();
  }

  private onDimensions(data: unknown): void {
    const { success, data: dimensions } = dimensionsSchema.safeParse(data);
    if (!success || dimensions.h <= 0 || dimensions.w <= 0) return;
    const aspect = dimensions.w / dimensions.h;
    if (aspect === this.aspect) return;
    this.aspect = aspect;
    if (this.overlay) this.draw();
  }

  /**
   * Frozen just now, mpv may show the frame under way without the overlay, and draws no further one by itself. How
   * long that frame takes depends on the machine, and mpv does not tell.
   */
  private redrawWhilePaused(): void {
    clearInterval(this.again);
    if (this.paused && this.overlay) this.again = setInterval(() => this.draw(), REDRAW_PERIOD);
  }

  private draw(): void {
    const { overlay, aspect } = this;
    const format = overlay ? 'ass-events' : 'none';
    const size = { res_x: Math.round(CANVAS_HEIGHT * aspect), res_y: CANVAS_HEIGHT };
    const data = overlay ? assOf(overlay, aspect) : '';
    this.tell({ name: 'osd-overlay', id: OVERLAY_ID, format, data, ...size });
  }

  /** Seconds; before its first picture mpv says 0. */
  private async shownTime(): Promise<number | null> {
    const time = await this.number('time-pos');
    return this.given === this.shown ? time : null;
  }

  /** A property; null while it has no value. */
  private async number(property: string): Promise<number | null> {
    const value = await this.ipc.command(['get_property', property]).catch((error: unknown) => {
      if (String(error).includes('unavailable')) return null;
      unlessClosed(error);
      return null;
    });
    return typeof value === 'number' ? value : null;
  }

  /** For commands that only fail when mpv is ending. */
  private tell(command: MpvCommand): void {
    this.ipc.command(command).catch(unlessClosed);
  }
}

/** That mpv is ending is told by its end, not by every command that it did not get to. */
function unlessClosed(error: unknown): void {
  if (!(error instanceof MpvClosed)) throw error;
}

/**
 * Filters that hold back everything before a time: as quickly as it can be decoded, its picture is there. Each further
 * thread keeps a picture back, which would be missed where the next ones are only just coming.
 */
function trimmed(from: Ticks90k): Record<string, string> {
  const start = (demuxerSeconds(from) - ROUNDING).toFixed(3);
  return { vf: `lavfi=[trim=start=${start}]`, af: `lavfi=[atrim=start=${start}]`, 'vd-lavc-threads': THREADS };
}

async function spawnMpv(program: string, args: string[]): Promise<{ process: PlayerProcess; stream: Duplex }> {
  if (process.platform === 'win32') {
    const pipe = `\\\\.\\pipe\\msc-${randomBytes(16).toString('hex')}`;
    const mpv = new PlayerProcess(program, [...args, `--input-ipc-server=${pipe}`], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    return { process: mpv, stream: await connectWhenThere(pipe, mpv) };
  }
  const mpv = new PlayerProcess(program, [...args, `--input-ipc-client=fd://${IPC_FD}`], {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    // Ctrl-C in the terminal reaches us only; we then take leave of the server and end mpv.
    detached: true,
  });
  const stream = mpv.child.stdio[IPC_FD];
  if (!(stream instanceof Duplex)) throw mpv.problem();
  return { process: mpv, stream };
}

/** mpv makes its pipe a moment after it starts. */
async function connectWhenThere(path: string, mpv: PlayerProcess): Promise<Duplex> {
  for (;;) {
    const socket = connect(path);
    const connected = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
    });
    if (connected) return socket;
    if (mpv.isGone) throw mpv.problem();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
