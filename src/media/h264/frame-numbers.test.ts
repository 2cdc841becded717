import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FrameNumbers } from './frame-numbers.js';

/** Numbers of pictures, "i" for an IDR picture, in brackets where no other refers to it; "!" where one is missing before. */
const sequences: [what: string, pictures: string][] = [
  ['reference pictures one after the other, over the end of the numbers', 'i0 1 2 3 4 5 6 7 0 1'],
  ['pictures to which no other refers have the next number', 'i0 1 (2) (2) 2 (3)'],
  ['an IDR picture begins again', 'i0 1 2 3 i0 1'],
  ['a reference picture is missing', 'i0 1 2 !4 5'],
  ['two are missing, over the end', 'i0 1 2 3 4 5 6 7 0 1 2 !5'],
  ['a picture to which no other refers is not missed', 'i0 1 2 3'],
  ['before the first IDR picture nothing is expected', '5 3 7 i0 1'],
  ['numbers that an operation sets back', 'i0 1 2 3 0 1 2'],
];

for (const [what, pictures] of sequences) {
  test(what, () => {
    const numbers = new FrameNumbers();
    const seen = pictures.split(' ').map((picture) => {
      const plain = picture.replace('!', '');
      const number = Number(/\d+/.exec(plain)![0]);
      const kind = { number, modulus: 8, isReference: !plain.includes('('), isIdr: plain.startsWith('i') };
      return `${numbers.take(kind) ? '' : '!'}${plain}`;
    });
    assert.equal(seen.join(' '), pictures);
  });
}
