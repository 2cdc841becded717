import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  AV_CODEC_ID_APNG,
  AV_CODEC_ID_GIF,
  AV_CODEC_ID_H264,
  AV_CODEC_ID_PCM_S16LE,
  AV_CODEC_ID_VC1,
  AV_CODEC_ID_WEBP_ANIM,
  AV_CODEC_ID_YOP,
} from 'node-av/constants';
import { CodecParameters } from 'node-av/lib';
import { codecName } from './names.js';

test('codecs are called as people call them, others as FFmpeg does', () => {
  const ids = {
    'H.264': AV_CODEC_ID_H264,
    GIF: AV_CODEC_ID_GIF,
    'animated PNG': AV_CODEC_ID_APNG,
    'animated WebP': AV_CODEC_ID_WEBP_ANIM,
    'VC-1': AV_CODEC_ID_VC1,
    PCM: AV_CODEC_ID_PCM_S16LE,
    yop: AV_CODEC_ID_YOP,
  };
  for (const [name, id] of Object.entries(ids)) {
    const parameters = new CodecParameters();
    parameters.alloc();
    parameters.codecId = id;
    assert.equal(codecName(parameters), name);
    parameters.free();
  }
});
