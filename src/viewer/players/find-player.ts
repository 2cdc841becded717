/** Which player is installed here. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { Problem } from '../../base/problem.js';
import type { PlayerName } from './player.js';

export interface FoundPlayer {
  name: Exclude<PlayerName, 'none'>;
  /** Path of the program. */
  program: string;
}

export interface Surroundings {
  platform: NodeJS.Platform;
  env: NodeJS.ProcessEnv;
  isProgram: (path: string) => boolean;
}

const here: Surroundings = {
  platform: process.platform,
  env: process.env,
  isProgram(path) {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch (error) {
      if (error instanceof Error) return false;
      throw error;
    }
  },
};

/** In order of preference: mpv can be told everything, ffplay and VLC little. */
const inOrder = ['mpv', 'ffplay', 'vlc'] as const;

/** The terminal is no program: ffmpeg decodes what is drawn in it. */
const programs = { mpv: 'mpv', ffplay: 'ffplay', vlc: 'vlc', terminal: 'ffmpeg' } as const;

/** Where installers put programs that are not in PATH. */
function usualPlaces(name: FoundPlayer['name'], { platform, env }: Surroundings): string[] {
  if (platform === 'darwin') {
    const app = { mpv: '/Applications/mpv.app/Contents/MacOS/mpv', vlc: '/Applications/VLC.app/Contents/MacOS/VLC' };
    const brewed = [`/opt/homebrew/bin/${programs[name]}`, `/usr/local/bin/${programs[name]}`];
    return name === 'mpv' || name === 'vlc' ? [...brewed, app[name]] : brewed;
  }
  if (platform === 'win32') {
    const folders = [env.ProgramFiles, env['ProgramFiles(x86)']].filter((folder) => folder !== undefined);
    const inside = { mpv: 'mpv', ffplay: 'ffmpeg\\bin', vlc: 'VideoLAN\\VLC', terminal: 'ffmpeg\\bin' };
    return folders.map((folder) => `${folder}\\${inside[name]}\\${programs[name]}.exe`);
  }
  return [];
}

function programOf(name: FoundPlayer['name'], around: Surroundings): string | undefined {
  const file = around.platform === 'win32' ? `${programs[name]}.exe` : programs[name];
  const folders = (around.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  const paths = [...folders.map((folder) => join(folder, file)), ...usualPlaces(name, around)];
  return paths.find((path) => around.isProgram(path));
}

function ffmpegHint({ platform }: Surroundings): string {
  if (platform === 'darwin') return 'Install FFmpeg: brew install ffmpeg.';
  if (platform === 'win32') return 'Install FFmpeg: winget install ffmpeg.';
  return 'Install FFmpeg: sudo apt install ffmpeg, sudo dnf install ffmpeg-free, or sudo pacman -S ffmpeg.';
}

function installHint({ platform }: Surroundings): string {
  if (platform === 'darwin') return 'Install mpv: brew install mpv (or IINA’s, or VLC from videolan.org).';
  if (platform === 'win32') return 'Install mpv: winget install mpv (or VLC: winget install VideoLAN.VLC).';
  return 'Install mpv: sudo apt install mpv, sudo dnf install mpv, or sudo pacman -S mpv.';
}

/**
 * The player that is asked for, or the best that is installed: mpv, ffplay, VLC.
 * Throws a Problem that says what to install.
 */
export function findPlayer(preferred?: FoundPlayer['name'], around: Surroundings = here): FoundPlayer {
  for (const name of preferred ? [preferred] : inOrder) {
    const program = programOf(name, around);
    if (program) return { name, program };
  }
  if (preferred === 'terminal') {
    throw new Problem('player', 'To draw in the terminal, ffmpeg is needed: it is not installed', ffmpegHint(around));
  }
  const wanted = preferred
    ? `The player ${preferred} is not installed`
    : 'No player is installed: no mpv, ffplay or VLC';
  throw new Problem('player', wanted, `${installHint(around)} With --player none the stream is received without one.`);
}

/** Whether that one is installed, or any. */
export const hasPlayer = (preferred?: FoundPlayer['name'], around: Surroundings = here): boolean =>
  (preferred ? [preferred] : inOrder).some((name) => programOf(name, around));
