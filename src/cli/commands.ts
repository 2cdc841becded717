/** The commands with their arguments and options. What a command does is loaded when it is called. */
import { Command, Option } from 'commander';
import { Problem } from '../base/problem.js';
import { COMMON_DELAY } from '../contract/timing.js';
import { hasMpv } from '../viewer/players/find-mpv.js';
import { graphicsNames } from '../viewer/players/graphics.js';
import { playerNames } from '../viewer/players/player.js';
import { fecOption } from './fec-option.js';
import { httpAddress, trustProxyOption } from './http-option.js';
import {
  alsoOption,
  append,
  bitrate,
  configOption,
  controlPortOption,
  delayOption,
  duration,
  interfaceOption,
  jsonOption,
  keyOption,
  languages,
  mediaOptions,
  momentOption,
  preferencesOf,
  quietOption,
  settingsOf,
  wholeNumber,
} from './options.js';
import { printHelp, printUsage } from './output.js';

const version = '0.1.0';

/** The player that is a page, not a window that this process steers. */
const BROWSER = 'browser';

export interface CommandContext {
  /** Aborted by Ctrl-C. */
  signal: AbortSignal;
  /** Called with the exit code of the command. */
  onExitCode(exitCode: number): void;
}

/** The whole command line. */
export function commandLine(context: CommandContext): Command {
  const program = new Command('msc')
    .description('Radio, with pictures: video stations by multicast on your own network.')
    .version(version)
    .configureHelp({ sortSubcommands: false })
    .showHelpAfterError('(msc --help and msc COMMAND --help list what is possible)')
    .configureOutput({ writeOut: printHelp, writeErr: printUsage })
    .exitOverride();
  addServe(program, context);
  addDemo(program, context);
  addGateway(program, context);
  addList(program, context);
  addWatch(program, context);
  addRecord(program, context);
  addPrepare(program, context);
  addOperator(program, context);
  addKey(program, context);
  return program;
}

const withOptions = (command: Command, options: readonly Option[]): Command => {
  for (const option of options) command.addOption(option);
  return command;
};

/** The options of every command that puts stations on the air. */
const withOnAirOptions = (command: Command): Command =>
  withOptions(command, [interfaceOption(), keyOption(), ...mediaOptions()])
    .option('--ttl <hops>', 'routers that packets may pass, plus one', wholeNumber({ least: 1, most: 255 }), 1)
    .addOption(
      new Option('--unicast <rate>', 'most bit/s for single viewers: repair, tuning and time shift')
        .argParser(bitrate)
        .default(1e9, '1G'),
    )
    .option('--history <time>', 'how far viewers can go back (default: any distance)', duration)
    .addOption(
      new Option('--fec <parity>', 'error correction: none, auto (follows the viewers’ losses), 10x5, 10x5:columns')
        .argParser(fecOption)
        .default('none'),
    )
    .addOption(
      new Option('--http <address>', 'for browsers and players: a port, on this machine only, or HOST:PORT').argParser(
        httpAddress,
      ),
    )
    .addOption(trustProxyOption())
    .addOption(delayOption())
    .addOption(
      new Option('--slate <file>', 'a film that the operator can show on stations; NAME=FILE names it').argParser(
        append,
      ),
    )
    .addOption(configOption())
    .addOption(controlPortOption())
    .option('--name <name>', 'this server’s name (default: the host’s)')
    .option(
      '--workers <count>',
      'most playout threads (default: one for each processor)',
      wholeNumber({ least: 1, most: 256 }),
    )
    .option('--no-decode-check', 'do not decode copied films in the background, once each, to find damage in them')
    .option('--stats <time>', 'print the counters this often: a line, or with --json those of each station', duration)
    .addOption(jsonOption())
    .addOption(quietOption());

