/** The time base of everything behind the containers: ticks of 90 kHz. */
import { Rational } from 'node-av/lib';
import { TICKS_PER_SECOND } from '../base/units.js';

export const TICK_BASE = new Rational(1, TICKS_PER_SECOND);
