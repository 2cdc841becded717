/** VLC, by the lines of its remote control interface on standard input. Our keys are heard in the terminal. */
import { PlayerProcess } from './child.js';
import type { Media, Player, PlayerEvents } from './player.js';

const options = [
  '--no-video-title-show',
  '--network-caching=600',
  '--no-keyboard-events', // its space bar would pause behind our back
  '--quiet',
];

export class VlcPlayer implements Player {
  readonly name = 'vlc';
  readonly hasOverlays = false;
  readonly prefersSplice = false;
  readonly beginsPaused = false;
  private process: PlayerProcess | null = null;
  private paused = false;
  private closing = false;

  constructor(
    private readonly program: string,
    private readonly events: PlayerEvents,
  ) {}

  async play({ url }: Media): Promise<void> {
    if (this.process) {
      this.say('clear');
      this.say(`add ${url}`);
    } else {
      const control = process.platform === 'win32' ? ['--rc-quiet'] : ['--rc-fake-tty'];
      const started = new PlayerProcess(this.program, ['--intf', 'rc', ...control, ...options, url], {
        stdio: ['pipe', 'ignore', 'pipe'],
        detached: process.platform !== 'win32',
      });
      // A command to a VLC that is ending is told by its end.
      started.child.stdin?.on('error', () => undefined);
      void started.gone.then(() => {
        if (!this.closing) this.events.onClosed();
      });
      this.process = started;
    }
    this.paused = false;
    // It does not say when its first picture is there.
    this.events.onPicture();
  }

  pause(): void {
    if (!this.paused) this.say('pause');
    this.paused = true;
  }

  resume(): void {
    if (this.paused) this.say('pause');
    this.paused = false;
  }

  show(): void {
    // Nothing can be laid over its picture.
  }

  async close(): Promise<void> {
    this.closing = true;
    await this.process?.end(() => this.say('quit'));
  }

  private say(line: string): void {
    this.process?.child.stdin?.write(`${line}\n`);
  }
}
