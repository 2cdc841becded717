/** The command line: arguments checked, commands called, exit codes given. */
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { asProblem, Problem } from '../base/problem.js';
import { parseMoment } from '../contract/time-text.js';
import { COMMON_DELAY } from '../contract/timing.js';
import { defaultMediaSettings } from '../media/settings.js';
import { hasMpv } from '../viewer/players/find-mpv.js';
import { graphicsNames } from '../viewer/players/graphics.js';
import { playerNames } from '../viewer/players/player.js';
import { stationFormats } from '../wire/station-info.js';
import { fecOption } from './fec-option.js';
import { httpAddress } from './http-option.js';
import { problemText } from './output.js';

const version = '0.1.0';

/** Not a window that is told what to show: the page does what the viewer does elsewhere. */
const BROWSER = 'browser';

/** Parses a whole number from `least` to `most`. */
const wholeNumber = (least: number, most: number) => (text: string) => {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new InvalidArgumentError(`It is a whole number from ${least} to ${most}.`);
};

const units: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** "30s", "500ms", "2m", "1h", "90" (seconds) to milliseconds. */
export function duration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text.trim());
  if (match && Number(match[1]) > 0) return Number(match[1]) * units[match[2] ?? 's'];
  throw new InvalidArgumentError('It is a time such as 30s, 2m or 1h.');
}

const rates: Record<string, number> = { k: 1e3, M: 1e6, G: 1e9 };

/** "500M", "1.5G", "800k", "64000" to bit/s. */
export function bitrate(text: string): number {
  const match = /^(\d+(?:\.\d+)?)([kMG])?$/.exec(text.trim());
  const value = match ? Number(match[1]) * (match[2] === undefined ? 1 : rates[match[2]]) : 0;
  if (value > 0) return value;
  throw new InvalidArgumentError('It is a number of bits a second such as 500M or 1G.');
}

function frameRate(text: string): number | 'source' {
  if (text === 'source') return text;
  const value = Number(text);
  if (value >= 1 && value <= 120) return value;
  throw new InvalidArgumentError('It is a number from 1 to 120, or "source".');
}

/** A time that has been, Unix epoch; see moment.ts. */
function past(text: string): number {
  const moment = parseMoment(text, Date.now());
  if (moment !== null) return moment;
  throw new InvalidArgumentError('It is a time that has been, such as 20:15, 2026-03-01T20:15 or -10m.');
}

const append = (name: string, before: string[] | undefined): string[] => [...(before ?? []), name];

const interfaceOption = () =>
  new Option('-i, --interface <name>', 'network interface, by name or address').env('MSC_INTERFACE');
const alsoOption = () =>
  new Option('--also <name>', 'a second interface to receive on: what one misses the other has').argParser(append);
const jsonOption = () => new Option('--json', 'results as JSON on standard output').default(false);
const quietOption = () => new Option('-q, --quiet', 'errors only').default(false);
const storeOption = () => new Option('--store <folder>', 'where reels lie (default: the user’s cache folder)');
const configOption = () =>
  new Option('--config <folder>', 'where the operator’s password lies (default: the user’s configuration folder)').env(
    'MSC_CONFIG',
  );
const formatOption = () =>
  new Option('--format <format>', 'what goes on the air: h264 with sound, or JPEG frames')
    .choices(stationFormats)
    .default(defaultMediaSettings.format);
const fpsOption = () =>
  new Option('--fps <rate>', 'frames a second of JPEG stations, or "source"')
    .argParser(frameRate)
    .default(defaultMediaSettings.fps);
const maxGopOption = () =>
  new Option('--max-gop <time>', 'encode video whose random access points are further apart than this')
    .argParser(duration)
    .default(defaultMediaSettings.maxGop, `${defaultMediaSettings.maxGop / 1000}s`);
const controlPortOption = (description: string) =>
  new Option('--control-port <port>', description).argParser(wholeNumber(0, 65_535));

const delayOption = () =>
  new Option(
    '--delay <time>',
    `how long after its time stamp each picture is shown, in step with all others (default: ${COMMON_DELAY}ms)`,
  ).argParser(duration);

interface MediaFlags {
  format: (typeof stationFormats)[number];
  fps: number | 'source';
  maxGop: number;
}

const settingsOf = ({ format, fps, maxGop }: MediaFlags) => ({ ...defaultMediaSettings, format, fps, maxGop });

