/** A system without fonts: fontconfig is configured to find none before FFmpeg asks it, in a process of its own. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ffmpeg } from '../../../test/support/ffmpeg.js';
import { scratchFolder } from '../../../test/support/spool.js';
import { without } from '../../../test/support/tools.js';
import { defaultMediaSettings, type MediaSettings } from '../settings.js';
import { spoolMedia } from '../spool-media.js';
import { subtitleFilesAmong } from './subtitle-files.js';

test('text that no font can draw is said to be left out, burned in and carried', {
  skip: without('ffmpeg') || (process.platform !== 'linux' && 'fontconfig is asked on Linux'),
}, (context) => {
  const folder = scratchFolder(context);
  const none = join(folder, 'fonts.conf');
  writeFileSync(
    none,
    '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd"><fontconfig></fontconfig>',
  );
  process.env.FONTCONFIG_FILE = none;
  const source = join(folder, 'film.mp4');
  ffmpeg('-f', 'lavfi', '-i', 'color=s=160x90:r=25:d=1', '-c:v', 'libx264', source);
  writeFileSync(join(folder, 'film.de.srt'), '1\n00:00:00,200 --> 00:00:00,800\nGuten Tag\n');
  const notesOf = (settings: Partial<MediaSettings>) => {
    const subtitleFiles = subtitleFilesAmong(source, ['film.mp4', 'film.de.srt']);
    const all = { ...defaultMediaSettings, subtitles: ['de'], ...settings };
    const spool = spoolMedia({ source, folder: scratchFolder(context), settings: all, subtitleFiles, onProgress() {} });
    return spool.properties.notes;
  };
  const note =
    'the subtitles (the file film.de.srt) are left out: no font is installed, such as those of the package fonts-dejavu-core';
  assert.deepEqual(notesOf({ burnSubtitles: true }), [note]);
  assert.deepEqual(notesOf({}), [note]);
});