function addServe(program: Command, { signal, onExitCode }: CommandContext): void {
  withOnAirOptions(program.command('serve'))
    .argument('<sources...>', 'films, songs, pictures and folders, each a station; NAME=PATH names it')
    .description('put stations on the air: a file is repeated for ever, a folder plays its files in order')
    .option(
      '--group <address>',
      'multicast group of station 1; the others count up from it (default: from their names)',
    )
    .addHelpText('after', '\nExamples:\n  msc serve film.mp4 "Lobby=loops/"\n  msc serve films/ --interface eth0')
    .action(async (sources, flags) => {
      const { runServe } = await import('./serve.js');
      onExitCode(
        await runServe({ ...flags, sources, settings: settingsOf(flags), preferences: preferencesOf(flags), signal }),
      );
    });
}

function addDemo(program: Command, { signal, onExitCode }: CommandContext): void {
  withOnAirOptions(program.command('demo'))
    .description('put two demo stations on the air: Big Buck Bunny and a test card')
    .action(async (flags) => {
      const { runDemo } = await import('./demo.js');
      onExitCode(await runDemo({ ...flags, settings: settingsOf(flags), preferences: preferencesOf(flags), signal }));
    });
}

function addGateway(program: Command, { signal, onExitCode }: CommandContext): void {
  program
    .command('gateway')
    .description('stations of the network for browsers and players, by HTTP: received only while somebody watches')
    .addOption(
      new Option('--http <address>', 'a port, on this machine only, or HOST:PORT')
        .argParser(httpAddress)
        .default({ host: '127.0.0.1', port: 8080 }, '8080'),
    )
    .addOption(trustProxyOption())
    .addOption(interfaceOption())
    .addOption(keyOption())
    .addOption(alsoOption())
    .addOption(delayOption())
    .option('--name <name>', 'this gateway’s name (default: the host’s)')
    .addOption(configOption())
    .addOption(jsonOption())
    .addOption(quietOption())
    .addHelpText('after', '\nExample:\n  msc gateway --http 0.0.0.0:8080 --interface eth0')
    .action(async (flags) => {
      const { runGateway } = await import('./gateway.js');
      onExitCode(await runGateway({ ...flags, signal }));
    });
}

function addList(program: Command, { onExitCode }: CommandContext): void {
  program
    .command('list')
    .description('every station that can be reached, with its properties')
    .addOption(interfaceOption())
    .addOption(keyOption())
    .option('--timeout <time>', 'longest wait for answers', duration)
    .addOption(jsonOption())
    .addOption(quietOption())
    .action(async (flags) => {
      const { runList } = await import('./list.js');
      onExitCode(await runList(flags));
    });
}

const KEYS = `
Keys, in the window and in the terminal:
  p, Space            pause, with a menu: Exit, Change the station, Resume, Back to live
  ← →                 10 s back, forward; with Shift 60 s
  Home                the beginning of the item on the air
  l                   back to live
  1 … 9, Page Up/Down another station; Backspace the one before
  b                   next track of sound
  v                   subtitles: each language, then none
  c, i, q             list, information, exit

Over SSH: --player terminal has mpv draw the picture in the terminal.`;

function addWatch(program: Command, { signal, onExitCode }: CommandContext): void {
  program
    .command('watch')
    .argument('[station]', 'number, id or name; without it, choose from the list')
    .description('watch a station in a window: p pauses and offers Exit, Change the station, Resume')
    .addOption(interfaceOption())
    .addOption(keyOption())
    .addOption(momentOption('--at <time>'))
    .addOption(
      new Option(
        '--audio <languages>',
        'language of the sound, of the tracks that a station has, such as de',
      ).argParser(languages),
    )
    .addOption(
      new Option('--subtitles <languages>', 'language of subtitles to show, of those that a station has').argParser(
        languages,
      ),
    )
    .option('--stay', 'keep the distance to live: never play faster to reduce it', false)
    .option('--sync', 'show every picture at the same moment as pages and all other viewers with --sync', false)
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
    .option('--duration <time>', 'leave after this time', duration)
    .option('--buffer <megabytes>', 'memory for pausing', wholeNumber({ least: 8, most: 65_536 }))
    .addOption(jsonOption())
    .addOption(quietOption())
    .addHelpText('after', KEYS)
    .action(async (station, flags) => {
      const player = flags.player ?? (hasMpv() ? 'mpv' : BROWSER);
      if (flags.graphics !== undefined && player !== 'terminal') {
        const next = `Leave out --graphics, or --player ${player}.`;
        throw new Problem('usage', `The player ${player} draws in a window of its own, not in the terminal`, next);
      }
      const delay: number | undefined = flags.delay ?? (flags.sync ? COMMON_DELAY : undefined);
      if (player === BROWSER) {
        const { runInBrowser } = await import('./browser.js');
        onExitCode(await runInBrowser({ ...flags, delay, station, signal }));
        return;
      }
      const { runWatch } = await import('./watch.js');
      onExitCode(await runWatch({ ...flags, player, delay, station, signal }));
    });
}

