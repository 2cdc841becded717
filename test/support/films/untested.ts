/** Films that `npm run bench -- films --generate` makes and the tests leave out. By name. */

/** Further values of what another film tests. */
export const further: ReadonlySet<string> = new Set([
  ...['24', '30', '50', '60000/1001', '60', '10'].map((rate) => `${rate} pictures a second in mp4`),
  ...['30000/1001 pictures a second in ts', '50 pictures a second in ts', '30 pictures a second in flv'],
  ...['24000/1001 pictures a second in mkv', '30000/1001 pictures a second in mkv'],
  ...['an MP4 whose end was cut off', 'a transport stream that begins after an hour'],
  ...['sound 0.3 s late in MP4', 'sound 0.7 s late in Matroska', 'sound 2 s longer than the pictures, in Matroska'],
  ...['several slices in a picture', 'key pictures only'],
  ...['turned by 270°', 'turned by 90° in MOV'],
  ...['12/11', '8/9', '1/2', '64/45'].map((shape) => `pixels of ${shape}`),
  ...['a shape that only MP4 knows, of HEVC', '200 × 120', '720 × 576', '1280 × 720', '64 × 320', '64 × 48'],
  ...['yuv422p', 'yuv422p10le', 'yuv444p10le'].map((format) => `H.264 of ${format}`),
  ...['yuv422p10le', 'yuv444p'].map((format) => `HEVC of ${format}`),
  ...['VP9 of 10 bits', 'AV1 of 10 bits', 'ProRes 4444', 'MJPEG of 4:2:2', 'raw 4:2:2 in MOV', 'Huffyuv in AVI'],
  ...['Ut Video in AVI', 'JPEG 2000 in MOV', 'Sorenson 1 in MOV', 'Cinepak in AVI', 'AV1 in WebM', 'VC-2 in MKV'],
  ...['BT.601 of PAL', 'BT.709 of HEVC', 'untagged MPEG-2 in HD', 'untagged HEVC in HD', 'BT.709 in HD'],
  ...['50 fields of MPEG-2, top first', '50 fields in MP4'],
  ...['a fragmented MP4 with a default base', 'an MP4 with its index first', 'an MP4 that counts in 600ths'],
  ...['a transport stream with many tables', 'an F4V', 'a 3G2', 'an elementary stream of HEVC', 'a NUT file'],
  ...['an AVI named MPG', 'a Matroska file named MP4', 'two sounds in a transport stream'],
  ...['8000', '22050', '32000', '96000'].map((rate) => `PCM of ${rate} Hz`),
  ...['AAC of 32000 Hz', 'MP3 of 22.05 kHz in MP4', 'AC-3 of one channel', 'PCM of big-endian', 'WMA in AVI'],
  ...['E-AC-3 in MP4', 'MP2 in a transport stream', 'FLAC in MP4', 'ADPCM in AVI', 'a programme stream written twice'],
  ...[
    'h264 and aac in m4v',
    'h264 and eac3 in mkv',
    'h264 and flac in mkv',
    'hevc and opus in mkv',
    'mjpeg and pcm in avi',
  ],
  ...['one picture a second', 'encoded at 60', 'sound 0.7 s late in a transport stream', 'an MP4 cut at a key picture'],
  ...[
    'a MOV whose beginning was cut off',
    'no B-pictures',
    'MPEG-4 with packed B-pictures in AVI',
    'one group of pictures',
  ],
  ...['pixels of 64/45 in AVI', '242 × 146', '250 × 138', 'odd sizes of VP9', 'lossless H.264', 'HEVC of yuv420p12le'],
  ...['VP9 of 4:4:4', 'raw RGB in AVI', 'MS-MPEG-4 in AVI', 'VP9 in MP4', 'BT.601 of NTSC', 'full range of HEVC'],
  ...['an MP4 with negative composition offsets', 'a browser’s recording of H.264', 'an M2TS', 'an ISMV', 'an IVF'],
  ...['a Matroska file of a live recording', 'a cover of a Matroska file', 'PCM of 11025 Hz', 'AAC of 22050 Hz'],
  ...[
    'MP3 of 44.1 kHz in AVI',
    'MP2 of 32 kHz',
    'DTS in a transport stream',
    'quiet sound',
    'an AVI cut off',
    'full range of VP9',
  ],
]);

/** Films of which the air does not show yet what a player shows. */
export const differing: ReadonlySet<string> = new Set(['a change of B-pictures']);
