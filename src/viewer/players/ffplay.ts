/**
 * ffplay: it takes no commands, so it is paused by stopping its process, and changed by splicing the next station
 * into what it reads. Its window knows ffplay's own keys only; ours are heard in the terminal.
 */
import { PlayerProcess } from './child.js';
import type { Media, Player, PlayerEvents } from './player.js';

export class FfplayPlayer implements Player {
  readonly name = 'ffplay';
  readonly hasOverlays = false;
  readonly prefersSplice = true;
  readonly beginsPaused = false;
  private process: PlayerProcess | null = null;

  constructor(
    private readonly program: string,
    private readonly events: PlayerEvents,
  ) {}

  async play({ url, title, format }: Media): Promise<void> {
    await this.close();
    const container = format === 'h264' ? 'mpegts' : 'matroska';
    const quiet = ['-hide_banner', '-loglevel', 'error', '-nostats', '-autoexit'];
    const fast = ['-fflags', 'nobuffer', '-analyzeduration', '500000', '-framedrop'];
    const args = [...quiet, ...fast, '-window_title', title, '-f', container, '-i', url];
    const started = new PlayerProcess(this.program, args, { stdio: ['ignore', 'ignore', 'pipe'], detached: true });
    this.process = started;
    void started.gone.then(() => {
      if (this.process === started) this.events.onClosed();
    });
    // It does not say when its first picture is there.
    this.events.onPicture();
  }

  pause(): void {
    if (process.platform !== 'win32') this.process?.child.kill('SIGSTOP');
  }

  resume(): void {
    if (process.platform !== 'win32') this.process?.child.kill('SIGCONT');
  }

  show(): void {
    // Nothing can be laid over its picture.
  }

  async close(): Promise<void> {
    const ending = this.process;
    this.process = null;
    await ending?.end(() => {
      ending.child.kill('SIGTERM');
      if (process.platform !== 'win32') ending.child.kill('SIGCONT'); // A stopped process hears nothing else
    });
  }
}
