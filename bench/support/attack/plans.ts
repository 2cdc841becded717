/** The attacks, in groups that docs/benchmarks.md describes, and what a server needs for each. */
export interface Plan {
  readonly name: string;
  readonly what: string;
  /** More options of `msc serve`. */
  readonly flags?: readonly string[];
  /** Open files that the server may have. */
  readonly files?: number;
  /** From the server's own address. */
  readonly isSpoofed?: boolean;
  /** Begins before the server. */
  readonly isEarlier?: boolean;
  /** The operator has a password. */
  readonly hasPassword?: boolean;
  /** Seconds that it takes at least to do its worst. */
  readonly atLeast?: number;
}

export const plans: readonly Plan[] = [
  { name: 'nothing', what: 'no attack, for comparison' },
  { name: 'past', what: 'a session requests past packets, others each time' },
  { name: 'copies', what: 'a session requests each packet three times, 50 kbit/s' },
  { name: 'everything', what: 'a session requests all that is on the air' },
  { name: 'sessions', what: 'sessions of one address, as many as it can make' },
  { name: 'replays', what: 'replays that take nothing, as many as the server gives' },
  { name: 'far', what: 'forged RTP 8,000 ahead, each second' },
  { name: 'near', what: '2,000 forged RTP packets a second, 1 to 30 ahead' },
  { name: 'empty', what: 'the same without payload' },
  { name: 'far-spoofed', what: 'as far, from the server’s address', isSpoofed: true },
  { name: 'near-spoofed', what: 'as near, from the server’s address', isSpoofed: true },
  { name: 'parity', what: '2,000 forged parity packets a second', flags: ['--fec', '10x5:columns'] },
  { name: 'repairs', what: '2,000 forged repairs a second to the group' },
  { name: 'bitrate', what: 'a rogue server: a station of 1 Tbit/s, and a viewer of it' },
  { name: 'list', what: 'a rogue server: 11,000 other stations with each search', atLeast: 12 },
  { name: 'twin', what: 'a rogue twin: the same stations, which it does not send' },
  { name: 'claim', what: 'a rogue server has the groups before the server starts', isEarlier: true },
  { name: 'bodies', what: '8,192 POSTs whose body never comes, of nine addresses', atLeast: 12 },
  { name: 'headers', what: '8,192 headers that never end, of nine addresses', atLeast: 12 },
  { name: 'idle', what: '1,100 idle connections under a limit of 1,024 files', files: 1_024 },
  { name: 'logins', what: '100 password guesses a second, of 77 addresses', hasPassword: true },
  { name: 'random', what: 'a flood of random datagrams' },
  { name: 'starts', what: 'a flood of searches without a cookie' },
  { name: 'malformed', what: 'a flood of malformed requests with forged cookies' },
];
