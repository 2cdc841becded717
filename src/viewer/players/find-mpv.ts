/** Where mpv is installed. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { Problem } from '../../base/problem.js';

/** The machine that is searched; tests pass another. */
export interface Machine {
  platform: NodeJS.Platform;
  env: NodeJS.ProcessEnv;
  isProgram: (path: string) => boolean;
}

const thisMachine: Machine = {
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

/** Where installers put mpv without adding the folder to PATH. */
function installPaths({ platform, env }: Machine): string[] {
  if (platform === 'darwin') {
    return ['/opt/homebrew/bin/mpv', '/usr/local/bin/mpv', '/Applications/mpv.app/Contents/MacOS/mpv'];
  }
  if (platform !== 'win32') return [];
  const folders = [env.ProgramFiles, env['ProgramFiles(x86)']].filter((folder) => folder !== undefined);
  return folders.map((folder) => `${folder}\\mpv\\mpv.exe`);
}

function mpvPath(machine: Machine): string | undefined {
  const file = machine.platform === 'win32' ? 'mpv.exe' : 'mpv';
  const folders = (machine.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return [...folders.map((folder) => join(folder, file)), ...installPaths(machine)].find(machine.isProgram);
}

function installHint({ platform }: Machine): string {
  if (platform === 'darwin') return 'Install mpv: brew install mpv.';
  if (platform === 'win32') return 'Install mpv: winget install mpv.';
  return 'Install mpv: sudo apt install mpv, sudo dnf install mpv, or sudo pacman -S mpv.';
}

/** The path of mpv. Throws a Problem that names the command that installs it. */
export function findMpv(machine: Machine = thisMachine): string {
  const path = mpvPath(machine);
  if (path !== undefined) return path;
  const next = `${installHint(machine)} Or watch in the browser with --player browser, or without a picture with --player none.`;
  throw new Problem('player', 'mpv is not installed', next);
}

export const hasMpv = (machine: Machine = thisMachine): boolean => mpvPath(machine) !== undefined;