/** The options of everything that puts stations on the air. */
const onAir = (command: Command) =>
  command
    .addOption(interfaceOption())
    .addOption(storeOption())
    .addOption(formatOption())
    .addOption(fpsOption())
    .addOption(maxGopOption())
    .option('--ttl <hops>', 'routers that packets may pass, plus one', wholeNumber(1, 255), 1)
    .addOption(
      new Option('--unicast <rate>', 'bit/s that single viewers are sent at most, for repair, tuning and replay')
        .argParser(bitrate)
        .default(1e9, '1G'),
    )
    .option('--history <time>', 'how far viewers can go back (default: to any time)', duration)
    .addOption(
      new Option('--fec <parity>', 'error correction: none, auto (as viewers’ losses want it), 10x5, 10x5:columns')
        .argParser(fecOption)
        .default('none'),
    )
    .addOption(
      new Option('--http <address>', 'for browsers and players: a port, on this machine only, or HOST:PORT').argParser(
        httpAddress,
      ),
    )
    .addOption(delayOption())
    .addOption(
      new Option('--slate <file>', 'a film that the operator can show on stations; NAME=FILE names it').argParser(
        append,
      ),
    )
    .addOption(configOption())
    .addOption(controlPortOption('UDP port for viewers’ requests, 0 for any free one').default(5601))
    .option('--name <name>', 'this server’s name (default: the host’s)')
    .option('--workers <count>', 'threads that play, at most (default: one a processor)', wholeNumber(1, 256))
    .option('--stats <time>', 'say this often how it goes: a line, or with --json each station’s counters', duration)
    .addOption(jsonOption())
    .addOption(quietOption());