function addRecord(program: Command, { signal, onExitCode }: CommandContext): void {
  program
    .command('record')
    .argument('<station>', 'number, id or name')
    .description('record a station from its last random access point on: MPEG-TS, or Matroska for JPEG stations')
    .requiredOption('-o, --output <file>', 'the file, or - for standard output')
    .option('-d, --duration <time>', 'length of the recording (default: until Ctrl-C)', duration)
    .addOption(momentOption('--from <time>'))
    .addOption(interfaceOption())
    .addOption(keyOption())
    .addOption(alsoOption())
    .addOption(jsonOption())
    .addOption(quietOption())
    .action(async (station, flags) => {
      const { runRecord } = await import('./record.js');
      onExitCode(await runRecord({ ...flags, station, signal }));
    });
}

function addPrepare(program: Command, { signal, onExitCode }: CommandContext): void {
  withOptions(program.command('prepare'), mediaOptions())
    .argument('<sources...>', 'films, songs, pictures and folders')
    .description('make reels ahead of time, so that a server goes on the air with them at once')
    .option('--check', 'decode what is copied, and encode around damage that shows in no other way', false)
    .addOption(jsonOption())
    .addOption(quietOption())
    .action(async (sources, flags) => {
      const { runPrepare } = await import('./prepare.js');
      onExitCode(
        await runPrepare({ ...flags, sources, settings: settingsOf(flags), preferences: preferencesOf(flags), signal }),
      );
    });
}

function addOperator(program: Command, { signal, onExitCode }: CommandContext): void {
  const operator = program.command('operator').description('access to the operator’s page: password and tokens');
  operator
    .command('password')
    .description('set the operator’s password: asked for, or the first line of standard input')
    .option('--remove', 'remove it: only users of the server’s machine have access then', false)
    .addOption(configOption())
    .addOption(quietOption())
    .action(async (flags) => {
      const { runPassword } = await import('./operator-command.js');
      onExitCode(await runPassword({ ...flags, signal }));
    });
  const token = operator.command('token').description('tokens for scripts: Authorization: Bearer TOKEN');
  token
    .command('add')
    .argument('<name>', 'its purpose; appears in the log')
    .description('make a token, which is printed once')
    .addOption(configOption())
    .addOption(quietOption())
    .action(async (name, flags) => {
      const { runTokenAdd } = await import('./operator-command.js');
      onExitCode(await runTokenAdd({ ...flags, name }));
    });
  token
    .command('list')
    .description('names of the tokens')
    .addOption(configOption())
    .addOption(jsonOption())
    .action(async (flags) => {
      const { runTokenList } = await import('./operator-command.js');
      onExitCode(await runTokenList(flags));
    });
  token
    .command('remove')
    .argument('<name>')
    .description('revoke a token')
    .addOption(configOption())
    .addOption(quietOption())
    .action(async (name, flags) => {
      const { runTokenRemove } = await import('./operator-command.js');
      onExitCode(await runTokenRemove({ ...flags, name }));
    });
}

function addKey(program: Command, { onExitCode }: CommandContext): void {
  program
    .command('key')
    .argument('<file>', 'the file to make; it must not exist')
    .description('make a key for --key: servers, gateways and viewers that have it believe only each other')
    .addOption(quietOption())
    .action(async (file, flags) => {
      const { runKey } = await import('./key.js');
      onExitCode(await runKey({ ...flags, file }));
    });
}
