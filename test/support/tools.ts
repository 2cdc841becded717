/**
 * Programs of other projects that tests run. Tests of a missing program are skipped, and the end of the run lists it;
 * with CI=true it is a failure.
 */
import { spawnSync } from 'node:child_process';

/** The Debian package of each program. */
export const packages = {
  ffmpeg: 'ffmpeg',
  ffprobe: 'ffmpeg',
  ffplay: 'ffmpeg',
  mpv: 'mpv',
  cvlc: 'vlc-bin',
  'gst-launch-1.0': 'gstreamer1.0-tools',
  'gst-inspect-1.0': 'gstreamer1.0-tools',
  tsreport: 'tstools',
  Xvfb: 'xvfb',
  xdotool: 'xdotool',
  tshark: 'tshark',
  chromium: 'chromium',
  'firefox-esr': 'firefox-esr',
  xmllint: 'libxml2-utils',
  python3: 'python3',
} as const;

export type Tool = keyof typeof packages;

const isInstalled = (tool: Tool): boolean =>
  spawnSync(process.platform === 'win32' ? 'where' : 'which', [tool], { stdio: 'ignore' }).status === 0;

/**
 * For the `skip` option of a test: false when all tools are installed, otherwise the reason. Throws with CI=true, so that
 * a missing tool fails the file.
 */
export function without(...tools: Tool[]): string | false {
  const missing = tools.filter((tool) => !isInstalled(tool));
  if (missing.length === 0) return false;
  const reason = `needs ${missing.join(', ')} (apt-get install ${[...new Set(missing.map((tool) => packages[tool]))].join(' ')})`;
  if (process.env.CI === 'true') throw new Error(`With CI=true no test can be skipped: ${reason}`);
  return reason;
}