function commands(signal: AbortSignal, done: (exitCode: number) => void): Command {
  const program = new Command('msc')
    .description('Radio, with pictures: video stations by multicast on your own network.')
    .version(version)
    .configureHelp({ sortSubcommands: false })
    .showHelpAfterError('(msc --help, or msc COMMAND --help, says more)')
    .exitOverride();

  onAir(program.command('serve'))
    .argument('<sources...>', 'video files and folders, each a station; NAME=PATH names it')
    .description('put stations on the air: a file plays for ever, a folder plays its files in order')
    .option(
      '--group <address>',
      'multicast group of station 1; the others count up from it (default: from their names)',
    )
    .addHelpText('after', '\nExamples:\n  msc serve film.mp4 "Lobby=loops/"\n  msc serve films/ --interface eth0')
    .action(async (sources, flags) => {
      const { runServe } = await import('./serve.js');
      done(await runServe({ ...flags, sources, settings: settingsOf(flags), signal }));
    });

  onAir(program.command('demo'))
    .description('put two demo stations on the air: Big Buck Bunny and a test card')
    .action(async (flags) => {
      const { runDemo } = await import('./demo.js');
      done(await runDemo({ ...flags, settings: settingsOf(flags), signal }));
    });

  program
    .command('gateway')
    .description('stations of the network for browsers and players, by HTTP: received only while somebody watches')
    .addOption(
      new Option('--http <address>', 'a port, on this machine only, or HOST:PORT')
        .argParser(httpAddress)
        .default({ host: '127.0.0.1', port: 8080 }, '8080'),
    )
    .addOption(interfaceOption())
    .addOption(alsoOption())
    .addOption(delayOption())
    .option('--name <name>', 'this gateway’s name (default: the host’s)')
    .addOption(configOption())
    .addOption(jsonOption())
    .addOption(quietOption())
    .addHelpText('after', '\nExample:\n  msc gateway --http 0.0.0.0:8080 --interface eth0')
    .action(async (flags) => {
      const { runGateway } = await import('./gateway.js');
      done(await runGateway({ ...flags, signal }));
    });

  program
    .command('list')
    .description('every station that can be reached, with its properties')
    .addOption(interfaceOption())
    .option('--timeout <time>', 'the longest to wait for answers', duration)
    .addOption(jsonOption())
    .addOption(quietOption())
    .action(async (flags) => {
      const { runList } = await import('./list.js');
      done(await runList(flags));
    });

  program
    .command('watch')
    .argument('[station]', 'number, id or name; without it, choose from the list')
    .description('watch a station in a window: p pauses and offers Exit, Change the station, Resume')
    .addOption(interfaceOption())
    .option(
      '--at <time>',
      'begin with what was on the air at 20:15, at 2026-03-01T20:15, or 10 minutes ago: -10m',
      past,
    )
    .option('--stay', 'do not play faster to come nearer to what is on the air', false)
    .option('--sync', 'show every picture at the moment at which pages and all others with --sync show it', false)
    .addOption(delayOption().implies({ sync: true }))
    .addOption(alsoOption())
    .addOption(
      new Option(
        '--player <name>',
        'a window of mpv, this terminal, the browser, or no picture (default: mpv, without it the browser)',
      ).choices([...playerNames, BROWSER]),
    )
    .addOption(
      new Option('--graphics <way>', 'draw in this terminal, in this way (default: the best that it understands)')
        .choices(graphicsNames)
        .implies({ player: 'terminal' }),
    )
    .option('--duration <time>', 'leave after this long', duration)
    .option('--buffer <megabytes>', 'memory for pausing', wholeNumber(8, 65_536))
    .addOption(jsonOption())
    .addOption(quietOption())
    .addHelpText(
      'after',
      '\nKeys, in the window and in the terminal:\n' +
        '  p, Space            pause, with a menu: Exit, Change the station, Resume, Back to live\n' +
        '  ← →                 10 s back, forward; with Shift 60 s\n' +
        '  Home                what is playing, from its beginning\n' +
        '  l                   back to live\n' +
        '  1 … 9, Page Up/Down another station; Backspace the one before\n' +
        '  c, i, q             list, what is playing, exit\n' +
        '\nOver SSH: --player terminal has mpv draw the picture in the terminal.',
    )
    .action(async (station, flags) => {
      const player = flags.player ?? (hasMpv() ? 'mpv' : BROWSER);
      if (flags.graphics !== undefined && player !== 'terminal') {
        const next = `Leave out --graphics, or --player ${player}.`;
        throw new Problem('usage', `The player ${player} draws in a window of its own, not in the terminal`, next);
      }
      const delay: number | undefined = flags.delay ?? (flags.sync ? COMMON_DELAY : undefined);
      if (player === BROWSER) {
        const { runInBrowser } = await import('./browser.js');
        done(await runInBrowser({ ...flags, delay, station, signal }));
        return;
      }
      const { runWatch } = await import('./watch.js');
      done(await runWatch({ ...flags, player, delay, station, signal }));
    });

  program
    .command('record')
    .argument('<station>', 'number, id or name')
    .description('record a station from its last random access point on: MPEG-TS, or Matroska for JPEG stations')
    .requiredOption('-o, --output <file>', 'where to, or - for standard output')
    .option('-d, --duration <time>', 'how much (default: until Ctrl-C)', duration)
    .option(
      '--from <time>',
      'begin with what was on the air at 20:15, at 2026-03-01T20:15, or 10 minutes ago: -10m',
      past,
    )
    .addOption(interfaceOption())
    .addOption(alsoOption())
    .addOption(jsonOption())
    .addOption(quietOption())
    .action(async (station, flags) => {
      const { runRecord } = await import('./record.js');
      done(await runRecord({ ...flags, station, signal }));
    });

  program
    .command('prepare')
    .argument('<sources...>', 'video files and folders')
    .description('make the reels ahead of time, so that serving begins at once')
    .addOption(storeOption())
    .addOption(formatOption())
    .addOption(fpsOption())
    .addOption(maxGopOption())
    .addOption(jsonOption())
    .addOption(quietOption())
    .action(async (sources, flags) => {
      const { runPrepare } = await import('./prepare.js');
      done(await runPrepare({ ...flags, sources, settings: settingsOf(flags), signal }));
    });

  const operator = program.command('operator').description('who may act on the operator’s page');
  operator
    .command('password')
    .description('set the operator’s password: asked for, or the first line of standard input')
    .option('--remove', 'none any more: only whoever sits at the server’s machine may act', false)
    .addOption(configOption())
    .addOption(quietOption())
    .action(async (flags) => {
      const { runPassword } = await import('./operator-command.js');
      done(await runPassword({ ...flags, signal }));
    });
  const token = operator.command('token').description('tokens for scripts: Authorization: Bearer TOKEN');
  token
    .command('add')
    .argument('<name>', 'what it is for; stands in the log')
    .description('make a token, printed once')
    .addOption(configOption())
    .addOption(quietOption())
    .action(async (name, flags) => {
      const { runTokenAdd } = await import('./operator-command.js');
      done(await runTokenAdd({ ...flags, name }));
    });
  token
    .command('list')
    .description('names of the tokens')
    .addOption(configOption())
    .addOption(jsonOption())
    .action(async (flags) => {
      const { runTokenList } = await import('./operator-command.js');
      done(await runTokenList(flags));
    });
  token
    .command('remove')
    .argument('<name>')
    .description('make a token worthless')
    .addOption(configOption())
    .addOption(quietOption())
    .action(async (name, flags) => {
      const { runTokenRemove } = await import('./operator-command.js');
      done(await runTokenRemove({ ...flags, name }));
    });

  return program;
}

const PARSE_ERROR_EXIT_CODE = 2;

/** Runs the command in `words` and ends the process with its exit code. */
export async function main(words: string[]): Promise<void> {
  const abort = new AbortController();
  const interrupt = () => {
    if (abort.signal.aborted) process.exit(130); // Asked twice: at once.
    abort.abort();
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE' || error.code === 'EIO') process.exit(0); // Whoever read it has read enough.
    throw error;
  });
  let exitCode = 0;
  try {
    await commands(abort.signal, (code) => {
      exitCode = code;
    }).parseAsync(words, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) exitCode = error.exitCode === 0 ? 0 : PARSE_ERROR_EXIT_CODE;
    else {
      const problem = asProblem(error);
      process.stderr.write(problemText(problem));
      exitCode = error instanceof Problem ? problem.exitCode : 1;
    }
  }
  // Written lines first: on some systems a pipe takes them later.
  process.stdout.write('', () => process.exit(exitCode));
}
