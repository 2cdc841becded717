import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cropped, type Picture, scaled } from './picture.js';
import { type PlaceOptions, placeOf, samePlace } from './place.js';

/** Each pixel grey, of these values. */
const greys = (width: number, ...values: number[]): Picture => ({
  width,
  height: values.length / width,
  data: Uint8Array.from(values.flatMap((value) => [value, value, value])),
});

test('a smaller picture is made of means, a larger one of the same pixels', () => {
  assert.deepEqual(scaled(greys(4, 10, 20, 90, 100, 30, 40, 110, 120), { width: 2, height: 1 }), greys(2, 25, 105));
  assert.deepEqual(scaled(greys(2, 1, 2), { width: 4, height: 2 }), greys(4, 1, 1, 2, 2, 1, 1, 2, 2));
  assert.deepEqual(scaled(greys(3, 3, 6, 9), { width: 2, height: 1 }), greys(2, 3, 8)); // 1 of 3 pixels, then 2
});

test('of a picture the upper rows can be had', () => {
  assert.deepEqual(cropped(greys(2, 1, 2, 3, 4), 1), greys(2, 1, 2));
  assert.deepEqual(cropped(greys(2, 1, 2, 3, 4), 9), greys(2, 1, 2, 3, 4));
});

const usual: PlaceOptions = {
  columns: 120,
  rows: 40,
  cell: { width: 10, height: 20 },
  picture: { width: 640, height: 360 },
  enlarge: true,
  textRows: 1,
};

test('a picture is as large as can be in its own shape, and leaves the last row to text', () => {
  const cases: [Partial<PlaceOptions>, [column: number, columns: number, rows: number, visible: number]][] = [
    [{}, [1, 120, 34, 34]],
    [{ rows: 25 }, [18, 85, 24, 24]],
    [{ picture: { width: 480, height: 360 } }, [9, 104, 39, 39]],
    [{ cell: { width: 9, height: 21 } }, [1, 120, 29, 29]],
    [{ enlarge: false }, [29, 64, 18, 18]],
    [{ columns: 40, enlarge: false }, [1, 40, 11, 11]],
    [{ textRows: 6 }, [1, 120, 34, 34]],
    [{ textRows: 10 }, [1, 120, 34, 30]],
    [{ textRows: 60 }, [1, 120, 34, 0]],
    [{ columns: 1, rows: 2 }, [1, 1, 1, 1]],
  ];
  for (const [options, [column, columns, rows, visible]] of cases) {
    const { cell } = { ...usual, ...options };
    assert.deepEqual(placeOf({ ...usual, ...options }), { row: 1, column, columns, rows, visible, cell });
  }
  assert.equal(placeOf({ ...usual, rows: 1 }), null);
});

test('a place is another where the picture has another size or stands elsewhere', () => {
  const place = placeOf(usual);
  assert.ok(samePlace(place, placeOf({ ...usual, textRows: 20 })));
  assert.ok(!samePlace(place, placeOf({ ...usual, columns: 100 })));
  assert.ok(!samePlace(place, null));
});
